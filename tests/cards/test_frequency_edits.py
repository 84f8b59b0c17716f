"""Fewer doses a day, and words that do not contradict it."""

import json
from decimal import Decimal
from typing import Any

import pytest

from cards.frequency_edits import Rarer, with_frequency
from tests.cards.guard_making import ENCODER, a_draft

DOSE = {"doseAndRate": [{"doseQuantity": {"value": 1, "unit": "capsule"}}]}
THREE_A_DAY = {"repeat": {"frequency": 3, "period": 1, "periodUnit": "d"}}
TO_TWO = Rarer(times=Decimal(2), before=Decimal(3), rhythm="2 times a day", a_day=Decimal(2))
TO_EVERY_EIGHT_HOURS = Rarer(times=Decimal(3), before=Decimal(6), rhythm="every 8 hours", a_day=Decimal(3))


def changed(dosage: dict[str, Any], rarer: Rarer = TO_TWO, **more: Any) -> Any:
    """The one Dosage after the change; None where there is none."""
    draft = a_draft(json.dumps({"id": "m1", "dosageInstruction": [{**DOSE, **dosage}], **more}))
    after = with_frequency(draft, rarer)
    if after is None:
        return None
    (found,) = json.loads(ENCODER.encode(after))["dosageInstruction"]
    return found


def timed(timing: Any, rarer: Rarer = TO_TWO) -> Any:
    found = changed({"timing": timing}, rarer)
    return None if found is None else found["timing"]


def said(words: str, rarer: Rarer = TO_TWO, *, name: str = "text") -> Any:
    found = changed({"timing": THREE_A_DAY if rarer is TO_TWO else every(4), name: words}, rarer)
    return None if found is None else found[name]


def every(hours: float, **more: object) -> dict[str, Any]:
    return {"repeat": {"frequency": 1, "period": hours, "periodUnit": "h", **more}}


def test_nothing_but_the_frequency_changes() -> None:
    order = {"sequence": 1, "asNeededBoolean": True, "route": {"text": "PO"}}
    bounds = {"boundsPeriod": {"start": "2026-11-22"}}

    after = changed({**order, "timing": {"repeat": {**THREE_A_DAY["repeat"], **bounds}}})

    expected = {"frequency": 2, "period": 1, "periodUnit": "d", **bounds}
    assert after == {**DOSE, **order, "timing": {"repeat": expected}}


@pytest.mark.parametrize(
    ("timing", "expected"),
    [
        (every(4), every(8)),
        (every(4, periodMax=6), every(8)),
        (every(4, periodMax=8), every(8)),
        ({"repeat": {"period": 4, "periodUnit": "h"}}, {"repeat": {"period": 8, "periodUnit": "h"}}),
        (every(4, periodMax=12), None),
        (every(4, frequency=2), None),
        (every(4, frequencyMax=2), None),
    ],
)
def test_an_interval_grows(timing: Any, expected: Any) -> None:
    assert timed(timing, TO_EVERY_EIGHT_HOURS) == expected


@pytest.mark.parametrize(
    "repeat",
    [
        {"frequency": 3, "period": 24, "periodUnit": "h"},
        {"frequency": 3, "periodUnit": "d"},
    ],
)
def test_a_day_is_known_in_hours_and_without_a_period(repeat: dict[str, Any]) -> None:
    assert timed({"repeat": repeat}) == {"repeat": {**repeat, "frequency": 2}}


def test_a_code_says_the_new_rhythm_in_words() -> None:
    code = {"coding": [{"code": "TID"}], "text": "TID"}
    expected = {"code": {"text": "2 times a day"}, "repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}

    assert timed({"code": code, **THREE_A_DAY}) == expected
    assert timed({"code": code}) == expected


@pytest.mark.parametrize(
    "timing",
    [
        None,
        {"event": ["2026-11-22T08:00:00Z"], **THREE_A_DAY},
        {"repeat": {"timeOfDay": ["08:00:00", "14:00:00", "20:00:00"]}},
        {"repeat": {"when": ["CM", "CD", "CV"]}},
        {"repeat": {**THREE_A_DAY["repeat"], "dayOfWeek": ["mon"]}},
        {"repeat": {**THREE_A_DAY["repeat"], "frequencyMax": 4}},
        {"repeat": {**THREE_A_DAY["repeat"], "periodMax": 2}},
        {"repeat": {**THREE_A_DAY["repeat"], "count": 9}},
        {"repeat": {"frequency": 3, "period": 2, "periodUnit": "d"}},
        {"repeat": {"frequency": 21, "period": 1, "periodUnit": "wk"}},
        {"repeat": {"frequency": 3}},
    ],
)
def test_another_timing_is_not_changed(timing: Any) -> None:
    assert timed(timing) is None


@pytest.mark.parametrize("name", ["text", "patientInstruction"])
@pytest.mark.parametrize(
    ("words", "anew"),
    [
        ("Take 1 capsule three times a day", "Take 1 capsule 2 times a day"),
        ("Take 1 capsule 3 times daily with food", "Take 1 capsule 2 times a day with food"),
        ("1 CAP PO TID PRN", "1 CAP PO 2 times a day PRN"),
        ("1 cap t.i.d.", "1 cap 2 times a day"),
        ("one capsule 3x/day for pain", "one capsule 2 times a day for pain"),
        ("1 capsule every 8 hours", "1 capsule 2 times a day"),
        (
            "Take 1 capsule (300 mg total) by mouth 3 times daily for up to 5 days",
            "Take 1 capsule (300 mg total) by mouth 2 times a day for up to 5 days",
        ),
        ("Take 1 capsule by mouth as needed for pain", "Take 1 capsule by mouth as needed for pain"),
        ("As needed", "As needed"),
    ],
)
def test_words_that_say_how_often_say_the_new_rhythm(words: str, anew: str, name: str) -> None:
    assert said(words, name=name) == anew


@pytest.mark.parametrize(
    "words", ["1 tab every 4 hours", "1 tab q4h", "1 tab every 4-6 hours", "1 tab q 4 to 6 hrs"]
)
def test_words_that_say_an_interval_say_the_new_one(words: str) -> None:
    assert said(words, TO_EVERY_EIGHT_HOURS) == "1 tab every 8 hours"


@pytest.mark.parametrize(
    "words",
    [
        "Take 1 capsule twice daily",
        "Take 2 capsules three times a day",
        "1 capsule in the morning, at noon and at night",
        "1 capsule with meals",
        "1 capsule three times a day, at most 3 a day",
        "1 capsule three times a day (900 mg a day)",
        "1 capsule three times a day, 1 more at bedtime",
        "1 capsule three times a day, 8 am, 2 pm, 8 pm",
        "1 capsule TID, then 1 capsule BID",
        "3 a day",
        "3 daily",
        "Tome una c\u00e1psula tres veces al d\u00eda",
        "Tomar seg\u00fan indicaciones",
        "Daily",
        "See the leaflet",
        "1-2 capsules three times a day",
    ],
)
@pytest.mark.parametrize("name", ["text", "patientInstruction"])
def test_words_that_may_contradict_the_new_rhythm_are_not_handed_back(words: str, name: str) -> None:
    assert said(words, name=name) is None


def test_a_dose_in_milligrams_may_be_counted_in_capsules_by_its_words() -> None:
    def measured(words: str) -> Any:
        dose = {"doseAndRate": [{"doseQuantity": {"value": 300, "unit": "mg"}}]}
        found = changed({**dose, "timing": THREE_A_DAY, "text": words})
        return None if found is None else found["text"]

    epic = "Take 1 capsule (300 mg total) by mouth 3 times daily"
    assert measured(epic) == "Take 1 capsule (300 mg total) by mouth 2 times a day"
    assert measured("Take 1 capsule 3 times daily, 900 mg in all") is None


@pytest.mark.parametrize("words", ["Three times a day", "At bedtime", "With meals", "1 at once"])
def test_another_instruction_that_may_tell_the_rhythm_forbids_the_change(words: str) -> None:
    def instructed(instruction: str) -> Any:
        return changed({"timing": THREE_A_DAY, "additionalInstruction": [{"text": instruction}]})

    assert instructed(words) is None
    assert instructed("Swallow whole") is not None


@pytest.mark.parametrize("element", ["note", "renderedDosageInstruction"])
def test_words_beside_the_dosage_that_tell_the_rhythm_forbid_the_change(element: str) -> None:
    def beside(words: str) -> Any:
        said_there: Any = [{"text": words}] if element == "note" else words
        return changed({"timing": THREE_A_DAY}, **{element: said_there})

    assert beside("1 capsule TID") is None
    assert beside("Takes it at night") is None
    assert beside("By phone, room 7") is not None


def test_a_ceiling_is_lowered_too_or_there_is_no_change() -> None:
    def capped(unit: str) -> Any:
        most = {"numerator": {"value": 3, "unit": unit}, "denominator": {"value": 1, "unit": "d"}}
        return changed({"timing": THREE_A_DAY, "maxDosePerPeriod": [most]})

    assert capped("capsule")["maxDosePerPeriod"][0]["numerator"] == {"value": 2, "unit": "capsule"}
    assert capped("mg") is None


@pytest.mark.parametrize("dosages", [None, [], [{"timing": THREE_A_DAY}] * 2, "1 TID"])
def test_without_the_one_dosage_there_is_no_change(dosages: Any) -> None:
    assert with_frequency(a_draft(json.dumps({"id": "m1", "dosageInstruction": dosages})), TO_TWO) is None
