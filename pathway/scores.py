"""Scores in windows of days: which one counts, and what a change of it means (a.6, R15 to R17)."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from pathway.facts import Instrument, ScoreFact
from pathway.numbers import Number, Numbers
from pathway.state import TrialOutcome

# Inside a window the first rung with a value is used (R16); the PEG mean is never a pain score.
PAIN_RUNGS: tuple[tuple[Instrument, ...], ...] = (
    (Instrument.NRS,),
    (Instrument.NRS_WEEK,),
    (Instrument.VAS,),
    (Instrument.PAIN_OTHER, Instrument.FACES),
)
PAIN_INSTRUMENTS = frozenset(instrument for rung in PAIN_RUNGS for instrument in rung)
FUNCTION_INSTRUMENTS = frozenset({Instrument.PEG, Instrument.ODI, Instrument.PROMIS_PI})


class Scores:
    """A patient's scores, by instrument and day."""

    __slots__ = ("_by_instrument", "_pain_rungs")

    def __init__(self, scores: Iterable[ScoreFact]) -> None:
        self._by_instrument: dict[Instrument, list[ScoreFact]] = {}  # the latest first
        for score in sorted(scores, key=_day_and_value, reverse=True):
            self._by_instrument.setdefault(score.instrument, []).append(score)
        recorded = self._by_instrument.keys()
        self._pain_rungs = [rung for rung in PAIN_RUNGS if not recorded.isdisjoint(rung)]

    def latest(
        self, instruments: Iterable[Instrument], first: date | None, last: date | None
    ) -> ScoreFact | None:
        """The latest score from `first` to `last`, both included; of one day the highest (R17)."""
        recorded = self._by_instrument
        found = [
            score
            for instrument in instruments
            if instrument in recorded and (score := _first_within(recorded[instrument], first, last))
        ]
        return max(found, key=_day_and_value) if len(found) > 1 else found[0] if found else None

    def lowest_of_latest_day(
        self, instrument: Instrument, first: date | None, last: date | None
    ) -> ScoreFact | None:
        """The latest score of the window; of one day the lowest, where low is the danger."""
        found = self._within((instrument,), first, last)
        return max(found, key=lambda s: (s.on, -s.value)) if found else None

    def pain(self, first: date | None, last: date | None) -> ScoreFact | None:
        """The pain score of the window: the latest of the first rung that has one (R16)."""
        for rung in self._pain_rungs:
            score = self.latest(rung, first, last)
            if score is not None:
                return score
        return None

    def any_within(self, instruments: Iterable[Instrument], first: date, last: date) -> bool:
        """Whether a score of any of the instruments lies in the window."""
        return bool(self._within(instruments, first, last))

    def _within(
        self, instruments: Iterable[Instrument], first: date | None, last: date | None
    ) -> list[ScoreFact]:
        recorded = self._by_instrument
        return [
            score
            for instrument in instruments
            if instrument in recorded
            for score in recorded[instrument]
            if (first is None or score.on >= first) and (last is None or score.on <= last)
        ]


def _day_and_value(score: ScoreFact) -> tuple[date, Decimal]:
    return score.on, score.value


def _first_within(scores: Iterable[ScoreFact], first: date | None, last: date | None) -> ScoreFact | None:
    for score in scores:
        if last is None or score.on <= last:
            return score if first is None or score.on >= first else None
    return None


def reduction_percent(baseline: Decimal, follow_up: Decimal) -> Decimal | None:
    """By how many percent a score fell (negative: rose); None from a baseline of 0."""
    return None if baseline == 0 else (baseline - follow_up) * 100 / baseline


def reached(reduction: Decimal | None, percent: Decimal) -> bool:
    """Whether a reduction is known and at least `percent`."""
    return reduction is not None and reduction >= percent


def outcome_by_scores(
    pain: Sequence[ScoreFact | None],
    odi: Sequence[ScoreFact | None],
    peg: Sequence[ScoreFact | None],
    numbers: Numbers,
) -> tuple[TrialOutcome, ScoreFact, ScoreFact] | None:
    """Judge a trial by (baseline, follow-up) pairs; None when no pair is complete.

    Pain decides; ODI, then PEG, are used only where pain lacks one of its two scores (R15).
    Source: clinical/pathway.md a.6 (OSTELO for 30 %, 2 points and 10 ODI points).
    """
    judged = (
        (pain, Number.PAIN_IMPROVED_PERCENT, Number.PAIN_IMPROVED_POINTS),
        (odi, Number.ODI_IMPROVED_PERCENT, Number.ODI_IMPROVED_POINTS),
        (peg, Number.PEG_IMPROVED_PERCENT, None),
    )
    for (baseline, follow_up), percent, points in judged:
        if baseline is None or follow_up is None:
            continue
        by_percent = reached(reduction_percent(baseline.value, follow_up.value), numbers[percent])
        by_points = points is not None and baseline.value - follow_up.value >= numbers[points]
        outcome = TrialOutcome.IMPROVED if by_percent or by_points else TrialOutcome.FAILED
        return outcome, baseline, follow_up
    return None
