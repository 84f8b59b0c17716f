"""Feedback finds the card that it is about, whichever came first, on both databases."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, insert

from cds_service.memory.linking import Linked, Origin, linked
from cds_service.store.location import location_of
from cds_service.store.tables import calls, feedback, items, metadata, suggestions
from tests.cds_service.store.postgres_server import PostgresServer

END = 10_000
CARD, OTHER_CARD = "card-1", "card-2"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """To an empty store."""
    if request.param == "postgresql":
        engine = create_engine(location_of(request.getfixturevalue("server").new_database()).url)
    else:
        engine = create_engine("sqlite://")
    with engine.connect() as connection:
        metadata.create_all(connection)
        yield connection
    engine.dispose()


def store_call(
    connection: Connection,
    call: str = "call-1",
    *,
    tenant: str = "north",
    cards: dict[str | None, list[str]] | None = None,
    offered: dict[str, tuple[str, str]] | None = None,
) -> None:
    """A call with the recommendations of its cards, and its suggestions: id, card and recommendation."""
    cards = {CARD: ["massage", "exercise-pt"]} if cards is None else cards
    connection.execute(
        insert(calls).values(
            id=call,
            at=7,
            tenant=tenant,
            service="s",
            hook="patient-view",
            instance="i",
            patient=b"p",
            user=b"u",
            state="chronic-first-line",
            as_of="2026-11-22",
            knowledge_version="2026.11",
            gaps="",
            milliseconds=1.0,
            memory_asked=True,
            cards=len(cards),
        )
    )
    carried = [(card, name) for card, names in cards.items() for name in names]
    for position, (card, name) in enumerate(carried):
        connection.execute(
            insert(items).values(
                call=call,
                position=position,
                card=card,
                indicator="info",
                recommendation=name,
                fate="shown" if card else "quiet",
                fingerprint=b"f",
            )
        )
    for suggestion, (card, name) in (offered or {}).items():
        connection.execute(
            insert(suggestions).values(
                id=suggestion, call=call, card=card, recommendation=name, recommended=False
            )
        )


def store_feedback(connection: Connection, key: int = 1, **changes: Any) -> None:
    usual = {
        "key": key.to_bytes(4, "big"),
        "tenant": "north",
        "service": "s",
        "card": CARD,
        "outcome": "overridden",
        "suggestions": "",
        "outcome_at": 100,
        "received_at": 200,
    }
    connection.execute(insert(feedback).values(usual | changes))


def only(connection: Connection) -> Linked:
    (found,) = linked(connection, since=0, until=END)
    return found


def test_an_override_is_about_all_that_the_card_carries(connection: Connection) -> None:
    store_feedback(connection, reason_system="urn:r", reason_code="already-tried")
    store_call(connection, cards={CARD: ["massage", "exercise-pt"], OTHER_CARD: ["nsaid"], None: ["mri"]})

    found = only(connection)

    assert found.origin == Origin(
        call="call-1",
        hook="patient-view",
        state="chronic-first-line",
        knowledge_version="2026.11",
        shown_at=7,
        recommendations=("massage", "exercise-pt"),
    )
    assert found.concerns == ("massage", "exercise-pt")
    assert (found.tenant, found.card, found.outcome, found.counts) == ("north", CARD, "overridden", True)
    assert (found.reason_system, found.reason_code) == ("urn:r", "already-tried")


def test_an_acceptance_is_about_the_recommendations_of_its_suggestions(connection: Connection) -> None:
    offered = {"s1": (CARD, "massage"), "s2": (CARD, "exercise-pt"), "s3": (CARD, "exercise-pt")}
    store_call(connection, offered=offered)
    store_feedback(connection, outcome="accepted", suggestions="s3 s2 unknown")

    assert only(connection).concerns == ("exercise-pt",)


def test_a_suggestion_of_another_card_was_not_accepted_with_this_one(connection: Connection) -> None:
    store_call(
        connection, cards={CARD: ["massage"], OTHER_CARD: ["nsaid"]}, offered={"s1": (OTHER_CARD, "nsaid")}
    )
    store_feedback(connection, outcome="accepted", suggestions="s1")

    assert only(connection).concerns == ()


def test_feedback_on_an_unknown_card_is_kept_unlinked(connection: Connection) -> None:
    store_feedback(connection)

    found = only(connection)

    assert (found.origin, found.concerns, found.counts) == (None, (), True)


def test_feedback_is_linked_when_the_record_of_its_card_comes_later(connection: Connection) -> None:
    store_feedback(connection)
    assert only(connection).origin is None

    store_call(connection)

    assert only(connection).origin is not None


def test_a_card_of_another_tenant_is_not_linked(connection: Connection) -> None:
    store_call(connection, tenant="south", offered={"s1": (CARD, "massage")})
    store_feedback(connection, 1)
    store_feedback(connection, 2, outcome="accepted", suggestions="s1")

    assert [found.origin for found in linked(connection, since=0, until=END)] == [None, None]


def test_of_several_outcomes_of_a_card_the_latest_counts_whenever_it_came(connection: Connection) -> None:
    store_call(connection)
    store_feedback(connection, 1, outcome_at=300, received_at=400)
    store_feedback(connection, 2, outcome_at=100, received_at=500)  # out of order
    store_feedback(connection, 3, card=OTHER_CARD, outcome_at=900, received_at=910)
    store_feedback(connection, 4, tenant="south", outcome_at=950, received_at=960)

    counting = {
        int.from_bytes(found.key, "big"): found.counts for found in linked(connection, since=0, until=END)
    }

    assert counting == {1: True, 2: False, 3: True, 4: True}


def test_of_two_outcomes_of_one_moment_the_one_that_came_later_counts(connection: Connection) -> None:
    store_feedback(connection, 1, received_at=201)
    store_feedback(connection, 2, received_at=200)
    store_feedback(connection, 3, received_at=201, card=OTHER_CARD)
    store_feedback(connection, 4, received_at=201, card=OTHER_CARD)

    counting = {
        int.from_bytes(found.key, "big"): found.counts for found in linked(connection, since=0, until=END)
    }

    assert counting == {1: True, 2: False, 3: False, 4: True}


def test_an_outcome_outside_the_time_asked_for_still_decides_what_counts(connection: Connection) -> None:
    store_feedback(connection, 1, outcome_at=100, received_at=200)
    store_feedback(connection, 2, outcome_at=300, received_at=5000)

    (found,) = linked(connection, since=0, until=5000)

    assert found.counts is False


def test_the_time_asked_for_has_a_first_moment_and_an_end(connection: Connection) -> None:
    for key, received_at in enumerate((99, 100, 199, 200)):
        store_feedback(connection, key, received_at=received_at, card=f"card-{key}")

    assert [found.received_at for found in linked(connection, since=100, until=200)] == [100, 199]


def test_one_tenants_feedback_can_be_had_alone(connection: Connection) -> None:
    store_feedback(connection, 1)
    store_feedback(connection, 2, tenant="south")

    assert [found.tenant for found in linked(connection, since=0, until=END, tenant="south")] == ["south"]


def test_parts_read_one_after_the_other_make_the_whole(connection: Connection) -> None:
    store_call(connection, offered={"s1": (CARD, "massage")})
    for key in range(1, 24):  # several at one moment
        store_feedback(connection, key, received_at=200 + key // 5, outcome="accepted", suggestions="s1")

    found = list(linked(connection, since=0, until=END, at_a_time=4))

    assert [int.from_bytes(item.key, "big") for item in found] == list(range(1, 24))
    assert {item.concerns for item in found} == {("massage",)}
    assert found == list(linked(connection, since=0, until=END))
