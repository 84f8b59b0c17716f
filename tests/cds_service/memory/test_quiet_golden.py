"""Going quiet, case by case, through the store: a clinician's sentences, on both databases."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from cds_service.decision import Decider
from cds_service.logs import log_to
from cds_service.memory.considering import Memory
from cds_service.memory.history import History, reading_access
from cds_service.memory.identities import Identities
from cds_service.store.location import location_of
from cds_service.store.opening import Store, open_store
from pathway.loading import load_knowledge
from tests.cds_service.memory.quiet_cases import Clinic, QuietCase, cases
from tests.cds_service.store.making import UNHURRIED_S
from tests.cds_service.store.postgres_server import PostgresServer

CASES = cases()


@pytest.fixture(scope="module")
def identities(tmp_path_factory: pytest.TempPathFactory) -> Identities:
    known = Identities(tmp_path_factory.mktemp("keys"), log_to(io.StringIO()))
    known.prepare({"north": None, "south": None})
    return known


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def shared_address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('store')}/backpath.sqlite3"
    server: PostgresServer = request.getfixturevalue("started_postgresql")
    return server.new_database()


@pytest.fixture(scope="module")
def store(shared_address: str) -> Iterator[Store]:
    opened = open_store(shared_address, log=log_to(io.StringIO()), limit_s=UNHURRIED_S)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def history(shared_address: str) -> Iterator[History]:
    access = reading_access(location_of(shared_address), log=log_to(io.StringIO()), within_s=UNHURRIED_S)
    found = History(access, within_s=UNHURRIED_S)
    yield found
    found.close()


@pytest.fixture(scope="module")
def late_history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    """Of a store that is not there."""
    place = Path(tmp_path_factory.mktemp("nowhere")) / "file"
    place.write_text("no database, and no folder either")
    access = reading_access(location_of(f"sqlite:///{place}/store.sqlite3"), log=log_to(io.StringIO()))
    found = History(access)
    yield found
    found.close()


@pytest.fixture(scope="module")
def memories(history: History, late_history: History, identities: Identities) -> dict[bool, Memory]:
    """By whether it can be read in time."""
    return {True: Memory(history, identities), False: Memory(late_history, identities)}


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_golden(case: QuietCase, decider: Decider, store: Store, memories: dict[bool, Memory]) -> None:
    clinic = Clinic(case, f"patient-{CASES.index(case)}", decider, store)

    wrong = [text for visit in case.visits for text in clinic.visit(visit, memories[visit.memory])[1]]

    assert wrong == []


def test_every_reason_has_a_case_of_the_last_quiet_day_and_of_the_next() -> None:
    periods = load_knowledge().quiet.periods
    pinned = {
        (reason, day)
        for case in CASES
        for visit in case.visits
        for reason in (visit.held or {}).values()
        if reason in periods
        for day in (visit.day, *(after.day for after in case.visits if after.day == visit.day + 1))
    }

    missing = [
        reason
        for reason, period in periods.items()
        if not {(reason, period.days - 1), (reason, period.days)} <= pinned
    ]

    assert missing == []
