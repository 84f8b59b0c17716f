"""A record as it lies in the outbox: marked, measured and summed, so that it can be told from damage.

SQLite notices when the structure of its file is broken, but not when the content of a row is. And with mark
and length a record is found in a file of which nothing else can be read.
"""

import mmap
import sqlite3
import struct
import zlib
from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from cds_service.memory.records import CallRecord, FeedbackRecord

AnyRecord: TypeAlias = CallRecord | FeedbackRecord

MARK = b"\x8dBp1"  # the first byte is none that a text in UTF-8 begins with
HEAD = struct.Struct(">4sII")  # mark, length and CRC-32 of what follows: the record in JSON

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyRecord] = msgspec.json.Decoder(AnyRecord)


class DamagedError(sqlite3.DatabaseError):
    """A row is not what was written."""


class UnreadableError(Exception):
    """It is what was written, but no record of this version of the program; `cause` is loggable."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


def packed(record: AnyRecord) -> bytes:
    """The parcel of a record.

    Raises:
        ValueError: it holds a text that is no Unicode.
    """
    body = _encoder.encode(record)
    return HEAD.pack(MARK, len(body), zlib.crc32(body)) + body


def check(parcel: object) -> None:
    """See whether it is as it was written.

    Raises:
        DamagedError: it is not.
    """
    if not isinstance(parcel, bytes) or next(parcels_in(parcel), None) != parcel:
        raise DamagedError


def unpacked(parcel: bytes) -> AnyRecord:
    """The record of a parcel that was checked.

    Raises:
        UnreadableError: it was written by another version of the program, or by nobody.
    """
    try:
        return _decoder.decode(memoryview(parcel)[HEAD.size :])
    except (msgspec.DecodeError, ValueError) as error:
        raise UnreadableError(type(error).__name__) from None


def parcels_in(data: bytes | mmap.mmap) -> Iterator[bytes]:
    """Every whole parcel that lies in `data` in one piece, wherever it is."""
    at = data.find(MARK)
    while at >= 0:
        head = data[at : at + HEAD.size]
        if len(head) == HEAD.size:
            _, length, crc = HEAD.unpack(head)
            body = data[at + HEAD.size : at + HEAD.size + length]
            if len(body) == length and zlib.crc32(body) == crc:
                yield head + body
        at = data.find(MARK, at + 1)
