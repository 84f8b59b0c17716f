"""How much of each ingredient a product holds, read from its RxNorm-style name.

"12 HR Acetaminophen 325 MG / Oxycodone Hydrochloride 7.5 MG Extended Release Oral Tablet" holds
325 mg and 7.5 mg a tablet; "Gabapentin 50 MG/ML Oral Solution" 50 mg a millilitre; "72 HR
fentanyl 0.025 MG/HR Transdermal System" gives 25 micrograms an hour.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum

import msgspec


class Per(StrEnum):
    """What a strength is for."""

    PIECE = "piece"  # tablet, capsule, actuation
    ML = "ml"
    HOUR = "hour"  # transdermal


class Strength(msgspec.Struct, frozen=True):
    """An amount of one ingredient: mg a piece, mg a mL, or micrograms an hour."""

    amount: Decimal
    per: Per


MG_IN = {
    "mg": Decimal(1),
    "mcg": Decimal("0.001"),
    "ug": Decimal("0.001"),
    "µg": Decimal("0.001"),
    "g": Decimal(1000),
    "gm": Decimal(1000),
}
_AMOUNT = re.compile(
    r"(?<![\w.])(?P<amount>\d{1,3}(?:,\d{3})+|\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})"
    r"[ -]?(?P<unit>mg|mcg|ug|µg|gm?)\b"
    r"(?:\s?/\s?(?P<number>\d{1,5}(?:\.\d{1,5})?)?\s?(?P<per>ml|hrs?|hours?|h|actuat|mg|g|l|gm|cm2|sqcm)\b)?",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-z]+")
_PER_HOUR = frozenset({"h", "hr", "hrs", "hour", "hours"})
UG_IN_MG = 1000
LONGEST_NAME = 1000  # characters; a longer text is no product name


def strengths_in(name: str, ingredients: Iterable[str]) -> Mapping[str, Strength]:
    """The strength of each ingredient that the name tells without doubt.

    Args:
        name: As RxNorm or the chart displays it; components are set apart by " / ".
        ingredients: Names of one word, in lower case.

    Returns:
        Strengths by ingredient; an ingredient whose share cannot be told is left out.
    """
    if len(name) > LONGEST_NAME:
        return {}
    components = name.split(" / ")
    wanted = tuple(ingredients)
    found: dict[str, Strength] = {}
    for component in components:
        amounts = list(_AMOUNT.finditer(component))
        words = set(_WORD.findall(component.lower()))
        named = [i for i in wanted if i in words]
        if len(components) == 1 and len(wanted) == 1:
            named = list(wanted)
        if len(amounts) == 1 and len(named) == 1:
            strength = _strength(amounts[0])
            if strength is not None:
                found[named[0]] = _with(strength, found.get(named[0]))
    return found


def _with(strength: Strength, other: Strength | None) -> Strength:
    """Two salts of one ingredient in a product add up."""
    if other is None or other.per is not strength.per:
        return strength
    return Strength(strength.amount + other.amount, strength.per)


def is_single(name: str) -> bool:
    """Whether a product has one component, so that a dose in mg is a dose of it."""
    return " / " not in name


def _strength(match: re.Match[str]) -> Strength | None:
    try:
        amount = Decimal(match["amount"].replace(",", "")) * MG_IN[match["unit"].lower()]
        number = Decimal(match["number"] or 1)
    except InvalidOperation:
        return None
    per = (match["per"] or "").lower()
    if number == 0:
        return None
    if per in ("", "actuat"):
        return Strength(amount, Per.PIECE)
    if per == "ml":
        return Strength(amount / number, Per.ML)
    if per in _PER_HOUR:
        return Strength(amount * UG_IN_MG / number, Per.HOUR)
    return None  # mg/mg and the like: creams and gels
