"""Scores as curves, by instrument: those of pain and function first, laboratory values last."""

from collections.abc import Iterable
from decimal import Decimal

from cards import wording
from cds_service.picture.names import number, score_name
from cds_service.picture.timeline import Curve, ScoreMark
from pathway.facts import Instrument, ScoreFact
from pathway.scores import PAIN_INSTRUMENTS

# Ends of the scales, for drawing alone; a value beyond them is drawn at the edge and told as it is.
_SCALES = {
    **dict.fromkeys(PAIN_INSTRUMENTS, (Decimal(0), Decimal(10))),
    Instrument.PEG: (Decimal(0), Decimal(10)),
    Instrument.ODI: (Decimal(0), Decimal(100)),
    Instrument.PROMIS_PI: (Decimal(30), Decimal(85)),
    Instrument.START_BACK: (Decimal(0), Decimal(9)),
    Instrument.PHQ9: (Decimal(0), Decimal(27)),
}


def curves_of(scores: Iterable[ScoreFact]) -> tuple[Curve, ...]:
    """One curve an instrument, in the order of `Instrument`; a value of one day stands once."""
    by_instrument: dict[Instrument, set[ScoreMark]] = {}
    for score in scores:
        mark = ScoreMark(on=score.on, value=score.value, bounded=score.bounded)
        by_instrument.setdefault(score.instrument, set()).add(mark)
    return tuple(
        _curve(instrument, by_instrument[instrument])
        for instrument in Instrument
        if instrument in by_instrument
    )


def _curve(instrument: Instrument, marks: Iterable[ScoreMark]) -> Curve:
    low, high = _SCALES.get(instrument, (None, None))
    return Curve(
        instrument=instrument.value,
        name=score_name(instrument),
        suffix=wording.INSTRUMENTS[instrument][1],
        low=low,
        high=high,
        panel="pain" if instrument in PAIN_INSTRUMENTS else instrument.value,
        points=tuple(sorted(marks, key=lambda mark: (mark.on, mark.value, number(mark.shown)))),
    )
