"""How often a dose is taken: FHIR Timing as administrations a day (clinical/pathway.md R46)."""

import re
from collections.abc import Mapping
from decimal import Decimal

from fhir_mappings.elements import Concept, Element, Period, finite

# UCUM codes of https://hl7.org/fhir/R4/valueset-units-of-time.html; whole numbers keep division exact
SECONDS_IN: Mapping[str, int] = {
    "s": 1,
    "min": 60,
    "h": 3600,
    "d": 86_400,
    "wk": 7 * 86_400,
    "mo": 30 * 86_400,
    "a": 365 * 86_400,
}
SECONDS_IN_DAY = SECONDS_IN["d"]
# Codes of v3-GTSAbbreviation and their usual spellings; "as needed" says nothing of how often.
A_DAY: Mapping[str, Decimal] = {
    **dict.fromkeys(("QD", "DAILY", "ONCEDAILY", "AM", "PM", "QAM", "QPM", "BED", "HS", "QHS"), Decimal(1)),
    **dict.fromkeys(("BID", "TWICEDAILY"), Decimal(2)),
    **dict.fromkeys(("TID", "THREETIMESDAILY"), Decimal(3)),
    **dict.fromkeys(("QID", "FOURTIMESDAILY"), Decimal(4)),
    "QOD": Decimal(1) / 2,
    "WK": Decimal(1) / 7,
    "MO": Decimal(1) / 30,
}
ONE = Decimal(1)
_EVERY = re.compile(r"Q(?P<shortest>[1-9]\d?)(?:-[1-9]\d?)?(?P<unit>[HD])")
HOURS_IN_DAY = 24


class Repeat(Element, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/datatypes.html#Timing, `repeat`."""

    bounds_period: Period | None = None
    frequency: Decimal | None = None
    frequency_max: Decimal | None = None
    period: Decimal | None = None
    period_unit: str | None = None
    day_of_week: tuple[str, ...] | None = None
    time_of_day: tuple[str, ...] | None = None
    when: tuple[str, ...] | None = None


class Timing(Element, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/datatypes.html#Timing."""

    repeat: Repeat | None = None
    code: Concept | None = None


def administrations_a_day(timing: Timing | None) -> Decimal | None:
    """How many times a day at most; None where the timing does not say.

    The shortest interval of a range counts ("every 4 to 6 hours" is 6 times), and the highest
    frequency.

    Raises:
        DataGapError: a number is not one that can be calculated with.
    """
    if timing is None:
        return None
    by_repeat = _by_repeat(timing.repeat) if timing.repeat is not None else None
    return _by_code(timing.code) if by_repeat is None else by_repeat


def _by_repeat(repeat: Repeat) -> Decimal | None:
    times = _times(repeat)
    if times is None:
        return None
    period = finite(repeat.period, "timing.repeat.period")
    if period is None and repeat.period_unit is None and (repeat.time_of_day or repeat.when):
        return times * _share_of_week(repeat)
    seconds = SECONDS_IN.get(repeat.period_unit or "")
    if seconds is None or period == 0:
        return None
    length = (ONE if period is None else period) * seconds
    return times * SECONDS_IN_DAY / length if length > 0 else None


def _times(repeat: Repeat) -> Decimal | None:
    """Administrations in one period; a period alone means one (FHIR: frequency is 1 if absent)."""
    moments = len(repeat.time_of_day or ()) or len(repeat.when or ())
    if moments:
        return Decimal(moments)
    highest = finite(repeat.frequency_max, "timing.repeat.frequencyMax")
    usual = finite(repeat.frequency, "timing.repeat.frequency")
    times = highest if usual is None else usual if highest is None else max(usual, highest)
    if times is not None:
        return times if times >= 0 else None
    return ONE if repeat.period is not None else None


def _share_of_week(repeat: Repeat) -> Decimal:
    return Decimal(len(set(repeat.day_of_week))) / 7 if repeat.day_of_week else Decimal(1)


def _by_code(code: Concept | None) -> Decimal | None:
    if code is None:
        return None
    for word in (*code.codes(), *code.texts()):
        times = _by_word(word)
        if times is not None:
            return times
    return None


def _by_word(word: str) -> Decimal | None:
    key = word.upper().replace(" ", "").replace(".", "")
    if key in A_DAY:
        return A_DAY[key]
    every = _EVERY.fullmatch(key)
    if every is None:
        return None
    per_day = HOURS_IN_DAY if every["unit"] == "H" else 1
    return Decimal(per_day) / int(every["shortest"])
