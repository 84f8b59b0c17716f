"""The figures are those that counting by hand gives, hidden or exact; and what is hidden is what must be."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from cds_service.report.cells import FEWEST, Figure, Hidden
from cds_service.report.figures import Outcomes, Report
from cds_service.report.periods import Period
from cds_service.report.publishing import report_of
from cds_service.report.queries import seen_calls, unlinked_feedback
from cds_service.report.reading import read_report
from cds_service.report.seen import Outcome
from cds_service.report.tally import Tally
from cds_service.store.tables import metadata
from tests.cds_service.report.conftest import fill
from tests.cds_service.report.making import UTC_CALENDAR, Rows, anything
from tests.cds_service.report.recounting import Recount, week

many = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
seeds, visits, patients = st.integers(0, 10**9), st.integers(0, 120), st.integers(1, 60)
OUTCOMES = ("accepted", "overridden", "unanswered")


def counted(rows: Rows, at_a_time: int = 7) -> tuple[Tally, Report]:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        metadata.create_all(connection)
        rows.write(connection)
        calls = seen_calls(connection, Period(), UTC_CALENDAR, at_a_time=at_a_time)
        tally = Tally(UTC_CALENDAR).count(calls)
        unlinked = unlinked_feedback(connection, Period(), UTC_CALENDAR)
    engine.dispose()
    return tally, report_of(tally, Period(), tenant=None, unlinked=unlinked)


def agrees(figure: Figure, expected: int) -> bool:
    return isinstance(figure, Hidden) or figure == expected


def told(outcomes: Outcomes) -> dict[str, Figure]:
    return {name: getattr(outcomes, name) for name in OUTCOMES}


@many
@given(seeds, visits, patients)
def test_every_count_is_that_of_a_plain_recount(seed: int, visits: int, patients: int) -> None:
    rows = anything(seed, visits, patients)

    tally, _ = counted(rows)

    plain = Recount(rows)
    for group, groups in (
        (lambda call: call["tenant"], tally.tenants),
        (lambda call: call["state"], tally.states),
        (week, tally.weeks),
    ):
        cards = plain.cards(group)
        found = {
            (name, outcome.value): cell.count
            for name, of in groups.items()
            for outcome, cell in of.cards.of.items()
            if cell.count
        }
        assert dict(cards) == found
        assert Counter(map(group, plain.calls.values())) == {
            name: of.calls.count for name, of in groups.items()
        }
    items = Counter((i["recommendation"], plain.item_outcome(i)) for i in plain.shown_items())
    held = Counter((i["recommendation"], i["fate"]) for i in plain.items if i["fate"] != "shown")
    found_items = {
        (name, outcome.value): cell.count
        for name, entry in tally.recommendations.items()
        for outcome, cell in entry.shown.of.items()
        if cell.count
    }
    found_held = {
        (name, fate.value): cell.count
        for name, entry in tally.recommendations.items()
        for fate, cell in entry.fates.items()
        if cell.count
    }
    assert dict(items) == found_items
    assert dict(held) == found_held


@many
@given(seeds, visits, patients)
def test_what_is_told_is_exact_and_no_cell_that_is_told_is_of_few_patients(
    seed: int, visits: int, patients: int
) -> None:
    rows = anything(seed, visits, patients)

    _, report = counted(rows)

    plain = Recount(rows)
    for group, groups in (
        (lambda call: call["tenant"], report.tenants),
        (lambda call: call["state"], report.states),
        (week, report.weeks),
    ):
        cards = plain.cards(group)
        people = plain.patients(
            ((group(call), plain.card_outcome(card)), call) for card, call in plain.call_of.items()
        )
        for told_of in groups or ():
            for outcome, figure in told(told_of.cards).items():
                assert agrees(figure, cards[told_of.key, outcome])
                assert isinstance(figure, Hidden) or people.get((told_of.key, outcome), FEWEST) >= FEWEST
    for row in report.recommendations or ():
        own = [i for i in plain.shown_items() if i["recommendation"] == row.id]
        outcomes = Counter(plain.item_outcome(item) for item in own)
        behind = plain.patients((plain.item_outcome(item), plain.calls[item["call"]]) for item in own)
        for outcome, figure in told(row.shown).items():
            assert agrees(figure, outcomes[outcome])
            assert isinstance(figure, Hidden) or behind.get(outcome, FEWEST) >= FEWEST


@many
@given(seeds, st.integers(60, 150), st.integers(30, 80))
def test_times_reasons_and_loads_are_those_of_a_plain_recount(seed: int, visits: int, patients: int) -> None:
    rows = anything(seed, visits, patients)

    tally, report = counted(rows)

    plain = Recount(rows)
    firsts = {card: plain.answers(card)[0] for card in plain.call_of if plain.answers(card)}
    delays = {
        outcome: sorted(
            first["outcome_at"] - plain.call_of[card]["at"]
            for card, first in firsts.items()
            if first["outcome"] == outcome and first["outcome_at"] >= plain.call_of[card]["at"]
        )
        for outcome in ("accepted", "overridden")
    }
    overridden = [
        plain.answers(card)[-1] for card in plain.call_of if plain.card_outcome(card) == "overridden"
    ]
    reasons = Counter(
        (f["reason_system"], f["reason_code"]) if f["reason_code"] else None for f in overridden
    )
    linked = {(f["tenant"], f["card"]) for f in rows.feedback}
    known = {(call["tenant"], card) for card, call in plain.call_of.items()}
    assert {
        o.value: sorted(d.milliseconds) for o, d in tally.delays.items() if o is not Outcome.UNANSWERED
    } == delays
    assert {reason: cell.count for reason, cell in tally.reasons.items()} == dict(reasons)
    assert report.unlinked == sum((f["tenant"], f["card"]) in linked - known for f in rows.feedback)
    assert sum(tally.users.values()) == len(plain.call_of)


def test_both_databases_give_the_same_report(address: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    rows = anything(11, 300, 40)
    elsewhere = fill(f"sqlite:///{tmp_path_factory.mktemp('other')}/store.sqlite3", rows)

    report = read_report(fill(address, rows), Period(), UTC_CALENDAR)

    assert read_report(elsewhere, Period(), UTC_CALENDAR) == report
