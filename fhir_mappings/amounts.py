"""Quantities of drugs: pieces, milligrams, millilitres, micrograms an hour."""

from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

import msgspec

from fhir_mappings.elements import Quantity, finite
from fhir_mappings.timings import SECONDS_IN, SECONDS_IN_DAY


class Unit(StrEnum):
    """What a drug is counted in."""

    PIECE = "piece"
    MG = "mg"
    ML = "ml"
    UG_AN_HOUR = "ug/h"


class Amount(msgspec.Struct, frozen=True):
    """So much of a drug."""

    value: Decimal
    unit: Unit


_FACTORS: dict[str, tuple[Unit, Decimal]] = {
    **dict.fromkeys(("mg", "milligram"), (Unit.MG, Decimal(1))),
    **dict.fromkeys(("mcg", "ug", "µg", "microgram"), (Unit.MG, Decimal("0.001"))),
    **dict.fromkeys(("g", "gm", "gram"), (Unit.MG, Decimal(1000))),
    **dict.fromkeys(("ml", "milliliter", "millilitre"), (Unit.ML, Decimal(1))),
    **dict.fromkeys(("l", "liter", "litre"), (Unit.ML, Decimal(1000))),
    **dict.fromkeys(("ug/h", "mcg/h", "mcg/hr", "ug/hr", "µg/h"), (Unit.UG_AN_HOUR, Decimal(1))),
}
# As text, as UCUM annotation ("{tablet}") and as code of v3-orderableDrugForm ("TAB", "ERCAP").
_PIECE_NAMES = """
    1 each ea tablet tab tbl caplet capsule cap pill patch film lozenge troche suppository strip dose
    spray actuation puff system piece ercap ertab srtab ortab drtab ectab drcap
"""
_PIECES = frozenset(_PIECE_NAMES.split())
MOST_PIECES = 20  # a bare number above it is more likely a mass whose unit was left out
_DAY_WORDS = {"day": "d", "week": "wk", "month": "mo", "year": "a", "hour": "h", "hr": "h", "minute": "min"}
LONGEST_SUPPLY_DAYS = 3660


def amount(quantity: Quantity | None, element: str) -> Amount | None:
    """A quantity of a drug; None when it or its unit is not documented or not known.

    A small number without any unit counts pieces (tablets, capsules, patches).

    Raises:
        DataGapError: the value cannot be calculated with, or is negative.
    """
    value = None if quantity is None else finite(quantity.value, f"{element}.value")
    if quantity is None or value is None or value < 0:
        return None
    if quantity.code is None and quantity.unit is None:
        return Amount(value, Unit.PIECE) if value <= MOST_PIECES else None
    known = _unit(quantity.code) or _unit(quantity.unit)
    return None if known is None else Amount(value * known[1], known[0])


@lru_cache(maxsize=256)
def _unit(name: str | None) -> tuple[Unit, Decimal] | None:
    word = plain(name)
    return (Unit.PIECE, Decimal(1)) if word in _PIECES else _FACTORS.get(word)


def pieces(quantity: Quantity | None, element: str) -> Amount | None:
    """A dispensed quantity: as `amount`, but a bare number counts pieces however large it is."""
    if quantity is not None and quantity.code is None and quantity.unit is None:
        value = finite(quantity.value, f"{element}.value")
        return None if value is None or value < 0 else Amount(value, Unit.PIECE)
    return amount(quantity, element)


def days(quantity: Quantity | None, element: str) -> Decimal | None:
    """A duration in days; a bare number counts days. None when it or its unit is not known.

    Raises:
        DataGapError: the value cannot be calculated with.
    """
    value = None if quantity is None else finite(quantity.value, f"{element}.value")
    if quantity is None or value is None or value < 0:
        return None
    if quantity.code is None and quantity.unit is None:
        seconds: int | None = SECONDS_IN_DAY
    else:
        seconds = _seconds(quantity.code) or _seconds(quantity.unit)
    return None if seconds is None else plausible(value * seconds / SECONDS_IN_DAY)


@lru_cache(maxsize=64)
def _seconds(name: str | None) -> int | None:
    word = plain(name)
    return SECONDS_IN.get(_DAY_WORDS.get(word, word))


def plausible(supply: Decimal) -> Decimal | None:
    """A supply in days, unless it is too long to be one; rounded, so that 27.999… days are 28."""
    return round(supply, 6) if supply <= LONGEST_SUPPLY_DAYS else None


def plain(name: str | None) -> str:
    """A unit's name without case, braces and plural: "{Tablets}" and "tablet(s)" are "tablet"."""
    word = (name or "").strip().lower().strip("{}[]").removesuffix("(s)")
    for ending, singular in (("ches", "ch"), ("ies", "y"), ("s", "")):
        if len(word) > len(ending) + 2 and word.endswith(ending):
            return word.removesuffix(ending) + singular
    return word
