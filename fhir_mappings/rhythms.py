"""How often a drafted drug is taken, where its timing can be made to say another number of doses a day."""

import re
from collections.abc import Sequence
from decimal import Decimal

from fhir_mappings.doses import Dosage
from fhir_mappings.elements import Concept
from fhir_mappings.timings import ONE, Repeat, Timing, administrations_a_day
from pathway.drafts import Rhythm

_HOURS_IN_DAY = Decimal(24)
_IN_WORDS = re.compile(
    r"(?P<times>[1-9]\d?)\s?(?:times|x)\s?(?:a\s?day|per\s?day|daily)|every\s(?P<hours>[1-9]\d?)\s?(?:hours|hrs)",
    re.IGNORECASE | re.ASCII,
)


def rhythm_of(dosages: Sequence[Dosage]) -> Rhythm | None:
    """So many times a day, or every so many hours; None for any other timing, or several dosages.

    Where frequency, moments of the day or days of the week decide together, or code and numbers
    differ, another number would not be the whole change.

    Raises:
        DataGapError: a number is not one that can be calculated with.
    """
    timing = dosages[0].timing if len(dosages) == 1 else None
    times = administrations_a_day(timing)
    if timing is None or not times:
        return None
    repeat = timing.repeat or Repeat()
    if repeat.day_of_week or repeat.time_of_day or repeat.when or repeat.frequency_max is not None:
        return None
    if not _code_agrees(timing, times):
        return None
    if repeat.period_unit is None:
        is_coded = repeat.frequency is None and repeat.period is None
        return Rhythm(times=times) if is_coded else None
    period = ONE if repeat.period is None else repeat.period
    if (repeat.period_unit, period) in (("d", ONE), ("h", _HOURS_IN_DAY)):
        return Rhythm(times=times)
    is_interval = repeat.period_unit == "h" and repeat.frequency in (None, ONE)
    return Rhythm(times=times, at_intervals=True) if is_interval else None


def _code_agrees(timing: Timing, times: Decimal) -> bool:
    """Whether every code and word of the timing says the same number, and nothing beside it."""
    if timing.code is None:
        return True
    words = (*timing.code.codes(), *timing.code.texts())
    return all("-" not in word and _times(word) == times for word in words)


def _times(word: str) -> Decimal | None:
    said = _IN_WORDS.fullmatch(word.strip())
    if said is None:
        return administrations_a_day(Timing(code=Concept(text=word)))
    return Decimal(said["times"]) if said["times"] else _HOURS_IN_DAY / int(said["hours"])
