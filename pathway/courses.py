"""Courses: spans of one modality joined while the gap is at most 90 days (R13)."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Protocol, TypeVar

from pathway.facts import Fact, Outcome, Source, StopReason


class Course(Fact, frozen=True, kw_only=True):
    """One modality over one stretch of time, before its outcome is judged."""

    modality: str
    start: date | None  # None: ongoing, but nobody recorded since when
    last: date
    sessions: int = 0
    days: int = 0
    ongoing: bool = False
    adequate: bool = False
    dose_unknown: bool = False
    outcome: Outcome | None = None
    stop_reason: StopReason | None = None
    sources: tuple[Source, ...] = ()


class Span(Protocol):
    """Something with a first and a last day."""

    @property
    def first(self) -> date:
        """Its first day."""

    @property
    def last(self) -> date:
        """Its last day."""


SpanT = TypeVar("SpanT", bound=Span)


def joined(spans: Iterable[SpanT], gap_days: int) -> list[list[SpanT]]:
    """Groups of spans in order of their first day; a gap over `gap_days` begins a new group."""
    groups: list[list[SpanT]] = []
    reach: date | None = None
    for span in sorted(spans, key=lambda s: (s.first, s.last)):
        if reach is None or (span.first - reach).days > gap_days:
            groups.append([])
            reach = span.last
        groups[-1].append(span)
        reach = max(reach, span.last)
    return groups


def covered_days(spans: Sequence[Span]) -> int:
    """Days covered by at least one span, each counted from its first day up to its last."""
    total, reach = 0, None
    for span in sorted(spans, key=lambda s: s.first):
        begin = span.first if reach is None else max(span.first, reach)
        if span.last > begin:
            total += (span.last - begin).days
            reach = span.last
    return total
