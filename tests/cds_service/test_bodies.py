"""Bodies: media types, gzip with a limit, a byte order mark."""

import gzip

import pytest

from cds_service.bodies import check_media_type, unpacked
from cds_service.errors import InvalidRequestError, TooLargeError, UnsupportedMediaTypeError

LIMIT = 1024 * 1024


@pytest.mark.parametrize(
    "declared", ["", "application/json", "application/fhir+json", "application/json+fhir"]
)
def test_json_is_read_and_so_is_a_body_without_a_type(declared: str) -> None:
    check_media_type(declared)


@pytest.mark.parametrize("declared", ["text/plain", "application/xml", "application/x-www-form-urlencoded"])
def test_a_declared_type_that_is_not_json_is_refused(declared: str) -> None:
    with pytest.raises(UnsupportedMediaTypeError):
        check_media_type(declared)


@pytest.mark.parametrize("encoding", ["", "identity"])
def test_a_plain_body_comes_through(encoding: str) -> None:
    assert unpacked(b"{}", encoding, LIMIT) == b"{}"


def test_a_byte_order_mark_is_dropped() -> None:
    assert unpacked(b"\xef\xbb\xbf{}", "", LIMIT) == b"{}"


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip"])
def test_gzip_is_unpacked(encoding: str) -> None:
    assert unpacked(gzip.compress(b'{"a": 1}'), encoding, LIMIT) == b'{"a": 1}'


def test_a_gzip_body_of_two_members_is_one_body() -> None:
    assert unpacked(gzip.compress(b"{") + gzip.compress(b"}"), "gzip", LIMIT) == b"{}"


def test_what_unpacks_beyond_the_limit_is_refused() -> None:
    bomb = gzip.compress(b" " * (LIMIT + 1))

    with pytest.raises(TooLargeError, match="larger than 1 MB"):
        unpacked(bomb, "gzip", LIMIT)


def test_members_count_together_against_the_limit() -> None:
    half = gzip.compress(b" " * (LIMIT // 2 + 1))

    with pytest.raises(TooLargeError):
        unpacked(half + half, "gzip", LIMIT)


def test_a_body_of_exactly_the_limit_is_taken() -> None:
    assert len(unpacked(gzip.compress(b" " * LIMIT), "gzip", LIMIT)) == LIMIT


@pytest.mark.parametrize(
    "body",
    [b"{}", gzip.compress(b"{}")[:-3], gzip.compress(b"{}") + b"junk"],
    ids=["not gzip", "cut short", "junk behind"],
)
def test_broken_gzip_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequestError, match="gzip"):
        unpacked(body, "gzip", LIMIT)


def test_another_encoding_is_refused() -> None:
    with pytest.raises(UnsupportedMediaTypeError):
        unpacked(b"{}", "br", LIMIT)
