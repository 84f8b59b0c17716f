"""Fewer doses a day in a dosage instruction: its timing, its ceiling, and words that say how often.

The timing is changed as it is written: the frequency where it counts times a day, the period where
it counts hours. A code of the timing, which would say the old number, says the new one in words.
"""

from dataclasses import dataclass
from decimal import Decimal

from cards.dose_ceilings import ceiling_lowered
from cards.dose_edits import dose_of, doses_of, is_measured
from cards.draft_words import has_number, words_of
from cards.opaque import DraftJson, in_the_one, json_number, json_object, plain_number, without_empty
from cards.rhythm_words import said_anew, tells_time

_HOURS = Decimal(24)
# Elements of a timing that say when or how often beside frequency and period.
_OTHERWISE_TIMED = ("dayOfWeek", "timeOfDay", "when", "offset", "frequencyMax", "count", "countMax")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rarer:
    """Another number of doses a day."""

    times: Decimal  # doses a day from now on
    before: Decimal  # … as the order has it
    rhythm: str  # the new one in words
    a_day: Decimal | None  # what is then taken a day, in the unit of the dose; None: not known


def with_frequency(draft: DraftJson, rarer: Rarer) -> DraftJson | None:
    """A MedicationRequest with fewer doses a day of its one dosage.

    Returns:
        The changed draft; None where the timing is another than frequency and period, or where words
        or a ceiling would contradict the change and cannot be changed safely.
    """
    said = [*words_of(draft.get("note")), *words_of(draft.get("renderedDosageInstruction"))]
    if any(tells_time(words) for words in said):
        return None
    changed = in_the_one(draft, "dosageInstruction", lambda dosage: _dosage_with(dosage, rarer))
    return None if changed is None else without_empty(changed)


def _dosage_with(dosage: DraftJson, rarer: Rarer) -> DraftJson | None:
    if any(tells_time(said) or has_number(said) for said in words_of(dosage.get("additionalInstruction"))):
        return None
    timed = in_the_one(dosage, "timing", lambda timing: _timing_with(timing, rarer))
    capped = None if timed is None else ceiling_lowered(timed, dose_of(dosage), rarer.a_day)
    return None if capped is None else _told(capped, rarer)


def _timing_with(timing: DraftJson, rarer: Rarer) -> DraftJson | None:
    if timing.get("event"):
        return None
    repeat = _repeat_with(json_object(timing.get("repeat")) or {}, rarer.times)
    if repeat is None:
        return None
    code = {"code": {"text": rarer.rhythm}} if timing.get("code") else {}
    return {**timing, **code, "repeat": repeat}


def _repeat_with(repeat: DraftJson, times: Decimal) -> DraftJson | None:
    if any(repeat.get(name) for name in _OTHERWISE_TIMED):
        return None
    unit, period = repeat.get("periodUnit"), json_number(repeat.get("period", 1))
    if unit is None:  # a code alone says how often
        is_coded = "frequency" not in repeat and "period" not in repeat
        a_day = {"frequency": plain_number(times), "period": 1, "periodUnit": "d"}
        return {**repeat, **a_day} if is_coded else None
    if (unit, period) in (("d", 1), ("h", _HOURS)):
        return None if "periodMax" in repeat else {**repeat, "frequency": plain_number(times)}
    if unit != "h" or json_number(repeat.get("frequency", 1)) != 1:
        return None
    return _interval_with(repeat, _HOURS / times)


def _interval_with(repeat: DraftJson, hours: Decimal) -> DraftJson | None:
    """Every so many hours; "every 4 to 6 hours" becomes one number, where it would not exceed it."""
    changed = {**repeat, "period": plain_number(hours)}
    if "periodMax" in changed:
        longest = json_number(changed.pop("periodMax"))
        if longest is None or longest > hours:
            return None
    return changed


def _told(dosage: DraftJson, rarer: Rarer) -> DraftJson | None:
    """With its words saying the new rhythm; None where that is unclear."""
    doses = None if is_measured(dose_of(dosage) or {}) else doses_of(dosage)
    changed = dict(dosage)
    for name in ("text", "patientInstruction"):
        words = dosage.get(name)
        if isinstance(words, str):
            anew = said_anew(words, doses, rarer.before, rarer.rhythm)
            if anew is None:
                return None
            changed[name] = anew
    return changed
