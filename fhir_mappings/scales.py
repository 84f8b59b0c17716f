"""The instruments: which LOINC code is which, in what unit, from where to where (a.6)."""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

import msgspec

from fhir_mappings.elements import Quantity, finite
from fhir_mappings.gaps import DataGapError
from pathway.facts import Bound, Bounded, Instrument

PAST_WEEK = "75893-8"  # shares its concept with the verbal scale, but is a rung of its own (R16)
_BY_CONCEPT = {
    "pain-nrs": Instrument.NRS,
    "pain-vas": Instrument.VAS,
    "pain-other": Instrument.PAIN_OTHER,
    "pain-faces": Instrument.FACES,
    "peg": Instrument.PEG,
    "odi": Instrument.ODI,
    "promis-pi": Instrument.PROMIS_PI,
    "start-back": Instrument.START_BACK,
    "phq9": Instrument.PHQ9,
    "egfr": Instrument.EGFR,
    "inr": Instrument.INR,
    "platelets": Instrument.PLATELETS,
}


class Scale(msgspec.Struct, frozen=True):
    """The values that an instrument can give, and the factor of each unit that it is sent in."""

    low: Decimal
    high: Decimal
    units: Mapping[str, Decimal]


ONE = Decimal(1)
# No unit, UCUM "1" and annotations: a score has no dimension.
_SCORE = dict.fromkeys(
    ("", "1", "score", "scores", "points", "point", "nrs", "rating", "/10", "0-10", "number", "numeric"), ONE
)
_TEN = Scale(Decimal(0), Decimal(10), _SCORE)
_EGFR_UNITS = dict.fromkeys(
    (
        "",  # the LOINC code fixes the dimension
        "ml/min/1.73_m2",
        "ml/min/1.73m2",
        "ml/min/1.73m^2",
        "ml/min/1.73m*2",
        "ml/min/1.73m²",
        "ml/min/1.73",
        "ml/min/1.73sqm",
        "ml/min/1.73sq.m",
        "ml/min",
        "ml/min/m2",
    ),
    ONE,
)
_THOUSANDS = """
    10*3/ul 10^3/ul x10^3/ul x10*3/ul 10e3/ul x10e3/ul 10³/ul 10³/µl k/ul k/mm3 k/cumm thou/ul
    thousand/ul thousands/ul 10*9/l 10^9/l x10^9/l x10*9/l 10e9/l x10e9/l
"""
_A_MICROLITRE = Decimal("0.001")
_PLATELET_UNITS = {
    **dict.fromkeys(_THOUSANDS.split(), ONE),
    **dict.fromkeys(("/ul", "/mm3", "cells/ul"), _A_MICROLITRE),
}
SCALES: Mapping[Instrument, Scale] = {
    Instrument.NRS: _TEN,
    Instrument.NRS_WEEK: _TEN,
    Instrument.VAS: Scale(Decimal(0), Decimal(10), {**_SCORE, "cm": ONE, "mm": Decimal("0.1")}),
    Instrument.PAIN_OTHER: _TEN,
    Instrument.FACES: _TEN,
    Instrument.PEG: _TEN,
    Instrument.ODI: Scale(Decimal(0), Decimal(100), {**_SCORE, "%": ONE, "percent": ONE}),
    Instrument.PROMIS_PI: Scale(Decimal(0), Decimal(100), {**_SCORE, "tscore": ONE, "t-score": ONE}),
    Instrument.START_BACK: Scale(Decimal(0), Decimal(9), _SCORE),
    Instrument.PHQ9: Scale(Decimal(0), Decimal(27), _SCORE),
    Instrument.EGFR: Scale(Decimal(0), Decimal(300), _EGFR_UNITS),
    Instrument.INR: Scale(Decimal("0.1"), Decimal(50), {**_SCORE, "inr": ONE, "ratio": ONE}),
    Instrument.PLATELETS: Scale(Decimal(0), Decimal(5000), _PLATELET_UNITS),
}
MOST_THOUSANDS = 2000  # platelets without a unit: below it thousands a microlitre, from it on single ones
BELOW = Decimal("0.1")  # how far "<30" lies below 30
_BOUNDS = {"<": Bound.BELOW, "<=": Bound.AT_MOST, ">=": Bound.AT_LEAST, ">": Bound.ABOVE}


def instrument_of(concept: str, code: str) -> Instrument | None:
    """The instrument of a code of observations.csv; None for panels and statuses."""
    return Instrument.NRS_WEEK if code == PAST_WEEK else _BY_CONCEPT.get(concept)


def on_scale(instrument: Instrument, quantity: Quantity, element: str) -> Decimal | None:
    """A measured value in the instrument's own unit.

    "<30" is read as 29.9, so that it lies below the limit that it names; ">" and the inclusive
    comparators as the limit itself; `bounded` tells what is shown. A platelet count without a unit
    tells its own by its size.

    Returns:
        None without a value: documented as absent.

    Raises:
        DataGapError: a unit that the instrument does not have, or a value off its scale.
    """
    value = finite(quantity.value, f"{element}.value")
    if value is None:
        return None
    factor = _factor(instrument, quantity.code, quantity.unit)
    if instrument is Instrument.PLATELETS and not quantity.code and not quantity.unit:
        factor = ONE if value < MOST_THOUSANDS else _A_MICROLITRE
    if factor is None:
        raise DataGapError(f"{element}.unit")
    measured = value * factor
    if quantity.comparator == "<":
        measured -= BELOW
    scale = SCALES[instrument]
    if not scale.low <= measured <= scale.high:
        raise DataGapError(f"{element}.value")
    return measured


def bounded(quantity: Quantity, measured: Decimal) -> Bounded | None:
    """The limit that a value with a comparator names, in the unit of what `on_scale` made of it."""
    bound = _BOUNDS.get(quantity.comparator or "")
    if bound is None:
        return None
    return Bounded(bound=bound, limit=measured + BELOW if bound is Bound.BELOW else measured)


@lru_cache(maxsize=256)
def _factor(instrument: Instrument, code: str | None, unit: str | None) -> Decimal | None:
    """The factor of a unit, told by code or words, without case, spaces, braces and brackets."""
    units = SCALES[instrument].units
    names = [name.lower().translate(_MARKS) for name in (code, unit) if name] or [""]
    return next((units[name] for name in names if name in units), None)


_MARKS = str.maketrans(dict.fromkeys(" {}[]()"))
