from decimal import Decimal
from typing import Any

import pytest

from tests.fhir_mappings.making import RXNORM, Json, facts, gaps_of, request


def dosage(dose: Any = None, timing: Json | None = None, **elements: Any) -> Json:
    made: Json = dict(elements)
    if dose is not None:
        made["doseAndRate"] = [{"doseQuantity": dose}]
    if timing is not None:
        made["timing"] = timing
    return made


def every(frequency: Any = 1, period: Any = 1, unit: str = "d", **more: Any) -> Json:
    return {"repeat": {"frequency": frequency, "period": period, "periodUnit": unit} | more}


def named(code: str) -> Json:
    return {"code": {"coding": [{"code": code}]}}


TABLET = {"value": 1, "unit": "tablet"}


def drug(code: str = "198014", *dosages: Json, **elements: Any) -> Any:
    found = facts(request(code, dosageInstruction=list(dosages), **elements))
    assert len(found.drugs) == 1
    return found.drugs[0]


@pytest.mark.parametrize(
    ("dose", "timing", "a_day"),
    [
        (TABLET, every(2), 1000),
        ({"value": 1, "code": "{tablet}", "system": "http://unitsofmeasure.org"}, every(2), 1000),
        ({"value": 1, "code": "{pill}"}, every(1), 500),
        ({"value": 1, "code": "TAB"}, every(1), 500),
        ({"value": 2, "unit": "Tablets"}, every(1), 1000),
        ({"value": 1}, every(3), 1500),
        ({"value": 0.5, "unit": "tablet(s)"}, every(2), 500),
        ({"value": 500, "unit": "mg"}, every(2), 1000),
        ({"value": 0.5, "unit": "g"}, every(2), 1000),
        ({"value": 500000, "unit": "ug"}, every(2), 1000),
        (TABLET, every(1, 12, "h"), 1000),
        (TABLET, every(1, 8, "h"), 1500),
        (TABLET, every(1, 2, "d"), 250),
        (TABLET, every(1, frequencyMax=3), 1500),
        (TABLET, every(1, 4, "h", periodMax=6), 3000),
        (TABLET, {"repeat": {"period": 1, "periodUnit": "d"}}, 500),
        (TABLET, {"repeat": {"timeOfDay": ["08:00:00", "20:00:00"]}}, 1000),
        (TABLET, {"repeat": {"when": ["ACM", "ACD", "ACV"]}}, 1500),
        (TABLET, named("BID"), 1000),
        (TABLET, named("TID"), 1500),
        (TABLET, named("QID"), 2000),
        (TABLET, named("QD"), 500),
        (TABLET, named("QHS"), 500),
        (TABLET, named("Q4H"), 3000),
        (TABLET, named("Q4-6H"), 3000),
        (TABLET, named("QOD"), 250),
        (TABLET, {"code": {"text": "q 12 h"}}, 1000),
        (TABLET, {"code": {"text": "b.i.d."}}, 1000),
    ],
)
def test_the_daily_dose_is_dose_times_administrations(dose: Json, timing: Json, a_day: int) -> None:
    assert drug("198014", dosage(dose, timing)).substances[0].daily_dose == a_day


@pytest.mark.parametrize(
    ("dose", "timing"),
    [
        (None, every(2)),
        (TABLET, None),
        (TABLET, named("PRN")),
        (TABLET, every(1, 0)),
        (TABLET, every(1, 1, "fortnight")),
        (TABLET, every(-1)),
        ({"value": 5, "unit": "smidgen"}, every(2)),
        ({"value": 500}, every(2)),  # without unit: more likely mg than 500 tablets
        ({"value": 5, "unit": "mL"}, every(2)),  # of a tablet
        ({"unit": "mg"}, every(2)),
    ],
)
def test_a_dose_that_cannot_be_computed_is_unknown(dose: Json | None, timing: Json | None) -> None:
    assert drug("198014", dosage(dose, timing)).substances[0].daily_dose is None


def test_of_a_range_the_upper_end_counts() -> None:
    ranged = {"doseAndRate": [{"doseRange": {"low": TABLET, "high": {"value": 2, "unit": "tablet"}}}]}

    assert drug("198014", ranged | {"timing": every(2)}).substances[0].daily_dose == 2000


@pytest.mark.parametrize("shape", [lambda ratio: ratio, lambda ratio: [ratio]])
def test_a_ceiling_lowers_the_maximum_and_stands_in_for_missing_timing(shape: Any) -> None:
    four = shape({"numerator": {"value": 4, "unit": "tablet"}, "denominator": {"value": 1, "unit": "d"}})

    by_timing = drug("835603", dosage({"value": 2, "unit": "tablet"}, named("Q4H"), maxDosePerPeriod=four))
    alone = drug("835603", dosage(TABLET, asNeededBoolean=True, maxDosePerPeriod=four))

    assert [by_timing.substances[0].daily_dose, alone.substances[0].daily_dose] == [200, 200]


def test_dosages_taken_together_add_up_and_steps_do_not() -> None:
    morning, evening = dosage(TABLET, named("AM")), dosage({"value": 2, "unit": "tablet"}, named("PM"))
    first, then = dosage(TABLET, named("QD"), sequence=1), dosage(TABLET, named("BID"), sequence=2)

    assert drug("198014", morning, evening).substances[0].daily_dose == 1500
    assert drug("198014", first, then).substances[0].daily_dose == 1000
    assert drug("198014", morning, dosage(TABLET)).substances[0].daily_dose is None


def test_each_ingredient_of_a_combination_has_its_own_strength() -> None:
    text = "Acetaminophen 325 MG / Oxycodone Hydrochloride 7.5 MG Oral Tablet"
    by_name = {"medicationCodeableConcept": {"text": text}}

    taken = drug("0", dosage(TABLET, named("QID")), **by_name)
    in_mg = drug("0", dosage({"value": 7.5, "unit": "mg"}, named("QID")), **by_name)

    assert [(s.ingredient, s.daily_dose) for s in taken.substances] == [
        ("acetaminophen", 1300),
        ("oxycodone", Decimal("30.0")),
    ]
    assert [s.daily_dose for s in in_mg.substances] == [None, None]


def test_an_ambiguous_strength_is_unknown() -> None:
    text = "Oxycodone-acetaminophen 5-325 mg tablet"

    taken = drug("0", dosage(TABLET, named("QID")), medicationCodeableConcept={"text": text})

    assert [s.daily_dose for s in taken.substances] == [None, None]


def test_a_solution_is_measured_in_millilitres() -> None:
    text = "Gabapentin 50 MG/ML Oral Solution"

    taken = drug(
        "0", dosage({"value": 6, "unit": "mL"}, named("TID")), medicationCodeableConcept={"text": text}
    )

    assert taken.substances[0].daily_dose == 900


@pytest.mark.parametrize(
    ("dose", "rate"),
    [
        ({"value": 1, "unit": "patch"}, 25),
        ({"value": 2, "unit": "patches"}, 50),
        ({"value": 25, "unit": "ug/h"}, 25),
        (None, None),
    ],
)
def test_a_patch_has_its_rate_whatever_the_change_interval(dose: Json | None, rate: int | None) -> None:
    text = "72 HR Fentanyl 0.025 MG/HR Transdermal System"

    patch = drug("0", dosage(dose, every(1, 3)), medicationCodeableConcept={"text": text})

    assert (patch.substances[0].daily_dose, patch.substances[0].unit) == (rate, "ug/h")
    assert (patch.long_acting, patch.systemic) == (True, True)


@pytest.mark.parametrize(
    ("dispense", "days"),
    [
        ({"expectedSupplyDuration": {"value": 30, "unit": "days", "code": "d"}}, 30),
        ({"expectedSupplyDuration": {"value": 2, "unit": "wk"}}, 14),
        ({"expectedSupplyDuration": {"value": 1, "code": "mo"}}, 30),
        ({"expectedSupplyDuration": {"value": 30}}, 30),
        ({"quantity": {"value": 28}}, 14),
        ({"quantity": {"value": 28, "unit": "tablet"}, "numberOfRepeatsAllowed": 3}, 14),
        ({"quantity": {"value": 28, "unit": "mL"}}, None),
        ({"expectedSupplyDuration": {"value": 1e8, "unit": "a"}}, None),
        ({}, None),
    ],
)
def test_supply_is_stated_or_quantity_by_daily_units(dispense: Json, days: int | None) -> None:
    assert drug("198014", dosage(TABLET, named("BID")), dispenseRequest=dispense).supply_days == days


def test_tablets_last_as_long_as_their_milligrams() -> None:
    in_mg = dosage({"value": 500, "unit": "mg"}, named("BID"))

    assert drug("198014", in_mg, dispenseRequest={"quantity": {"value": 28}}).supply_days == 14


def test_a_weekly_patch_times_four_lasts_28_days() -> None:
    weekly = dosage({"value": 1, "unit": "patch"}, every(1, 1, "wk"))
    text = {"text": "Buprenorphine 0.005 MG/HR Transdermal System"}

    patches = drug("0", weekly, medicationCodeableConcept=text, dispenseRequest={"quantity": {"value": 4}})

    assert patches.supply_days == 28


@pytest.mark.parametrize("bad", ["NaN", "sNaN", "Infinity", 10**30, 1e300, "1e-4000"])
@pytest.mark.parametrize("place", ["dose", "period", "sequence", "quantity", "supply"])
def test_a_number_that_is_none_makes_the_dose_unknown_and_keeps_the_drug(place: str, bad: object) -> None:
    elements: dict[str, Json] = {
        "dose": {"dosageInstruction": [dosage({"value": bad, "unit": "mg"}, named("BID"))]},
        "period": {"dosageInstruction": [dosage(TABLET, every(1, bad))]},
        "sequence": {"dosageInstruction": [dosage(TABLET, sequence=bad), dosage(TABLET)]},
        "quantity": {
            "dosageInstruction": [dosage(TABLET, named("BID"))],
            "dispenseRequest": {"quantity": {"value": bad}},
        },
        "supply": {"dispenseRequest": {"expectedSupplyDuration": {"value": bad, "unit": "d"}}},
    }

    found = facts(request(**elements[place]))

    assert [d.supply_days for d in found.drugs] == [None]
    assert [code for code, _, _ in gaps_of(found)] == ["unreadable"]


def displayed(code: str, display: str, **elements: Any) -> Any:
    coding = {"system": RXNORM, "code": code, "display": display}
    order = request(
        medicationCodeableConcept={"coding": [coding]} | elements,
        dosageInstruction=[dosage(TABLET, every(6))],
    )
    (found,) = facts(order).drugs
    return {s.ingredient: s.daily_dose for s in found.substances}


def test_of_an_opioid_the_higher_of_two_strengths_counts() -> None:
    """857002 holds 5 mg of hydrocodone a tablet (R46: the strength of the display)."""
    higher = displayed("857002", "acetaminophen 325 MG / hydrocodone bitartrate 10 MG Oral Tablet")
    lower = displayed("857002", "acetaminophen 325 MG / hydrocodone bitartrate 2.5 MG Oral Tablet")
    shorter = displayed("857002", "Norco")

    assert [drug["hydrocodone"] for drug in (higher, lower, shorter)] == [60, 30, 30]
    assert displayed("198014", "Naproxen 1000 MG Oral Tablet") == {"naproxen": 3000}


def test_other_words_than_the_display_tell_no_strength_of_a_coded_opioid() -> None:
    """A text may name the dose of two tablets."""
    order = displayed("857002", "Norco", text="hydrocodone 10 mg")

    assert order["hydrocodone"] == 30
