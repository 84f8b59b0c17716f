"""A report as CSV: one figure a row, so that any tool can filter and pivot it."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from io import StringIO

from cds_service.report.cells import Figure, Hidden
from cds_service.report.figures import Group, Outcomes, Rate, Report, Rollout

HEADER = ("since", "until", "site", "subject", "name", "detail", "figure", "unit", "value", "hidden")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would take for one
COUNT, PERCENT, SECONDS, PER_100 = "1", "%", "s", "/100"  # UCUM


@dataclass(frozen=True, slots=True)
class Row:
    """One figure."""

    subject: str  # "total", "week", "recommendation", …
    name: str  # of that week, that recommendation, …
    figure: str  # "shown", "acceptance", …
    unit: str  # UCUM
    value: Figure | Rate  # None: there is nothing to tell
    detail: str = ""  # which part of it, e.g. the override reason


def as_csv(report: Report) -> str:
    """The text of the file, as RFC 4180 has it, with a header; hidden figures are there, without a value."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    about = (report.since or "", report.until or "", _plain(report.tenant or ""))
    for row in rows(report):
        named = (row.subject, _plain(row.name), _plain(row.detail), row.figure, row.unit)
        hidden = isinstance(row.value, Hidden)
        value = "" if row.value is None or hidden else str(row.value)
        writer.writerow((*about, *named, value, "true" if hidden else "false"))
    return out.getvalue()


def rows(report: Report) -> Iterator[Row]:
    """Every figure of a report."""
    yield from _group("total", report.total)
    yield Row("total", "all", "patients", COUNT, report.patients)
    for subject, groups in (("week", report.weeks), ("state", report.states), ("site", report.tenants)):
        for group in groups or ():
            yield from _group(subject, group)
    yield from _items(report)
    yield from _recommendations(report)
    yield from _reasons(report)
    yield from _load(report)
    for rollout in report.rollouts:
        yield from _rollout(rollout)
    yield Row("total", "all", "answered-before-sent", COUNT, report.early)
    yield Row("total", "all", "feedback-for-unknown-cards", COUNT, report.unlinked)


def _group(subject: str, group: Group) -> Iterator[Row]:
    yield Row(subject, group.key, "calls", COUNT, group.calls)
    yield Row(subject, group.key, "calls-with-advice", COUNT, group.fired)
    yield Row(subject, group.key, "firing", PERCENT, group.firing)
    yield from _outcomes(subject, group.key, group.cards)
    yield Row(subject, group.key, "held-back", COUNT, group.held)


def _outcomes(subject: str, name: str, outcomes: Outcomes, *, can_be_accepted: bool = True) -> Iterator[Row]:
    yield Row(subject, name, "shown", COUNT, outcomes.shown)
    yield Row(subject, name, "accepted", COUNT, outcomes.accepted)
    yield Row(subject, name, "overridden", COUNT, outcomes.overridden)
    yield Row(subject, name, "unanswered", COUNT, outcomes.unanswered)
    yield Row(subject, name, "acceptance", PERCENT, outcomes.acceptance if can_be_accepted else None)
    yield Row(subject, name, "override", PERCENT, outcomes.override)


def _items(report: Report) -> Iterator[Row]:
    yield Row("recommendations", "all", "advised", COUNT, report.items.advised)
    yield Row("recommendations", "all", "shown", COUNT, report.items.shown)
    yield Row("recommendations", "all", "held-back", COUNT, report.items.held)
    for fate, times in report.items.fates.items():
        yield Row("recommendations", "all", f"held-back-{fate}", COUNT, times)
    for entry in report.held_for:
        if entry.reason is not None:
            figure = f"held-back-{entry.fate}"
            yield Row("recommendations", "all", figure, COUNT, entry.times, entry.reason)


def _recommendations(report: Report) -> Iterator[Row]:
    for row in report.recommendations or ():
        yield Row("recommendation", row.id, "advised", COUNT, row.advised)
        yield Row("recommendation", row.id, "calls-with-advice", COUNT, row.fired)
        yield Row("recommendation", row.id, "calls", COUNT, row.calls)
        yield Row("recommendation", row.id, "firing", PERCENT, row.firing)
        yield from _outcomes("recommendation", row.id, row.shown, can_be_accepted=row.can_be_accepted)
        yield Row("recommendation", row.id, "held-back", COUNT, row.held)
        for fate, times in row.fates.items():
            yield Row("recommendation", row.id, f"held-back-{fate}", COUNT, times)


def _reasons(report: Report) -> Iterator[Row]:
    for group in report.reasons or ():
        name = group.code or group.display
        yield Row("override-reason", name, "cards", COUNT, group.cards)
        for reason in group.reasons:
            detail = "|".join(filter(None, (reason.system, reason.code)))
            yield Row("override-reason", name, "cards", COUNT, reason.cards, detail)


def _load(report: Report) -> Iterator[Row]:
    load = report.load
    for occasion, calls in load.calls.items():
        yield Row("load", occasion, "calls", COUNT, calls)
        yield Row("load", occasion, "cards", COUNT, load.cards[occasion])
        yield Row("load", occasion, "cards-per-100-calls", PER_100, load.per_hundred_calls(occasion))
    yield Row("load", "users", "users", COUNT, load.users)
    yield Row("load", "users", "cards-per-user-mean", COUNT, load.per_user_mean)
    yield Row("load", "users", "cards-per-user-median", COUNT, load.per_user_median)
    yield Row("load", "users", "cards-per-user-p90", COUNT, load.per_user_p90)
    for delay in report.delays:
        yield Row("time-to-feedback", delay.outcome or "any", "median", SECONDS, delay.median_s)
        yield Row("time-to-feedback", delay.outcome or "any", "p90", SECONDS, delay.p90_s)


def _rollout(rollout: Rollout) -> Iterator[Row]:
    name = f"{rollout.tenant}/{rollout.recommendation}"
    for side, arm in (("shown", rollout.shown), ("control", rollout.control)):
        yield Row("roll-out", name, "patients", COUNT, arm.patients, side)
        yield Row("roll-out", name, "seen-later", COUNT, arm.seen_later, side)
        yield Row("roll-out", name, "settled", COUNT, arm.settled, side)
        yield Row("roll-out", name, "settled-share", PERCENT, arm.share, side)
    low, high = rollout.interval or (None, None)
    bounds: tuple[tuple[str, Decimal | None], ...] = (("difference-low", low), ("difference-high", high))
    yield Row("roll-out", name, "moved", COUNT, rollout.moved)
    yield Row("roll-out", name, "difference", PERCENT, rollout.difference)
    for figure, bound in bounds:
        yield Row("roll-out", name, figure, PERCENT, bound)


def _plain(text: str) -> str:
    """Text that no spreadsheet takes for a formula: codes of sites are whatever their clients send."""
    return f"'{text}" if text.startswith(FORMULA) else text
