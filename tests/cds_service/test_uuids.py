"""The identifiers of an answer: random UUIDs of version 4."""

from itertools import islice
from uuid import RFC_4122, UUID

from cds_service.uuids import DRAWN_AT_ONCE, uuid_source

MANY = 20 * DRAWN_AT_ONCE


def made(count: int) -> list[str]:
    """So many UUIDs of one source."""
    return list(islice(iter(uuid_source(), None), count))


def test_each_is_a_uuid_of_version_4_in_its_canonical_form() -> None:
    read = [(text, UUID(text)) for text in made(MANY)]

    assert all(str(uuid) == text for text, uuid in read)
    assert {uuid.version for _, uuid in read} == {4}
    assert {uuid.variant for _, uuid in read} == {RFC_4122}


def test_none_comes_twice_from_one_source_or_from_two() -> None:
    both = made(MANY) + made(MANY)

    assert len(set(both)) == 2 * MANY


def test_every_bit_that_is_not_fixed_varies() -> None:
    numbers = [UUID(text).int for text in made(MANY)]

    set_once = clear_once = 0
    for number in numbers:
        set_once |= number
        clear_once |= ~number
    varies = set_once & clear_once & (1 << 128) - 1

    assert varies.bit_count() == 122
