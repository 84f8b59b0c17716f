"""The client's own draft handed back with one change (design.md, decision 7).

A draft is opaque: whatever JSON the client sent, numbers as `Decimal` so that 1.50 stays 1.50. It is
neither validated nor changed; a change gives a new value with all else as it was, but for what is
null or empty (`cards.opaque.without_empty`). Where the place of a change does not have the shape that
FHIR gives it, or words of the order would contradict the change, there is none.
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_CEILING, Decimal

from cards.dose_edits import dosage_with, doses_of, names_a_dose
from cards.draft_words import has_duration, instructions_of, words_of
from cards.opaque import (
    DraftJson,
    elements,
    in_the_one,
    json_number,
    json_object,
    plain_number,
    the_one,
    without_empty,
)
from cards.resources import UCUM
from cards.timing_edits import DAY_UNITS, dosages_bounded
from pathway.rules import Coded

_OCCURRENCE = re.compile(r"_?occurrence(?:DateTime|Period|Timing)")


def with_occurrence(draft: DraftJson, day: date) -> DraftJson:
    """For another day: `occurrence[x]` becomes that date, whatever its type was."""
    kept: dict[str, object] = {}
    for name, value in draft.items():
        if not _OCCURRENCE.fullmatch(name):
            kept[name] = value
        else:
            kept["occurrenceDateTime"] = day
    return without_empty({**kept, "occurrenceDateTime": day})


def with_code(draft: DraftJson, coded: Coded) -> DraftJson | None:
    """With another code; the text, where there is one, says what the code says."""
    code = json_object(draft.get("code"))
    if code is None:
        return None
    text = {"text": coded.display} if "text" in code else {}
    coding = {"system": coded.system, "code": coded.code, "display": coded.display}
    return without_empty({**draft, "code": {**code, "coding": [coding], **text}})


def with_note(draft: DraftJson, text: str) -> DraftJson:
    """With one more note."""
    return without_empty({**draft, "note": [*elements(draft.get("note")), {"text": text}]})


def with_supply(draft: DraftJson, days: int, supply_days: Decimal | None) -> DraftJson | None:
    """For fewer days: the expected supply, and of the quantity the same share, in whole units.

    Args:
        draft: A MedicationRequest.
        days: How long the supply shall last.
        supply_days: How long it lasts as written; None where that is not known.

    Returns:
        The changed draft, without refills, its timing bounded to those days where it was bounded;
        None where it has a quantity of which the share cannot be computed, a bound that cannot be
        set, or words that tell a duration.
    """
    request = json_object(draft.get("dispenseRequest", {}))
    dosages = dosages_bounded(draft, days)
    if request is None or dosages is None or any(has_duration(said) for said in _words(draft)):
        return None
    changed = {**request, "expectedSupplyDuration": _in_days(request.get("expectedSupplyDuration"), days)}
    if (json_number(request.get("numberOfRepeatsAllowed")) or 0) > 0:
        changed["numberOfRepeatsAllowed"] = 0
    if "quantity" in request:
        quantity = json_object(request["quantity"])
        written = None if quantity is None else json_number(quantity.get("value"))
        if quantity is None or written is None or not supply_days:
            return None
        changed["quantity"] = {**quantity, "value": _share(written, days, supply_days)}
    return without_empty({**draft, **dosages, "dispenseRequest": changed})


def with_dose(draft: DraftJson, dose: Decimal, a_day: Decimal | None = None) -> DraftJson | None:
    """With another single dose of the one dosage, in the order's own unit (`cards.dose_edits`).

    Args:
        draft: A MedicationRequest.
        dose: The new single dose.
        a_day: What is then taken a day, in the same unit; None where that is not known.

    Returns:
        The changed draft; None where the dose stands in words alone, or in words that name it in a
        way that cannot be changed safely.
    """
    dosage = the_one(draft.get("dosageInstruction"))
    old = () if dosage is None else doses_of(dosage)
    said = [*words_of(draft.get("note")), *words_of(draft.get("renderedDosageInstruction"))]
    if any(names_a_dose(words, old) for words in said):
        return None
    changed = in_the_one(draft, "dosageInstruction", lambda dosage: dosage_with(dosage, dose, a_day))
    return None if changed is None else without_empty(changed)


def _words(draft: DraftJson) -> Iterator[str]:
    """All that the order says about its use."""
    yield from words_of(draft.get("note"))
    for element in elements(draft.get("dosageInstruction")):
        dosage = json_object(element) or {}
        yield from words_of(dosage.get("text"))
        yield from instructions_of(dosage)


def _in_days(duration: object, days: int) -> DraftJson:
    """A duration of so many days; a unit that says days is left as it is spelled."""
    known = json_object(duration) or {}
    units = [known[name] for name in ("code", "unit") if name in known]
    if units and all(unit in DAY_UNITS for unit in units):
        return {**known, "value": days}
    return {**known, "value": days, "unit": "d", "system": UCUM, "code": "d"}


def _share(written: Decimal, days: int, supply_days: Decimal) -> int | Decimal:
    """What lasts for `days` of a quantity that lasts for `supply_days`: whole units, never more."""
    share = (written * days / supply_days).to_integral_value(rounding=ROUND_CEILING)
    return plain_number(min(share, written))
