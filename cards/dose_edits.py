"""Another single dose in a dosage instruction, in the order's own unit.

Of a range the upper end changes, and the lower one where it would exceed it. An instruction in
words that names the old dose names the new one.
"""

import re
from decimal import Decimal

from cards.opaque import DraftJson, in_the_one, json_number, json_object, plain_number, the_one

_RATED = "doseAndRate"
# "2 tablets", "1-2 caps", "two tabs", "50 mg": a dose as instructions in words name it.
_DOSE_IN_WORDS = re.compile(
    r"(?P<range>[\d.]{1,9}\s?(?:-|\u2013|to)\s?)?"
    r"\b(?P<number>\d{1,9}(?:\.\d{1,9})?|one|two|three|four|five|six|half)\b[\s-]*"
    r"(?:\(\w{1,9}\)\s*)?(?:tab|cap|pill|patch|film|mg|mcg|ml|unit|dose|spray)",
    re.IGNORECASE,
)


def dosage_with(dosage: DraftJson, dose: Decimal) -> DraftJson | None:
    """A Dosage with another dose; None where it has none in numbers, or words that contradict it."""
    if _RATED in dosage:
        old = _dose_of(the_one(dosage[_RATED]))
        changed = in_the_one(dosage, _RATED, lambda rated: _rated_with(rated, dose))
    else:  # dose[x] where STU3 had it
        old = _dose_of(dosage)
        changed = _rated_with(dosage, dose)
    return None if changed is None or old is None else _told(changed, old, dose)


def _dose_of(rated: DraftJson | None) -> Decimal | None:
    """The dose as written, the upper end of a range."""
    if rated is None:
        return None
    quantity = json_object(rated.get("doseQuantity"))
    if quantity is None:
        limits = json_object(rated.get("doseRange")) or {}
        quantity = json_object(limits.get("high")) or json_object(limits.get("low")) or {}
    return json_number(quantity.get("value"))


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


def _told(dosage: DraftJson, old: Decimal, dose: Decimal) -> DraftJson | None:
    """With its words changed where they name the old dose once; None where that is unclear.

    Words that name no dose ("every 6 hours as needed") stay as they are.
    """
    text = dosage.get("text")
    named = list(_DOSE_IN_WORDS.finditer(text)) if isinstance(text, str) else []
    if not named:
        return dosage
    number = named[0]["number"]
    if len(named) > 1 or named[0]["range"] or not number[0].isdigit() or Decimal(number) != old:
        return None
    start, end = named[0].span("number")
    told = named[0].string
    return {**dosage, "text": f"{told[:start]}{plain_number(dose)}{told[end:]}"}
