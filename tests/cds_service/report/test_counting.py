"""What a card, an answer, a day and a patient count as."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from cds_service.errors import SettingsError
from cds_service.memory.records import Fate
from cds_service.report.cells import HIDDEN
from cds_service.report.figures import Outcomes, Report
from cds_service.report.periods import Calendar, Period, week_of
from cds_service.report.seen import Occasion
from tests.cds_service.report.making import DAY_MS, MINUTE_MS, START, UTC_CALENDAR, Rows, ms

ReportOn = Callable[..., Report]
AT = ms(START)


def of_ten(report_on: ReportOn, answer: Callable[[Rows, str], None]) -> Report:
    """The report on ten patients with the same card, each answered so."""
    rows = Rows()
    for number in range(10):
        (card,) = rows.call(["esi-repeat", "exercise-pt"], patient=f"p{number}", user=f"u{number}")
        answer(rows, card)
    return report_on(rows)


def outcomes_of(report: Report, recommendation: str) -> Outcomes:
    return next(row.shown for row in report.recommendations or () if row.id == recommendation)


def test_an_answer_from_the_future_counts_as_of_its_arrival_and_not_for_ever(report_on: ReportOn) -> None:
    def answer(rows: Rows, card: str) -> None:
        rows.override(card, "other", at=AT + 30 * DAY_MS)
        rows.feedback[-1]["received_at"] = AT + MINUTE_MS
        rows.accept(card, at=AT + 2 * MINUTE_MS)

    cards = of_ten(report_on, answer).total.cards

    assert (cards.accepted, cards.overridden) == (10, 0)


def test_the_answer_that_was_given_last_counts_whatever_came_in_first(report_on: ReportOn) -> None:
    def answer(rows: Rows, card: str) -> None:
        rows.override(card, "other", at=AT + 2 * MINUTE_MS)
        rows.accept(card, at=AT + MINUTE_MS)

    report = of_ten(report_on, answer)

    assert (report.total.cards.overridden, report.total.cards.accepted) == (10, 0)


def test_an_accepted_suggestion_is_for_its_own_recommendation_alone(report_on: ReportOn) -> None:
    report = of_ten(report_on, lambda rows, card: rows.accept(card, "esi-repeat", at=AT))

    assert outcomes_of(report, "esi-repeat").accepted == 10
    assert outcomes_of(report, "exercise-pt").unanswered == 10
    assert report.total.cards.accepted == 10


def test_suggestions_accepted_one_after_the_other_both_count(report_on: ReportOn) -> None:
    def answer(rows: Rows, card: str) -> None:
        rows.accept(card, "esi-repeat", at=AT)
        rows.accept(card, "exercise-pt", at=AT + MINUTE_MS)

    report = of_ten(report_on, answer)

    assert outcomes_of(report, "esi-repeat").accepted == outcomes_of(report, "exercise-pt").accepted == 10


def test_an_override_is_of_all_that_the_card_carries(report_on: ReportOn) -> None:
    report = of_ten(report_on, lambda rows, card: rows.override(card, "other", at=AT))

    assert outcomes_of(report, "esi-repeat").overridden == outcomes_of(report, "exercise-pt").overridden == 10


def test_what_another_site_says_of_a_card_does_not_count(report_on: ReportOn) -> None:
    report = of_ten(report_on, lambda rows, card: rows.override(card, "other", at=AT, tenant="south"))

    assert report.total.cards.unanswered == 10
    assert report.unlinked == 10


def test_the_first_answer_is_timed_and_one_before_the_card_is_not(report_on: ReportOn) -> None:
    def answer(rows: Rows, card: str) -> None:
        rows.override(card, "other", at=AT + 10 * MINUTE_MS)
        rows.accept(card, at=AT + len(rows.calls) * MINUTE_MS)

    rows = Rows()
    for number in range(6):
        (card,) = rows.call(["nsaid"], patient=f"early{number}")
        rows.accept(card, at=AT - 1)

    timed, early = of_ten(report_on, answer), report_on(rows)

    assert (timed.delays[0].median_s, timed.delays[0].p90_s) == (Decimal("330.0"), Decimal("546.0"))
    assert (early.delays[0].median_s, early.early) == (None, 6)


def test_a_recommendation_fires_of_chart_opens_and_a_guard_of_order_checks(report_on: ReportOn) -> None:
    rows = Rows()
    for number in range(20):
        rows.call(*[["nsaid"]] * (number % 2), patient=f"p{number}")
    for number in range(10):
        rows.call(["nsaid-ckd"], ["nsaid-ckd"], patient=f"p{number}", hook="order-sign")

    report = report_on(rows)

    firing = {row.id: (row.fired, row.calls, row.firing) for row in report.recommendations or ()}
    assert firing == {"nsaid": (10, 20, Decimal("50.0")), "nsaid-ckd": (10, 10, Decimal("100.0"))}
    assert report.load.per_hundred_calls(Occasion.CHART) == Decimal("50.0")
    assert report.load.per_hundred_calls(Occasion.ORDER) == Decimal("200.0")


def test_what_could_not_be_accepted_has_no_acceptance_rate(report_on: ReportOn) -> None:
    rows = Rows()
    for number in range(6):
        rows.call(["evidence-limits"], patient=f"p{number}")

    report = report_on(rows)

    assert [(row.acceptance, row.shown.override) for row in report.recommendations or ()] == [
        (None, Decimal(0))
    ]


def test_what_is_held_back_is_advised_and_not_shown(report_on: ReportOn) -> None:
    rows = Rows()
    for number in range(8):
        rows.call(["nsaid"], patient=f"p{number}", held=[("esi-repeat", Fate.QUIET, "already-tried")])

    report = report_on(rows)

    assert (report.items.advised, report.items.shown, report.items.held) == (16, 8, 8)
    assert [(entry.fate, entry.reason, entry.times) for entry in report.held_for] == [
        (Fate.QUIET, "already-tried", 8)
    ]


def test_days_and_weeks_are_those_of_the_site(report_on: ReportOn) -> None:
    sunday_evening = ms(datetime(2026, 8, 9, 20, tzinfo=UTC))
    calendar = Calendar(ZoneInfo("UTC"), {"south": ZoneInfo("Pacific/Auckland")})
    rows = Rows()
    for tenant in ("north", "south"):
        for number in range(6):
            rows.call(["nsaid"], at=sunday_evening, tenant=tenant, patient=f"p{number}")

    report = report_on(rows, calendar=calendar)
    monday = report_on(rows, Period(since=date(2026, 8, 10)), calendar)

    assert [(week.key, week.calls) for week in report.weeks or ()] == [("2026-W32", 6), ("2026-W33", 6)]
    assert [tenant.key for tenant in monday.tenants or ()] == ["south"]


def test_both_ends_of_a_period_are_in_it(report_on: ReportOn) -> None:
    rows = Rows()
    for day in range(5):
        for number in range(6):
            rows.call(["nsaid"], at=AT + day * DAY_MS, patient=f"p{number}")

    report = report_on(rows, Period(since=date(2026, 8, 4), until=date(2026, 8, 6)))

    assert (report.total.calls, report.since, report.until) == (18, date(2026, 8, 4), date(2026, 8, 6))


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(SettingsError, match="before --since"):
        Period(since=date(2026, 8, 4), until=date(2026, 8, 3))


def test_the_first_days_of_a_year_may_be_of_the_last_week_before() -> None:
    assert [week_of(date(2027, 1, 3)), week_of(date(2027, 1, 4))] == ["2026-W53", "2027-W01"]


def test_one_site_can_be_asked_for(report_on: ReportOn) -> None:
    rows = Rows()
    for tenant, patients in (("north", 6), ("south", 9)):
        for number in range(patients):
            rows.call(["nsaid"], tenant=tenant, patient=f"p{number}")

    report = report_on(rows, tenant="south")

    assert (report.total.calls, report.patients, [t.key for t in report.tenants or ()]) == (9, 9, ["south"])


def test_users_are_not_told_of_where_there_are_few(report_on: ReportOn) -> None:
    rows = Rows()
    for number in range(12):
        rows.call(["nsaid"], patient=f"p{number}", user=f"u{number % 4}")

    report = report_on(rows)

    assert (report.load.users, report.load.per_user_mean, report.load.per_user_p90) == (
        HIDDEN,
        HIDDEN,
        HIDDEN,
    )


def test_nothing_on_record_is_a_report_of_noughts(report_on: ReportOn) -> None:
    report = report_on(Rows())

    assert (report.total.calls, report.total.firing, report.since, report.recommendations) == (
        0,
        None,
        None,
        (),
    )


def test_of_one_card_nothing_is_told(report_on: ReportOn) -> None:
    rows = Rows()
    (card,) = rows.call(["esi-repeat"])
    rows.override(card, "patient-preference", at=AT)

    report = report_on(rows, calendar=UTC_CALENDAR)

    assert {report.total.calls, report.total.cards.shown, report.total.cards.overridden, report.patients} == {
        HIDDEN
    }
    assert report.reasons is None
    assert report.recommendations is None
