"""The report for a person at a terminal."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cds_service.reading import shown
from cds_service.report import words
from cds_service.report.cells import FEWEST, Hidden
from cds_service.report.figures import Group, Report
from cds_service.report.seen import Occasion

# what fits into 100 columns beside a name; the files have the rest
COUNTED = ("Calls", "Firing", "Cards", "Accepted", "", "Overridden", "", "Held back")


def print_report(report: Report, console: Console) -> None:
    """Everything, the totals first."""
    site = f", site {shown(report.tenant)}" if report.tenant else ""
    console.print(f"[bold]What came of the cards[/], {words.period(report)}{escape(site)}\n")
    if isinstance(report.total.calls, Hidden):
        console.print(f"Fewer than {FEWEST} patients so far: figures are told when there are more.")
        return
    if report.total.calls == 0:
        console.print("Nothing is on record for these days.")
        return
    _print_totals(report, console)
    _print_groups(console, "Week", report.weeks)
    _print_recommendations(report, console)
    _print_reasons(report, console)
    _print_groups(console, "State", report.states)
    if report.tenants is None or len(report.tenants) > 1:
        _print_groups(console, "Site", report.tenants)
    _print_held(report, console)
    _print_rollouts(report, console)
    console.print(words.LEGEND, style="dim")


def _print_totals(report: Report, console: Console) -> None:
    cards, load, first = report.total.cards, report.load, report.delays[0]
    lines = (
        ("Cards shown", words.count(cards.shown), f"at {words.count(report.total.calls)} calls"),
        ("Patients, users", words.count(report.patients), words.count(load.users)),
        ("Accepted", words.count(cards.accepted), words.percent(cards.acceptance)),
        ("Overridden", words.count(cards.overridden), words.percent(cards.override)),
        ("No answer", words.count(cards.unanswered), ""),
        (
            "Held back",
            words.count(report.items.held),
            f"of {words.count(report.items.advised)} times advised",
        ),
        ("Cards per 100 chart opens", words.number(load.per_hundred_calls(Occasion.CHART)), ""),
        ("Cards per 100 order checks", words.number(load.per_hundred_calls(Occasion.ORDER)), ""),
        (
            "Cards per user, median",
            words.number(load.per_user_median),
            f"p90 {words.number(load.per_user_p90)}",
        ),
        ("Time to first answer, median", words.span(first.median_s), f"p90 {words.span(first.p90_s)}"),
        ("Answers for unknown cards", words.count(report.unlinked), ""),
    )
    _print(console, ("Total", "", ""), lines)


def _print_groups(console: Console, title: str, groups: Sequence[Group] | None) -> None:
    if groups is None:
        console.print(f"{title}: too few patients to tell apart.\n")
        return
    _print(console, (title, *COUNTED), (_group(group) for group in groups))


def _group(group: Group) -> tuple[str, ...]:
    cards = group.cards
    return (
        group.key,
        words.count(group.calls),
        words.percent(group.firing),
        words.count(cards.shown),
        words.count(cards.accepted),
        words.percent(cards.acceptance),
        words.count(cards.overridden),
        words.percent(cards.override),
        words.count(group.held),
    )


def _print_recommendations(report: Report, console: Console) -> None:
    if report.recommendations is None:
        console.print("Recommendations: too few patients to tell apart.\n")
        return
    header = ("Recommendation", "Advised", "Firing", "Shown", *COUNTED[3:])
    lines = (
        (
            row.id,
            words.count(row.advised),
            words.percent(row.firing),
            words.count(row.shown.shown),
            words.count(row.shown.accepted if row.can_be_accepted else None),
            words.percent(row.acceptance),
            words.count(row.shown.overridden),
            words.percent(row.shown.override),
            words.count(row.held),
        )
        for row in report.recommendations
    )
    _print(console, header, lines)


def _print_reasons(report: Report, console: Console) -> None:
    if report.reasons is None:
        console.print("Override reasons: too few patients to tell apart.\n")
        return
    lines: list[tuple[str, ...]] = []
    for group in report.reasons:
        share = words.share(group.cards, report.total.cards.overridden)
        lines.append((group.code or group.display, words.count(group.cards), words.percent(share)))
        lines += [(f"  {reason.code}", words.count(reason.cards), "") for reason in group.reasons]
    _print(console, ("Override reason (HL7), ours below", "Cards", "Of overridden"), lines)


def _print_held(report: Report, console: Console) -> None:
    lines: list[tuple[str, ...]] = []
    for fate, times in report.items.fates.items():
        lines.append((words.FATES[fate], words.count(times)))
        lines += [
            (f"  {entry.reason}", words.count(entry.times))
            for entry in report.held_for
            if entry.fate is fate and entry.reason is not None
        ]
    _print(console, ("Held back", "Times"), lines)


def _print_rollouts(report: Report, console: Console) -> None:
    lines: list[tuple[str, ...]] = []
    for rollout in report.rollouts:
        told = (("shown", rollout.shown), ("control", rollout.control))
        lines += [
            (
                f"{rollout.recommendation} at {rollout.tenant}: {side}",
                words.count(arm.patients),
                words.count(arm.seen_later),
                words.count(arm.settled),
                words.percent(arm.share),
            )
            for side, arm in told
        ]
        low, high = rollout.interval or (None, None)
        between = f"{words.number(low)} to {words.number(high)}"
        lines.append(
            ("  difference in points, 95 % interval", "", "", between, words.number(rollout.difference))
        )
    if lines:
        _print(
            console, ("Shown against control", "Patients", "Seen later", "Settled", "Of seen later"), lines
        )


def _print(console: Console, header: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for place, title in enumerate(header):
        table.add_column(title, justify="left" if place == 0 else "right", no_wrap=True)
    for line in lines:
        table.add_row(*(escape(shown(text)) for text in line))
    console.print(table, "")
