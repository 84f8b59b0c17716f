"""Figures and names as people read them."""

from decimal import ROUND_HALF_UP, Decimal

from cds_service.memory.records import Fate
from cds_service.report.cells import FEWEST, Figure, Hidden
from cds_service.report.figures import Rate, Report, per_hundred
from cds_service.report.seen import Outcome

SMALL = f"<{FEWEST}*"
NONE = "–"  # noqa: RUF001 - an en dash, as tables have it
LEGEND = (
    f"{SMALL} stands for a figure of fewer than {FEWEST} patients, or for one beside it that is hidden "
    "so that it cannot be computed."
)
FATES = {
    Fate.SHOWN: "shown",
    Fate.QUIET: "answered before",
    Fate.CAPPED: "over a cap",
    Fate.SHADOW: "shadow mode",
    Fate.CONTROL: "control group",
}
OUTCOMES = {
    Outcome.ACCEPTED: "accepted",
    Outcome.OVERRIDDEN: "overridden",
    Outcome.UNANSWERED: "no answer",
}
UNITS = ((86400, "d"), (3600, "h"), (60, "min"))  # in seconds


def count(figure: Figure | None) -> str:
    """A count with thousands apart, hidden or not."""
    if figure is None:
        return NONE
    return SMALL if isinstance(figure, Hidden) else f"{figure:,}"


def number(rate: Rate) -> str:
    """A figure with one decimal."""
    if rate is None:
        return NONE
    return SMALL if isinstance(rate, Hidden) else f"{rate:,}"


def percent(rate: Rate) -> str:
    """A rate in percent."""
    return f"{rate}\u00a0%" if isinstance(rate, Decimal) else number(rate)


def span(seconds: Rate) -> str:
    """A length of time in its largest unit, with one decimal."""
    if not isinstance(seconds, Decimal):
        return number(seconds)
    for size, unit in UNITS:
        if seconds >= size:
            return f"{(seconds / size).quantize(Decimal('0.1'), ROUND_HALF_UP)}\u00a0{unit}"
    return f"{seconds}\u00a0s"


def share(part: Figure, whole: Figure) -> Rate:
    """A part of a whole, of 100."""
    return per_hundred(part, whole)


def period(report: Report) -> str:
    """The days of a report."""
    if report.since is None or report.until is None:
        return "no calls on record"
    if report.since == report.until:
        return report.since.isoformat()
    return f"{report.since} to {report.until}"
