"""What a record says is in the tables, once, and can be read back."""

from collections.abc import Sequence

import pytest

from cds_service.memory.parcels import AnyRecord
from cds_service.memory.rows import Writer
from cds_service.store.opening import Store
from tests.cds_service.memory.recording import a_call, a_report, calls_in, counts, reports_in
from tests.cds_service.store.making import OpenStore

TOO_LATE = 2**63  # ms since 1970: no database has a number for it
NOUGHT = "before\0after"


@pytest.fixture
def store(address: str, open_a_store: OpenStore) -> Store:
    return open_a_store(address)


def write(store: Store, *records: AnyRecord) -> dict[int, str]:
    return store.run_beside(lambda connection: Writer(store.kind).write(connection, records))


def test_a_call_is_read_back_as_it_was_recorded(store: Store) -> None:
    calls = [a_call(), a_call(cards=(), issuer=None, encounter=None, gaps=(), memory_asked=True)]

    refused = write(store, *calls)

    assert refused == {}
    assert calls_in(store) == {call.id: call for call in calls}


def test_feedback_is_read_back_as_it_was_recorded(store: Store) -> None:
    reports = [
        a_report(),
        a_report(outcome="accepted", suggestions=("s1", "s2"), reason_system=None, reason_code=None),
        a_report(comment=b"sealed"),
    ]

    write(store, *reports)

    assert reports_in(store) == {report.key: report for report in reports}


def test_what_comes_again_is_there_once(store: Store) -> None:
    records: list[AnyRecord] = [a_call(), a_report(comment=b"sealed")]

    write(store, *records)
    write(store, *records, *records)

    assert counts(store) == {"calls": 1, "items": 4, "suggestions": 2, "feedback": 1, "comments": 1}


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_record_that_no_database_takes_costs_no_other(place: int, store: Store) -> None:
    records: list[AnyRecord] = [a_call(), a_report(), a_call()]
    records[place] = a_report(outcome_at=TOO_LATE) if place == 1 else a_call(at=TOO_LATE)

    refused = write(store, *records)

    assert list(refused) == [place]
    kept: Sequence[AnyRecord] = [record for number, record in enumerate(records) if number != place]
    assert sum(counts(store)[table] for table in ("calls", "feedback")) == len(kept)


def test_a_zero_character_of_a_client_is_no_obstacle(store: Store) -> None:
    refused = write(store, a_call(instance=NOUGHT, issuer=NOUGHT), a_report(card=NOUGHT, reason_code=NOUGHT))

    assert refused == {}
    assert counts(store)["calls"] == counts(store)["feedback"] == 1
