"""A recommendation shown to some patients and not to others: what both groups have in common is compared."""

from collections.abc import Callable
from decimal import Decimal

from cds_service.memory.records import Fate
from cds_service.report.cells import HIDDEN
from cds_service.report.figures import Report, Rollout
from cds_service.report.spread import difference, quantile
from tests.cds_service.report.making import DAY_MS, START, Rows, ms

ReportOn = Callable[..., Report]
AT = ms(START)
RULE = "duloxetine"


def visit(rows: Rows, patient: str, day: int, *fates: Fate, hours: int = 0) -> None:
    held = [(RULE, fate, None) for fate in fates if fate is not Fate.SHOWN]
    shown = [[RULE]] if Fate.SHOWN in fates else []
    rows.call(*shown, at=AT + day * DAY_MS + hours * 3_600_000, patient=patient, held=held)


def a_rollout(shown_settled: int, control_settled: int, patients: int = 20) -> Rows:
    """As many on each side; all are seen again a week later."""
    rows = Rows()
    for number in range(patients):
        for side, fate, settled in (("s", Fate.SHOWN, shown_settled), ("c", Fate.CONTROL, control_settled)):
            visit(rows, f"{side}{number}", 1, fate, hours=1 if side == "s" else 0)
            visit(rows, f"{side}{number}", 8, *(() if number < settled else (fate,)))
    return rows


def only(report: Report) -> Rollout:
    (rollout,) = report.rollouts
    return rollout


def test_both_sides_are_counted_with_the_share_for_whom_it_is_settled(report_on: ReportOn) -> None:
    rollout = only(report_on(a_rollout(15, 10)))

    assert (rollout.tenant, rollout.recommendation) == ("north", RULE)
    assert (rollout.shown.patients, rollout.shown.seen_later, rollout.shown.settled) == (20, 20, 15)
    assert (rollout.control.patients, rollout.control.settled) == (20, 10)
    assert (rollout.shown.share, rollout.control.share) == (Decimal("75.0"), Decimal("50.0"))
    assert rollout.difference == Decimal("25.0")


def test_a_side_with_few_patients_settled_or_not_tells_neither(report_on: ReportOn) -> None:
    rollout = only(report_on(a_rollout(18, 10)))

    assert (rollout.shown.settled, rollout.shown.share, rollout.difference) == (HIDDEN, HIDDEN, HIDDEN)
    assert rollout.control.settled == 10


def test_a_second_call_on_the_same_day_is_no_later_visit(report_on: ReportOn) -> None:
    rows = Rows()
    for number in range(6):
        visit(rows, f"c{number}", 0, Fate.CONTROL)
        visit(rows, f"c{number}", 0, hours=2)

    assert only(report_on(rows)).control.seen_later == 0


def test_the_last_visit_decides(report_on: ReportOn) -> None:
    rows = Rows()
    for number in range(6):
        for day, fates in ((0, (Fate.CONTROL,)), (3, ()), (9, (Fate.CONTROL,))):
            visit(rows, f"c{number}", day, *fates)

    assert (only(report_on(rows)).control.seen_later, only(report_on(rows)).control.settled) == (6, 0)


def test_who_was_on_both_sides_is_in_neither(report_on: ReportOn) -> None:
    rows = Rows()
    for number in range(6):
        visit(rows, f"m{number}", 0, Fate.CONTROL)
        visit(rows, f"m{number}", 5, Fate.SHOWN)

    rollout = only(report_on(rows))

    assert (rollout.moved, rollout.shown.patients, rollout.control.patients) == (6, 0, 0)


def test_what_was_shown_before_there_was_a_control_group_is_left_out(report_on: ReportOn) -> None:
    rows = Rows()
    for number in range(7):
        visit(rows, f"before{number}", 0, Fate.SHOWN)
        visit(rows, f"control{number}", 10, Fate.CONTROL)

    assert only(report_on(rows)).shown.patients == 0


def test_without_a_control_group_there_is_no_comparison(report_on: ReportOn) -> None:
    rows = Rows()
    visit(rows, "p1", 0, Fate.SHADOW)

    assert report_on(rows).rollouts == ()


def test_a_quiet_recommendation_is_still_due(report_on: ReportOn) -> None:
    rows = Rows()
    visit(rows, "c", 0, Fate.CONTROL)
    for number in range(6):
        visit(rows, f"s{number}", 1, Fate.SHOWN)
        visit(rows, f"s{number}", 8, Fate.QUIET)

    assert (only(report_on(rows)).shown.seen_later, only(report_on(rows)).shown.settled) == (6, 0)


def test_the_interval_is_newcombes() -> None:
    """Table II of the paper, method 10: 56/70 against 48/80."""
    assert difference((56, 70), (48, 80)) == (Decimal("20.0"), Decimal("5.2"), Decimal("33.4"))


def test_quantiles_lie_between_neighbours_in_proportion() -> None:
    assert [quantile([10, 20, 40, 80], percent) for percent in (0, 50, 90, 100)] == [10, 30, 68, 80]
    assert quantile([7], 90) == 7
