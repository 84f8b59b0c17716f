"""Identifiers: random UUIDs of version 4 in answers, ordered ones of version 7 in the store."""

from itertools import islice
from uuid import RFC_4122, UUID

from cds_service.uuids import DRAWN_AT_ONCE, ordered_uuid, uuid_source

MANY = 20 * DRAWN_AT_ONCE
AT = 1_795_305_600_000  # ms since 1970: 2026-11-22


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


def test_an_ordered_one_is_a_uuid_of_version_7_with_its_time() -> None:
    uuid = UUID(ordered_uuid(AT))

    assert (uuid.version, uuid.variant) == (7, RFC_4122)
    assert uuid.int >> 80 == AT


def test_ordered_ones_sort_by_their_time_and_none_comes_twice() -> None:
    in_time = [ordered_uuid(AT + number) for number in range(MANY)]

    assert in_time == sorted(in_time)
    assert len({ordered_uuid(AT) for _ in range(MANY)}) == MANY
