"""Another single dose, and words that do not contradict it."""

import json
from decimal import Decimal
from typing import Any

import pytest

from cards.draft_edits import with_dose
from tests.cards.guard_making import ENCODER, a_draft


def dosed(dosage: str, dose: str = "1") -> Any:
    """The `dosageInstruction` of a draft after the change; None where there is none."""
    changed = with_dose(a_draft(f'{{"id": "m1", "dosageInstruction": {dosage}}}'), Decimal(dose))
    if changed is None:
        return None
    return json.loads(ENCODER.encode(changed), parse_float=Decimal)["dosageInstruction"]


def test_only_the_value_of_the_dose_changes() -> None:
    dosage = (
        '{"sequence": 1, "timing": {"repeat": {"frequency": 4, "period": 1.0, "periodUnit": "d"}},'
        ' "doseAndRate": [{"type": {"text": "ordered"}, "doseQuantity": %s}]}'
    )

    (changed,) = dosed("[" + dosage % '{"value": 2.0, "unit": "tablet", "code": "{tablet}"}' + "]")

    assert changed == a_draft(dosage % '{"value": 1, "unit": "tablet", "code": "{tablet}"}')


@pytest.mark.parametrize(
    ("limits", "changed"),
    [
        ('{"low": {"value": 1}, "high": {"value": 4}}', {"low": {"value": 1}, "high": {"value": 2}}),
        ('{"low": {"value": 3}, "high": {"value": 4}}', {"low": {"value": 2}, "high": {"value": 2}}),
        ('{"high": {"value": 4, "unit": "mg"}}', {"high": {"value": 2, "unit": "mg"}}),
        ('{"low": {"value": 3}}', {"low": {"value": 2}}),
    ],
)
def test_of_a_range_the_upper_end_changes_and_the_lower_stays_below_it(limits: str, changed: object) -> None:
    (dosage,) = dosed(f'[{{"doseAndRate": [{{"doseRange": {limits}}}]}}]', "2")

    assert dosage == {"doseAndRate": [{"doseRange": changed}]}


@pytest.mark.parametrize(
    ("dosage", "changed"),
    [
        (
            '{"doseAndRate": {"doseQuantity": {"value": 2}}}',
            {"doseAndRate": {"doseQuantity": {"value": 1}}},
        ),
        ('[{"doseQuantity": {"value": 2}}]', [{"doseQuantity": {"value": 1}}]),
    ],
)
def test_a_dose_is_found_where_clients_put_it(dosage: str, changed: object) -> None:
    assert dosed(dosage) == changed


@pytest.mark.parametrize(("dose", "shown"), [("1E+1", b"10"), ("0.50", b"0.5"), ("37.5", b"37.5")])
def test_a_new_dose_is_a_plain_number(dose: str, shown: bytes) -> None:
    draft = a_draft('{"dosageInstruction": [{"doseQuantity": {"value": 40}}]}')

    assert b'{"value":' + shown + b"}" in ENCODER.encode(with_dose(draft, Decimal(dose)))


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("Take 2 tablets every 6 hours", "Take 1 tablets every 6 hours"),
        ("2 TAB PO QID", "1 TAB PO QID"),
        ("Every 6 hours as needed", "Every 6 hours as needed"),
        ("As needed", "As needed"),
        ("Take 2 tablets every 2 hours", "Take 1 tablets every 2 hours"),
        ("Take 2 tablets every 2-4 hours, 2 times a day", "Take 1 tablets every 2-4 hours, 2 times a day"),
        ("2 caps q2h", "1 caps q2h"),
    ],
)
def test_words_that_name_the_dose_name_the_new_one(text: str, changed: str) -> None:
    dosage = {"text": text, "doseQuantity": {"value": 2}}

    assert dosed(json.dumps([dosage])) == [{"text": changed, "doseQuantity": {"value": 1}}]


@pytest.mark.parametrize(
    "text",
    [
        "1-2 tablets every 6 hours",
        "1 to 2 tablets every 6 hours",
        "Two tablets every 6 hours",
        "3 tablets every 6 hours",
        "2 tablets (100 mg) every 6 hours",
        "2 tablets in the morning, 2 tablets at night",
        "Take 2 po q6h",
        "Take 2.0 po q6h",
        "Take two po q6h",
        "Take 1-2 po q6h",
        "Take 2 every six hours",
        "Take 2tabs every 6 hours",
        "2 (2) tablets every 6 hours",
        "2 tablets, then 2 at night",
        "2 tablets (two) at night",
        "1/2 tablet",
        "Take 1/2 po",
        "0,5 po",
        "\u00bd tablet",
        "1\u00bd po",
    ],
)
def test_words_that_would_contradict_the_new_dose_are_not_handed_back(text: str) -> None:
    assert dosed(json.dumps([{"text": text, "doseQuantity": {"value": 2}}])) is None


@pytest.mark.parametrize(
    "dosage",
    [
        '[{"text": "2 tablets daily"}]',
        "[]",
        "null",
        '"2 tablets"',
        '[{"doseQuantity": {"value": 2}}, {"doseQuantity": {"value": 2}}]',
        '[{"doseAndRate": [{"doseQuantity": {"value": 2}}, {"doseQuantity": {"value": 3}}]}]',
        '[{"doseAndRate": [{}]}]',
        '[{"doseAndRate": [{"doseQuantity": {"unit": "mg"}}]}]',
        '[{"doseQuantity": {"value": "2"}}]',
    ],
)
def test_without_one_dose_in_numbers_there_is_no_change(dosage: str) -> None:
    assert dosed(dosage) is None


@pytest.mark.parametrize("low", ["1", "3"])
def test_words_may_name_either_end_of_a_range(low: str) -> None:
    limits = {"low": {"value": int(low)}, "high": {"value": 4}}

    assert dosed(json.dumps([{"text": f"Take {low} po q6h", "doseRange": limits}]), "2") is None


@pytest.mark.parametrize(
    "words", ["One at night", "HALF a tablet", "not more than ten", "Take 2 tablets, never 8"]
)
@pytest.mark.parametrize(
    "instruction",
    [
        {"patientInstruction": "%s"},
        {"additionalInstruction": [{"text": "With food"}, {"text": "%s"}]},
        {"additionalInstruction": {"text": "%s"}},
        {"additionalInstruction": [{"coding": [{"display": "%s"}]}]},
    ],
)
def test_an_instruction_that_tells_a_number_forbids_another_dose(
    instruction: dict[str, Any], words: str
) -> None:
    dosage = json.dumps([{"doseQuantity": {"value": 2}, **instruction}])

    assert dosed(dosage % words) is None
    assert dosed(dosage % "With food, often") is not None


def test_what_the_patient_reads_names_the_new_dose() -> None:
    dosage = {"text": "3 tablets QID", "patientInstruction": "Take 3 tablets 4 times daily with food"}

    (changed,) = dosed(json.dumps([{"doseQuantity": {"value": 3}, **dosage}]))

    assert changed["text"] == "1 tablets QID"
    assert changed["patientInstruction"] == "Take 1 tablets 4 times daily with food"


@pytest.mark.parametrize("instruction", ["additionalInstruction", "patientInstruction"])
def test_an_instruction_without_numbers_allows_another_dose(instruction: str) -> None:
    dosage = [{"doseQuantity": {"value": 2}, instruction: "With food"}]

    assert dosed(json.dumps(dosage)) == [{"doseQuantity": {"value": 1}, instruction: "With food"}]


def test_a_rendered_instruction_that_names_the_dose_forbids_another() -> None:
    draft = {"dosageInstruction": [{"doseQuantity": {"value": 2}}]}

    assert with_dose({**draft, "renderedDosageInstruction": "2 tablets q6h"}, Decimal(1)) is None
    assert with_dose({**draft, "renderedDosageInstruction": "as needed"}, Decimal(1)) is not None


@pytest.mark.parametrize(
    ("numerator", "denominator", "lowered"),
    [
        ({"value": 8, "unit": "tablet"}, {"value": 1, "unit": "d"}, 4),
        ({"value": 8, "unit": "tablet"}, {"unit": "day"}, 4),
        ({"value": 3, "unit": "tablet"}, {"value": 1, "code": "d"}, 3),
        ({"value": 400, "unit": "mg"}, {"value": 1, "unit": "d"}, None),
        ({"value": 8, "unit": "tablet"}, {"value": 24, "unit": "h"}, None),
        ({"value": 8, "unit": "tablet"}, {"value": 2, "unit": "d"}, None),
        ({"unit": "tablet"}, {"value": 1, "unit": "d"}, None),
    ],
)
def test_a_ceiling_is_lowered_to_what_is_then_taken(
    numerator: dict[str, Any], denominator: dict[str, Any], lowered: int | None
) -> None:
    most = {"numerator": numerator, "denominator": denominator}
    dosage = {"doseQuantity": {"value": 2, "unit": "tablet"}, "maxDosePerPeriod": most}
    draft = a_draft(json.dumps({"dosageInstruction": [dosage]}))

    changed = with_dose(draft, Decimal(1), Decimal(4))

    assert with_dose(draft, Decimal(1)) is None
    if lowered is None:
        assert changed is None
    else:
        (dosed_,) = json.loads(ENCODER.encode(changed))["dosageInstruction"]
        assert dosed_["maxDosePerPeriod"] == {**most, "numerator": {**numerator, "value": lowered}}


@pytest.mark.parametrize("note", ["Take 2 po", "give two", "2 tablets at night", "3 tabs at most"])
def test_a_note_that_may_name_the_dose_forbids_another(note: str) -> None:
    draft = {"id": "m1", "dosageInstruction": [{"doseQuantity": {"value": 2}}]}

    for notes in ([{"text": "By phone"}, {"text": note}], {"text": note}, note):
        assert with_dose({**draft, "note": notes}, Decimal(1)) is None
    assert with_dose({**draft, "note": [{"text": "Every 2 hours, room 7"}]}, Decimal(1)) is not None
