"""The past is read quickly or not at all, and finds what belongs to the call."""

import io
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cds_service.logs import Log, log_to
from cds_service.memory.history import READ_S, History, reading_access
from cds_service.memory.past import Question
from cds_service.memory.records import CallRecord, CardRecord, FeedbackRecord, ItemRecord, SuggestionRecord
from cds_service.memory.rows import Writer
from cds_service.store.location import location_of
from cds_service.store.opening import Store
from pathway.quieting import PastAnswer, Said
from tests.cds_service.memory.recording import a_call, a_report
from tests.cds_service.store.making import UNHURRIED_S, OpenStore, file_of, seconds, wait_until
from tests.cds_service.store.postgres_server import PostgresServer

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
AT = int(NOW.timestamp() * 1000)
DAY_MS = 86_400_000
PATIENT, OLD_PATIENT, USER, OTHER_USER = b"p" * 32, b"q" * 32, b"u" * 32, b"v" * 32
FACTS = b"f" * 32
QUESTION = Question(
    tenant="north",
    patient=(PATIENT,),
    zone=ZoneInfo("UTC"),
    now=NOW,
    as_of=NOW.date(),
    days_back=400,
    fingerprints=frozenset({FACTS}),
)


@pytest.fixture
def store(address: str, open_a_store: OpenStore) -> Store:
    return open_a_store(address)


@pytest.fixture
def history(address: str, store: Store, log: Log) -> Iterator[History]:  # noqa: ARG001 - its tables are read
    opened = History(
        reading_access(location_of(address), log=log, within_s=UNHURRIED_S), within_s=UNHURRIED_S
    )
    yield opened
    opened.close()


@pytest.fixture
def kept(store: Store) -> Callable[..., None]:
    def write(*records: CallRecord | FeedbackRecord) -> None:
        assert store.run_beside(lambda connection: Writer(store.kind).write(connection, records)) == {}

    return write


def a_card(*names: str, card: str = "c1", code: bytes | None = None) -> CardRecord:
    return CardRecord(
        id=card,
        items=tuple(ItemRecord(recommendation=n, fingerprint=FACTS, order_code=code) for n in names),
        suggestions=tuple(SuggestionRecord(id=f"{card}-{n}", recommendation=n) for n in names),
    )


def shown(*cards: CardRecord, **changes: Any) -> CallRecord:
    values = {"at": AT, "patient": PATIENT, "user": USER, "cards": cards or (a_card("nsaid", "cbt"),)}
    return a_call(**values | changes)


def report(card: str = "c1", **changes: Any) -> FeedbackRecord:
    return a_report(card=card, **{"outcome_at": AT, "received_at": AT} | changes)


def answers(history: History, question: Question = QUESTION) -> dict[str, str]:
    past = history.read(question)
    assert past is not None
    return {answer.said.recommendation: answer.reason for answer in past.answers}


def test_nothing_is_remembered_of_a_stranger(history: History) -> None:
    past = history.read(QUESTION)

    assert past is not None
    assert past.answers == ()


def test_an_overridden_card_answers_for_all_that_it_carried(
    history: History, kept: Callable[..., None]
) -> None:
    kept(shown(), report(reason_code="not-available"))

    past = history.read(QUESTION)

    assert past is not None
    assert set(past.answers) == {
        PastAnswer(
            said=Said(name, FACTS),
            reason="not-available",
            on=NOW.date(),
            order=(AT, AT, past.answers[0].order[2]),
        )
        for name in ("nsaid", "cbt")
    }


def test_feedback_that_came_before_its_card_is_found_when_the_card_is_there(
    history: History, kept: Callable[..., None]
) -> None:
    kept(report())
    assert answers(history) == {}

    kept(shown())

    assert answers(history) == {"nsaid": "patient-preference", "cbt": "patient-preference"}


def test_an_accepted_suggestion_answers_for_its_own_recommendation(
    history: History, kept: Callable[..., None]
) -> None:
    kept(shown(), report(outcome="accepted", reason_code=None, suggestions=("c1-cbt", "unknown")))

    assert answers(history) == {"cbt": "accepted"}


def test_an_acceptance_that_names_no_suggestion_of_ours_answers_nothing(
    history: History, kept: Callable[..., None]
) -> None:
    kept(shown(), report(outcome="accepted", reason_code=None, suggestions=("unknown",)))

    assert answers(history) == {}


def test_any_suggestion_of_a_guard_answers_the_guard(history: History, kept: Callable[..., None]) -> None:
    guard = CardRecord(
        id="c1",
        items=(ItemRecord(recommendation="opioid-mme-50", fingerprint=FACTS, order_code=b"o" * 32),),
        suggestions=(SuggestionRecord(id="s1", recommendation="naloxone"),),
    )
    kept(shown(guard), report(outcome="accepted", reason_code=None, suggestions=("s1",)))

    past = history.read(QUESTION)

    assert past is not None
    assert [answer.said for answer in past.answers] == [Said("opioid-mme-50", FACTS, b"o" * 32)]


def test_what_was_held_back_was_not_answered(history: History, kept: Callable[..., None]) -> None:
    held = CardRecord(items=(ItemRecord(recommendation="nsaid", fingerprint=FACTS),))
    kept(shown(held), report())

    assert answers(history) == {}


def test_other_facts_are_not_read(history: History, kept: Callable[..., None]) -> None:
    kept(shown(), report())

    assert answers(history, replace(QUESTION, fingerprints=frozenset({b"x" * 32}))) == {}


def test_another_patient_and_another_site_are_kept_apart(history: History, kept: Callable[..., None]) -> None:
    kept(shown(), report())

    assert answers(history, replace(QUESTION, patient=(OLD_PATIENT,))) == {}
    assert answers(history, replace(QUESTION, tenant="south")) == {}


def test_what_another_site_reports_of_our_card_is_not_ours(
    history: History, kept: Callable[..., None]
) -> None:
    kept(shown(), report(tenant="south"))

    assert answers(history) == {}


def test_a_patient_is_found_by_each_key(history: History, kept: Callable[..., None]) -> None:
    kept(shown(a_card("nsaid")), report(), shown(a_card("cbt", card="c2"), patient=OLD_PATIENT), report("c2"))

    both = answers(history, replace(QUESTION, patient=(PATIENT, OLD_PATIENT)))

    assert set(both) == {"nsaid", "cbt"}


def test_a_user_is_told_apart_by_setting(history: History, kept: Callable[..., None]) -> None:
    kept(shown(), report())

    assert answers(history, replace(QUESTION, answered_by=(USER, b"w" * 32))) != {}
    assert answers(history, replace(QUESTION, answered_by=(OTHER_USER,))) == {}


def test_what_is_too_long_ago_to_matter_is_not_read(history: History, kept: Callable[..., None]) -> None:
    kept(shown(at=AT - 399 * DAY_MS, as_of="2025-10-19"), report(outcome_at=AT - 399 * DAY_MS))
    assert answers(history) != {}

    assert answers(history, replace(QUESTION, days_back=398)) == {}


@pytest.mark.parametrize(
    ("zone", "outcome_at", "expected"),
    [
        ("UTC", "2026-11-22T23:59:59+00:00", date(2026, 11, 22)),
        ("UTC", "2026-11-23T00:00:00+00:00", date(2026, 11, 23)),
        ("America/New_York", "2026-11-23T04:59:59+00:00", date(2026, 11, 22)),
        ("America/New_York", "2026-11-23T05:00:00+00:00", date(2026, 11, 23)),
        ("Pacific/Auckland", "2026-11-22T11:00:00+00:00", date(2026, 11, 23)),
    ],
)
def test_an_answer_is_of_the_day_of_its_site(
    history: History, kept: Callable[..., None], zone: str, outcome_at: str, expected: date
) -> None:
    told = int(datetime.fromisoformat(outcome_at).timestamp() * 1000)
    site = ZoneInfo(zone)
    kept(
        shown(as_of=NOW.astimezone(site).date().isoformat()),
        report(outcome_at=told, received_at=told + DAY_MS),
    )

    past = history.read(replace(QUESTION, zone=site))

    assert past is not None
    assert {answer.on for answer in past.answers} == {expected}


def test_an_answer_to_a_call_for_another_day_is_of_that_day(
    history: History, kept: Callable[..., None]
) -> None:
    """Development mode: a what-if stays within its own time."""
    kept(shown(as_of="2028-02-29"), report(outcome_at=AT + DAY_MS, received_at=AT + DAY_MS))

    past = history.read(QUESTION)

    assert past is not None
    assert {answer.on for answer in past.answers} == {date(2028, 3, 1)}


def test_the_cards_of_a_day_are_counted_by_patient_and_user(
    history: History, kept: Callable[..., None]
) -> None:
    kept(
        shown(a_card("nsaid"), a_card("cbt", card="c2")),
        shown(a_card("nsaid", card="c3"), user=OTHER_USER),
        shown(a_card("nsaid", card="c4"), patient=OLD_PATIENT),
        shown(a_card("nsaid", card="c5"), at=AT - DAY_MS, as_of="2026-11-21"),
        shown(a_card("nsaid", card="c6"), tenant="south"),
    )

    past = history.read(replace(QUESTION, capped_user=(USER,), is_patient_capped=True))

    assert past is not None
    assert (past.cards_of_patient, past.cards_of_user) == (3, 3)


def test_what_an_encounter_was_shown_is_read_when_it_matters(
    history: History, kept: Callable[..., None]
) -> None:
    held = CardRecord(items=(ItemRecord(recommendation="massage", fingerprint=FACTS),))
    kept(shown(a_card("nsaid"), held, encounter=b"e" * 32), shown(a_card("cbt", card="c2"), encounter=None))

    past = history.read(replace(QUESTION, encounter=(b"e" * 32,)))

    assert past is not None
    assert past.in_encounter == (Said("nsaid", FACTS),)
    unasked = history.read(QUESTION)
    assert unasked is not None
    assert unasked.in_encounter == ()


def test_a_hundred_thousand_reports_of_one_card_are_not_read_to_the_end(
    history: History, kept: Callable[..., None]
) -> None:
    kept(shown(a_card("nsaid")), *(report(key=os.urandom(32)) for _ in range(3000)))

    assert answers(history) == {"nsaid": "patient-preference"}


# --- in time or not at all ----------------------------------------------------------------------------------


def test_reading_does_not_wait_for_a_writer(sqlite_address: str, open_a_store: OpenStore, log: Log) -> None:
    open_a_store(sqlite_address)
    history = History(reading_access(location_of(sqlite_address), log=log))
    writer = sqlite3.connect(Path(sqlite_address.removeprefix("sqlite:///")), isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")

    past = history.read(QUESTION)

    assert past is not None
    writer.close()
    history.close()


def test_a_store_that_is_away_is_given_up_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    location = location_of(f"sqlite:///{tmp_path}/file/store.sqlite3")
    history = History(reading_access(location, log=log_to(io.StringIO())))

    assert history.read(QUESTION) is None
    assert seconds(lambda: history.read(QUESTION)) < READ_S
    history.close()


@pytest.mark.integration
def test_a_server_that_has_stopped_is_waited_for_no_longer_than_the_limit(
    postgresql: PostgresServer, open_a_store: OpenStore, log: Log
) -> None:
    address = postgresql.new_database()
    open_a_store(address)
    history = History(reading_access(location_of(address), log=log))
    wait_until_read(history)
    postgresql.hold()

    took = [seconds(lambda: history.read(QUESTION)) for _ in range(5)]

    assert history.read(QUESTION) is None
    assert max(took) < READ_S + 0.25  # the machine may be busy
    postgresql.let_go()
    wait_until_read(history)
    history.close()


def wait_until_read(history: History) -> None:
    deadline = time.monotonic() + 30
    while history.read(QUESTION) is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.integration
def test_late_reads_leave_the_store_of_the_others_alone(
    postgresql: PostgresServer, open_a_store: OpenStore, log: Log
) -> None:
    address = postgresql.new_database()
    store = open_a_store(address)
    history = History(reading_access(location_of(address), log=log), within_s=0.0)

    assert history.read(QUESTION) is None

    assert store.state == "ok"
    history.close()


def test_a_patient_with_twenty_calls_costs_little(
    sqlite_address: str, open_a_store: OpenStore, log: Log
) -> None:
    store = open_a_store(sqlite_address)
    records: list[CallRecord | FeedbackRecord] = []
    for number in range(20):
        names = [f"r{number}", "nsaid", "cbt"]
        cards = [a_card(*names, card=f"{number}-{place}") for place in range(3)]
        records += [shown(*cards, at=AT - number * DAY_MS), report(f"{number}-0")]
    store.run_beside(lambda connection: Writer(store.kind).write(connection, records))
    history = History(reading_access(location_of(sqlite_address), log=log, within_s=UNHURRIED_S))
    history.read(QUESTION)

    cpu = min(cpu_of(lambda: history.read(QUESTION)) for _ in range(20))

    assert cpu < 0.001  # 0.3 ms where nobody else is at work (docs/quieting.md)
    history.close()


def cpu_of(action: Callable[[], object], times: int = 20) -> float:
    began = time.process_time()
    for _ in range(times):
        action()
    return (time.process_time() - began) / times


def test_the_clock_is_the_callers(history: History, kept: Callable[..., None]) -> None:
    kept(shown(), report())

    assert answers(history, replace(QUESTION, now=NOW + timedelta(days=401))) == {}


def test_a_file_that_is_removed_is_noticed_and_the_new_one_read(
    sqlite_address: str, open_a_store: OpenStore, log: Log
) -> None:
    store = open_a_store(sqlite_address)
    history = History(
        reading_access(location_of(sqlite_address), log=log, within_s=UNHURRIED_S), within_s=UNHURRIED_S
    )
    store.run_beside(lambda connection: Writer(store.kind).write(connection, [shown(), report()]))
    before = history.read(QUESTION)
    shutil.rmtree(file_of(sqlite_address).parent)

    removed = history.read(QUESTION)
    open_a_store(sqlite_address)  # makes it anew
    wait_until(lambda: history.read(QUESTION) is not None)
    after = history.read(QUESTION)
    history.close()

    assert before is not None
    assert before.answers
    assert removed is None
    assert after is not None
    assert after.answers == ()


def test_an_answer_from_the_future_counts_as_of_its_arrival_and_not_for_ever(
    history: History, kept: Callable[..., None]
) -> None:
    ahead = report(outcome_at=AT + 30 * DAY_MS, received_at=AT + 1000, reason_code="already-tried")
    kept(
        shown(), ahead, report(outcome_at=AT + 2000, received_at=AT + 3000, reason_code="patient-preference")
    )

    past = history.read(QUESTION)

    assert past is not None
    assert {answer.reason for answer in past.answers} == {"patient-preference"}
