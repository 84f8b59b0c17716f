"""Another single dose in a dosage instruction, in the order's own unit.

Of a range the upper end changes, and the lower one where it would exceed it. An instruction in
words that names the old dose names the new one; where other words may name it too, or tell numbers
of their own, there is no change.
"""

import re
from collections.abc import Collection
from decimal import Decimal

from cards.dose_ceilings import ceiling_lowered
from cards.draft_words import has_number, may_name, words_of
from cards.opaque import DraftJson, in_the_one, json_number, json_object, plain_number, the_one
from cards.rhythm_words import without_rhythm
from pathway.drafts import MEASURES

_RATED = "doseAndRate"
# "2 tablets", "1-2 caps", "two tabs", "50 mg": a dose as instructions in words name it.
_DOSE_IN_WORDS = re.compile(
    r"(?P<range>[\d.]{1,9}\s?(?:-|\u2013|to|or|/)\s?)?"
    r"(?<![\d.,/])\b(?P<number>\d{1,9}(?:\.\d{1,9})?|one|two|three|four|five|six|seven|eight|nine|ten|half)\b[\s-]*"
    r"(?:\(\w{1,9}\)\s*)?(?:tab|cap|pill|patch|film|mg|mcg|ml|unit|dose|spray)",
    re.IGNORECASE,
)


def dosage_with(dosage: DraftJson, dose: Decimal, a_day: Decimal | None = None) -> DraftJson | None:
    """A Dosage with another dose; None where it has none in numbers, or words that contradict it.

    Args:
        dosage: The Dosage.
        dose: The new single dose, in its own unit.
        a_day: What is then taken a day, in that unit, for a ceiling; None where that is not known.
    """
    if any(has_number(said) for said in words_of(dosage.get("additionalInstruction"))):
        return None
    old = doses_of(dosage)
    if _RATED in dosage:
        changed = in_the_one(dosage, _RATED, lambda rated: _rated_with(rated, dose))
    else:  # dose[x] where STU3 had it
        changed = _rated_with(dosage, dose)
    capped = None if changed is None or not old else ceiling_lowered(changed, dose_of(dosage), a_day)
    return None if capped is None else _told(capped, old, dose)


def doses_of(dosage: DraftJson) -> tuple[Decimal, ...]:
    """The single dose as written, of a range the upper end before the lower; empty without numbers."""
    amounts = (json_number(quantity.get("value")) for quantity in _quantities(dosage))
    return tuple(amount for amount in amounts if amount is not None)


def dose_of(dosage: DraftJson) -> DraftJson | None:
    """The single dose as a Quantity, of a range the upper end; None without one."""
    return next(iter(_quantities(dosage)), None)


def is_measured(quantity: DraftJson) -> bool:
    """Whether a dose is so many milligrams or the like, not so many tablets."""
    return any(
        isinstance(unit, str) and unit.lower() in MEASURES
        for unit in (quantity.get("unit"), quantity.get("code"))
    )


def _quantities(dosage: DraftJson) -> list[DraftJson]:
    rated = (the_one(dosage[_RATED]) if _RATED in dosage else dosage) or {}
    quantity = json_object(rated.get("doseQuantity"))
    if quantity is not None:
        return [quantity]
    limits = json_object(rated.get("doseRange")) or {}
    ends = (json_object(limits.get(name)) for name in ("high", "low"))
    return [end for end in ends if end is not None]


def names_a_dose(words: str, doses: Collection[Decimal]) -> bool:
    """Whether words name any dose with its unit, or may name one of these without."""
    return _DOSE_IN_WORDS.search(words) is not None or may_name(words, doses)


def _rated_with(rated: DraftJson, dose: Decimal) -> DraftJson | None:
    """An element that has dose[x], with another dose."""
    quantity = json_object(rated.get("doseQuantity"))
    if quantity is not None:
        return {**rated, "doseQuantity": _amount(quantity, dose)}
    limits = json_object(rated.get("doseRange"))
    return None if limits is None else {**rated, "doseRange": _lowered(limits, dose)}


def _lowered(limits: DraftJson, dose: Decimal) -> DraftJson:
    """A range that ends at `dose`."""
    changed = dict(limits)
    for name in ("low", "high"):
        end = json_object(limits.get(name))
        value = None if end is None else json_number(end.get("value"))
        if end is not None and value is not None and (name == "high" or value > dose):
            changed[name] = _amount(end, dose)
    return changed


def _amount(quantity: DraftJson, value: Decimal) -> DraftJson:
    return {**quantity, "value": plain_number(value)}


def _told(dosage: DraftJson, old: tuple[Decimal, ...], dose: Decimal) -> DraftJson | None:
    """With its words changed where they name the old dose once; None where that is unclear."""
    changed = dict(dosage)
    for name in ("text", "patientInstruction"):
        words = dosage.get(name)
        if isinstance(words, str):
            anew = _said_anew(words, old, dose, is_strict=name == "patientInstruction")
            if anew is None:
                return None
            changed[name] = anew
    return changed


def _said_anew(text: str, old: tuple[Decimal, ...], dose: Decimal, *, is_strict: bool) -> str | None:
    """Words that name no dose ("every 6 hours as needed") stay as they are.

    Where it is strict, they may tell no number but the dose and how often it is taken.
    """
    named = list(_DOSE_IN_WORDS.finditer(text))
    if not named:
        return None if may_name(text, old) or (is_strict and has_number(text)) else text
    number = named[0]["number"]
    if len(named) > 1 or named[0]["range"] or not number[0].isdigit() or Decimal(number) != old[0]:
        return None
    start, end = named[0].span("number")
    beside = without_rhythm(f"{text[:start]} {text[end:]}")
    if may_name(text, old, but=start) or (is_strict and has_number(beside)):
        return None
    return f"{text[:start]}{plain_number(dose)}{text[end:]}"
