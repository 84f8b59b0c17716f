"""The time line of one patient as plain values: what is drawn, and what the table beside it says.

Words that come from the chart are marked as such: they are data, and whoever shows them escapes
them. None means *not documented*; dates are calendar dates.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum

import msgspec

from pathway.facts import Bounded


class Pictured(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every value of the picture: immutable, compared by value."""


class Span(Pictured, frozen=True, kw_only=True):
    """From a day to a day, both included; without a start nobody recorded it."""

    start: date | None = None
    last: date


class ProblemBar(Pictured, frozen=True, kw_only=True):
    """The back problem: from its onset until today, as it is active."""

    name: str  # our words
    length: str  # "chronic", "duration unknown", …
    onset: date | None = None
    onset_is: str = ""  # what the onset rests on, where it is not documented as such
    charted: tuple[str, ...] = ()  # chart's words for its conditions
    more: int = 0  # conditions beyond those that `charted` names


class FlagMark(Pictured, frozen=True, kw_only=True):
    """A red flag that is raised now."""

    name: str
    level: str  # our words: "red flag, emergency"
    on: date | None = None  # earliest onset or recording
    charted: tuple[str, ...] = ()


class TrialVerdict(StrEnum):
    """Whether what was tried counts as tried."""

    ADEQUATE = "adequate"
    NOT_ADEQUATE = "not adequate"
    NOT_TOLERATED = "not tolerated"
    ONGOING = "running, not adequate yet"


class TrialBar(Pictured, frozen=True, kw_only=True):
    """One modality tried."""

    name: str
    span: Span
    ongoing: bool = False
    verdict: TrialVerdict
    why: str  # "17 of 42 days, 2 of 6 sessions"
    enough_on: date | None = None  # while it runs and is not adequate: the day from which it may be
    outcome: str | None = None
    scores: str | None = None  # the two scores that show the outcome


class Exposure(Pictured, frozen=True, kw_only=True):
    """A drug or therapy that is no trial of the last 12 months, over all its entries."""

    name: str
    spans: tuple[Span, ...] = ()  # those with a known last day, by start
    undated: int = 0  # entries without any day
    ongoing: bool = False


class StudyMark(Pictured, frozen=True, kw_only=True):
    """One lumbar study."""

    name: str
    on: date | None = None
    counts: bool = False  # whether the pathway takes it for the imaging before an injection


class InjectionMark(Pictured, frozen=True, kw_only=True):
    """One session of epidural injection."""

    on: date
    number: int | None = None  # in the open series, from 1; None: of an earlier series
    response: str
    percent: Decimal | None = None  # pain reduction


class OperationMark(Pictured, frozen=True, kw_only=True):
    """One operation."""

    name: str
    on: date | None = None


class ScoreMark(Pictured, frozen=True, kw_only=True):
    """One measured value."""

    on: date
    value: Decimal  # where it is drawn
    bounded: Bounded | None = None  # told in its place where the record gives a limit

    @property
    def shown(self) -> Decimal | Bounded:
        """What is told of it."""
        return self.value if self.bounded is None else self.bounded


class Curve(Pictured, frozen=True, kw_only=True):
    """All values of one instrument, by day."""

    instrument: str  # `pathway.facts.Instrument`
    name: str
    suffix: str  # what follows a value: "/10", " %"
    low: Decimal | None = None  # of the instrument's scale; None: not drawn, a laboratory value
    high: Decimal | None = None
    panel: str  # curves of one panel are drawn on one scale
    points: tuple[ScoreMark, ...]


class Timeline(Pictured, frozen=True, kw_only=True):
    """Everything the picture shows of one patient on one day."""

    as_of: date
    problem: ProblemBar | None = None
    flags: tuple[FlagMark, ...] = ()
    trials: tuple[TrialBar, ...] = ()  # of the last 12 months, the latest first
    drugs: tuple[Exposure, ...] = ()  # other drugs that the pathway knows, the latest first
    earlier: tuple[Exposure, ...] = ()  # therapies that are no trial any more
    studies: tuple[StudyMark, ...] = ()
    injections: tuple[InjectionMark, ...] = ()  # by day
    undated_injection: bool = False
    series: str = ""  # where the series of injections stands, in words
    next_injection: Span | None = None  # the usual window of the next, if one is needed
    operations: tuple[OperationMark, ...] = ()
    curves: tuple[Curve, ...] = ()
