"""The body of an answer, from the stream to JSON text: its size, packing, form and depth."""

import time
import zlib

import msgspec
import requests

from cds_service.fetching.refusals import NotFetchedError, Why

PIECE_BYTES = 64 * 1024
MAX_DEPTH = 100  # objects and arrays in one another; FHIR resources have some 20
BOM = b"\xef\xbb\xbf"
GZIP_WINDOW = 31  # zlib: gzip, the largest window
NEVER_JSON = ("html", "xml")  # in a declared media type; otherwise the content tells

_JSON = msgspec.json.Decoder(msgspec.Raw)
_NOT_STRUCTURE = bytes(byte for byte in range(256) if byte not in b'"[]{}')
_AS_OBJECTS = bytes.maketrans(b"[]", b"{}")


def body_of(response: requests.Response, limit: int, deadline: float) -> bytes:
    """The body of a 200 answer: one JSON object as bytes, without a byte order mark.

    Args:
        response: Not yet read.
        limit: The most bytes that it may have, as sent and as unpacked.
        deadline: Of `time.monotonic`.

    Raises:
        NotFetchedError: too large, too deep, late, wrongly packed, or not a JSON object.
        urllib3.exceptions.HTTPError: the stream broke.
    """
    media_type = response.headers.get("Content-Type", "").lower()
    if any(word in media_type.partition(";")[0] for word in NEVER_JSON):
        raise NotFetchedError(Why.NOT_JSON)
    body = _read(response, limit)
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding in ("gzip", "x-gzip"):
        body = _unpacked(body, limit, deadline)
    elif encoding not in ("", "identity"):
        raise NotFetchedError(Why.BROKEN)
    body = body.removeprefix(BOM)
    _check(body, deadline)
    return body


def _read(response: requests.Response, limit: int) -> bytes:
    declared = response.raw.length_remaining
    if declared is not None and declared > limit:
        raise NotFetchedError(Why.TOO_LARGE)
    pieces: list[bytes] = []
    size = 0
    while piece := response.raw.read(PIECE_BYTES, decode_content=False):
        size += len(piece)
        if size > limit:
            raise NotFetchedError(Why.TOO_LARGE)
        pieces.append(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _unpacked(body: bytes, limit: int, deadline: float) -> bytes:
    """A gzip body of one or several members (RFC 1952, 2.2)."""
    pieces: list[bytes] = []
    size, rest = 0, body
    while rest:
        member = zlib.decompressobj(GZIP_WINDOW)
        while not member.eof:
            piece = _piece(member, rest)
            rest = member.unconsumed_tail
            size += len(piece)
            if size > limit:
                raise NotFetchedError(Why.TOO_LARGE)
            _check_time(deadline)
            pieces.append(piece)
        rest = member.unused_data
    return b"".join(pieces)


def _piece(member: "zlib._Decompress", packed: bytes) -> bytes:
    try:
        piece = member.decompress(packed, PIECE_BYTES)
    except zlib.error:
        raise NotFetchedError(Why.BROKEN) from None
    if not piece and not member.eof:  # all is read, and the end has not come
        raise NotFetchedError(Why.BROKEN)
    return piece


def _check(body: bytes, deadline: float) -> None:
    start = body[:PIECE_BYTES].lstrip()[:1]
    if not start:
        raise NotFetchedError(Why.EMPTY)
    if start != b"{":
        raise NotFetchedError(Why.NOT_JSON)
    _check_time(deadline)
    try:
        _JSON.decode(body)
    except RecursionError:
        raise NotFetchedError(Why.TOO_DEEP) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        cut = not body[-PIECE_BYTES:].rstrip().endswith(b"}")
        raise NotFetchedError(Why.BROKEN if cut else Why.NOT_JSON) from None
    _check_depth(body, deadline)


def _check_depth(body: bytes, deadline: float) -> None:
    """Refuse JSON that is nested too deeply; for valid JSON, at the speed of replacing bytes.

    Strings go first, then everything but brackets, then pair after pair from the inside: as many
    rounds as it is deep.
    """
    if body.count(b"{") + body.count(b"[") <= MAX_DEPTH:
        return
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets = body.translate(_AS_OBJECTS, _NOT_STRUCTURE).replace(b'""', b"")
    if b'"' in brackets:
        brackets = b"".join(brackets.split(b'"')[::2])  # every second part is within a string
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace(b"{}", b"")
        if not brackets:
            return
        _check_time(deadline)
    raise NotFetchedError(Why.TOO_DEEP)


def _check_time(deadline: float) -> None:
    if time.monotonic() >= deadline:
        raise NotFetchedError(Why.TIMEOUT)
