"""The time axis: the days it spans, and its ticks."""

from collections.abc import Iterator
from datetime import date
from itertools import chain

from cds_service.picture.timeline import Curve, Pictured, Timeline
from pathway.days import days_after, months_after

MOST_YEARS = 5  # shown back from today
LEAST_DAYS = 56  # shown back from today, so that a week keeps its width
MOST_AHEAD_DAYS = 120  # shown beyond today
_PAD = 0.035  # of the span, on either side
_DAYS_OF_STEP = (1, 7, 14)
_MONTHS_OF_STEP = (1, 2, 3, 6, 12)
_MONTH_DAYS = 30.4
_WEEKS_UP_TO = 100  # days: a longer span has ticks at months


class Tick(Pictured, frozen=True, kw_only=True):
    """A day on the axis with its one or two lines."""

    on: date
    label: tuple[str, ...]


class Axis(Pictured, frozen=True, kw_only=True):
    """From the first to the last day that are shown."""

    first: date
    last: date
    today: date

    @property
    def days(self) -> int:
        """Its length in days, at least one."""
        return max(1, (self.last - self.first).days)

    def share(self, day: date) -> float:
        """Where a day lies, 0 to 1; what lies outside is at the edge."""
        return min(1.0, max(0.0, (day - self.first).days / self.days))

    def within(self, day: date) -> date:
        """The day, or the edge that it lies beyond."""
        return min(self.last, max(self.first, day))

    def shows(self, day: date | None) -> bool:
        """Whether a day is known and not before the first that is shown."""
        return day is not None and day >= self.first


def axis_of(timeline: Timeline) -> Axis:
    """The span of what has dates of its own; a problem or a drug much older than all else is cut off."""
    today = timeline.as_of
    oldest = months_after(today, -12 * MOST_YEARS)
    known = [day for day in _days(timeline) if oldest <= day <= today]
    first = min([*known, days_after(today, -LEAST_DAYS)])
    onset = timeline.problem.onset if timeline.problem else None
    if onset is not None and onset >= oldest:
        # Only where it does not squeeze all that happened into half of the picture.
        begun, rest = (today - onset).days, (today - first).days
        if not known or begun <= 2 * rest:
            first = min(first, onset)
    ahead = [day for day in _ahead(timeline) if today < day <= days_after(today, MOST_AHEAD_DAYS)]
    last = max([today, *ahead])
    pad = max(2, round((last - first).days * _PAD))
    return Axis(first=days_after(first, -pad), last=days_after(last, pad), today=today)


def _days(timeline: Timeline) -> Iterator[date]:
    """The days that the axis must hold, if they are not too old."""
    scores: Iterator[Curve] = (curve for curve in timeline.curves if curve.low is not None)
    found = chain(
        (flag.on for flag in timeline.flags),
        (trial.span.start or trial.span.last for trial in timeline.trials),
        (study.on for study in timeline.studies),
        (mark.on for mark in timeline.injections),
        (mark.on for mark in timeline.operations),
        (point.on for curve in scores for point in curve.points),
    )
    return (day for day in found if day is not None)


def _ahead(timeline: Timeline) -> Iterator[date]:
    if timeline.next_injection is not None:
        yield timeline.next_injection.last
    yield from (trial.enough_on for trial in timeline.trials if trial.enough_on is not None)


def ticks_of(axis: Axis, most: int) -> tuple[Tick, ...]:
    """At most so many ticks: weeks for a short span, else months; a year stands once."""
    if axis.days <= _WEEKS_UP_TO:
        days = list(_every_days(axis, _step(_DAYS_OF_STEP, axis.days / most)))
        labels = [f"{day.day} {day:%b}" for day in days]
    else:
        days = list(_every_months(axis, _step(_MONTHS_OF_STEP, axis.days / _MONTH_DAYS / most)))
        labels = [f"{day:%b}" for day in days]
    years = [str(day.year) if not i or day.year != days[i - 1].year else "" for i, day in enumerate(days)]
    return tuple(
        Tick(on=day, label=(label, year)) for day, label, year in zip(days, labels, years, strict=True)
    )


def _step(steps: tuple[int, ...], least: float) -> int:
    """The smallest step that is wide enough; beyond the widest, multiples of it."""
    fitting = [step for step in steps if step >= least]
    return fitting[0] if fitting else steps[-1] * max(1, -int(-least // steps[-1]))


def _every_days(axis: Axis, step: int) -> Iterator[date]:
    # Counted back from today, so that its distance can be read off in weeks.
    back = (axis.today - axis.first).days // step
    day = days_after(axis.today, -back * step)
    while day <= axis.last:
        yield day
        day = days_after(day, step)


def _every_months(axis: Axis, step: int) -> Iterator[date]:
    months = axis.first.year * 12 + axis.first.month - 1
    months += -months % step
    while True:
        day = date(months // 12, months % 12 + 1, 1)
        if day > axis.last:
            return
        if day >= axis.first:
            yield day
        months += step
