"""Comments of clinicians: encrypted with the tenant's key, and taken out by the operator alone."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, insert

from cds_service.memory.comments import AT_A_TIME, LONGEST, Comment, decrypted, opened, sealed
from cds_service.memory.identities import TenantIdentities
from cds_service.store.tables import comments, feedback, metadata

OLD, NEW = bytes(range(32)), bytes(32)
WORDS = "Frau Müller möchte warten"


@pytest.fixture
def north() -> TenantIdentities:
    return TenantIdentities("north", (OLD,))


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        metadata.create_all(connection)
        yield connection
    engine.dispose()


def sealed_words(identities: TenantIdentities, words: str = WORDS) -> bytes:
    token = sealed(identities, words)
    assert token is not None
    return token


def test_a_comment_can_be_opened_again(north: TenantIdentities) -> None:
    assert opened(north, sealed_words(north)) == WORDS


def test_nothing_of_a_comment_can_be_read_and_no_two_are_alike(north: TenantIdentities) -> None:
    one, other = sealed_words(north), sealed_words(north)

    assert b"M\xc3\xbcller" not in one
    assert one != other


@pytest.mark.parametrize("blank", ["", "  ", "\n\t"])
def test_a_blank_comment_is_none(north: TenantIdentities, blank: str) -> None:
    assert sealed(north, blank) is None


def test_of_a_long_comment_the_beginning_is_kept(north: TenantIdentities) -> None:
    assert opened(north, sealed_words(north, "ü" * (LONGEST + 1))) == "ü" * LONGEST


def test_another_tenant_cannot_open_it_even_with_the_same_key(north: TenantIdentities) -> None:
    assert opened(TenantIdentities("south", (OLD,)), sealed_words(north)) is None


def test_after_a_rotation_old_comments_can_be_opened_and_new_ones_need_the_new_key(
    north: TenantIdentities,
) -> None:
    rotated = TenantIdentities("north", (NEW, OLD))

    assert opened(rotated, sealed_words(north)) == WORDS
    assert opened(north, sealed_words(rotated)) is None


def test_a_damaged_comment_is_none(north: TenantIdentities) -> None:
    assert opened(north, sealed_words(north)[:-4]) is None
    assert opened(north, b"\x00nonsense") is None


def keep(connection: Connection, tenant: str, key: bytes, comment: bytes | None) -> None:
    connection.execute(
        insert(feedback).values(
            key=key,
            tenant=tenant,
            service="s",
            card=f"card-{key.hex()}",
            outcome="overridden",
            suggestions="",
            outcome_at=5,
            received_at=6,
        )
    )
    if comment is not None:
        connection.execute(insert(comments).values(feedback=key, comment=comment))


def test_the_export_has_all_comments_of_one_tenant(connection: Connection, north: TenantIdentities) -> None:
    south = TenantIdentities("south", (OLD,))
    keep(connection, "north", b"\x01", sealed_words(north))
    keep(connection, "north", b"\x02", None)
    keep(connection, "north", b"\x03", b"damaged")
    keep(connection, "south", b"\x04", sealed_words(south))

    exported = list(decrypted(connection, north))

    assert exported == [
        Comment(feedback=b"\x01", card="card-01", outcome_at=5, text=WORDS),
        Comment(feedback=b"\x03", card="card-03", outcome_at=5, text=None),
    ]
    assert WORDS not in repr(exported)


def test_an_export_of_many_comments_misses_none(connection: Connection, north: TenantIdentities) -> None:
    token = sealed_words(north)
    keys = [number.to_bytes(3, "big") for number in range(1, 2 * AT_A_TIME + 2)]
    for key in keys:
        keep(connection, "north", key, token)

    assert [comment.feedback for comment in decrypted(connection, north)] == keys
