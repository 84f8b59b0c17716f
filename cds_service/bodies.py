"""The body of a request, from the bytes on the wire to JSON text: media type, gzip, byte order mark."""

import gzip
import io
import zlib

from cds_service.errors import InvalidRequestError, Problem, TooLargeError, UnsupportedMediaTypeError

BOM = b"\xef\xbb\xbf"
JSON_TYPES = ("application/json", "application/json+fhir")  # the second: FHIR before R3, still sent
GZIP = ("gzip", "x-gzip")


def check_media_type(declared: str) -> None:
    """Refuse a body that says it is not JSON.

    Args:
        declared: The Content-Type without parameters, lower case; "" where none was declared,
            which is read as JSON.

    Raises:
        UnsupportedMediaTypeError: another type.
    """
    if declared and declared not in JSON_TYPES and not declared.endswith("+json"):
        raise UnsupportedMediaTypeError("The body must be JSON: send Content-Type application/json.")


def unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """The body as JSON text in UTF-8 without a byte order mark.

    Args:
        body: What was sent.
        encoding: The Content-Encoding, lower case; "" or "identity" for none.
        limit: The most bytes that the unpacked body may have.

    Raises:
        UnsupportedMediaTypeError: an encoding other than gzip.
        TooLargeError: more than `limit` bytes, packed or unpacked.
        InvalidRequestError: the gzip data is broken or cut short.
    """
    if len(body) > limit:
        raise too_large(limit)
    if encoding in GZIP:
        body = _gunzipped(body, limit)
    elif encoding not in ("", "identity"):
        raise UnsupportedMediaTypeError("The only Content-Encoding that is read is gzip.")
    return body.removeprefix(BOM)


def too_large(limit: int) -> TooLargeError:
    """The refusal of a body over `limit` bytes."""
    return TooLargeError(f"The body is larger than {limit // (1024 * 1024)} MB.")


def _gunzipped(body: bytes, limit: int) -> bytes:
    """A body of one or several members (RFC 1952, 2.2), read once however many they are."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as members:
            unpacked_body = members.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _broken() from error
    if len(unpacked_body) > limit:
        raise too_large(limit)
    return unpacked_body


def _broken() -> InvalidRequestError:
    return InvalidRequestError(Problem(code="structure", text="The body is not whole gzip data."))
