from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pathway.facts import DrugFact, StopReason
from tests.fhir_mappings.making import (
    ROWS,
    RXNORM,
    Json,
    concept,
    facts,
    gaps_of,
    request,
    resource,
)

NAPROXEN_TEXT = "Naproxen 500 MG Oral Tablet"


def one(**elements: Any) -> DrugFact:
    (fact,) = facts(request(**elements)).drugs
    return fact


def ingredients(*resources: dict[str, Any]) -> list[str]:
    return sorted(s.ingredient for drug in facts(*resources).drugs for s in drug.substances)


def named(text: str) -> dict[str, Any]:
    return {"medicationCodeableConcept": {"text": text}}


@pytest.mark.parametrize(
    ("medication", "expected"),
    [
        (concept("198014", RXNORM), [("nsaid", "naproxen")]),
        (concept("198014", "urn:oid:2.16.840.1.113883.6.88"), [("nsaid", "naproxen")]),
        (concept("7258", RXNORM), [("nsaid", "naproxen")]),
        (concept("999999", RXNORM, display=NAPROXEN_TEXT), [("nsaid", "naproxen")]),
        ({"text": "NAPROXEN sodium 220mg tab"}, [("nsaid", "naproxen")]),
        ({"text": "esomeprazole/naproxen"}, [("nsaid", "naproxen")]),
        ({"text": "naproxenol"}, []),
        ({"text": "Atorvastatin 20 MG Oral Tablet"}, []),
        (concept("4077", RXNORM), []),  # estazolam: its code is not verified, only its name
        (concept("4077", RXNORM, display="estazolam 2 MG"), [("benzodiazepine", "estazolam")]),
        ({"text": "Dabigatran 150 mg"}, [("anticoagulant", "dabigatran etexilate")]),
        ({"text": "Aspirin 81 MG"}, [("antiplatelet", "aspirin")]),
        (
            {"text": "buprenorphine 2 MG / naloxone 0.5 MG Sublingual Film"},
            [("naloxone", "naloxone"), ("opioid", "buprenorphine")],
        ),
        (
            {"coding": [{"system": RXNORM, "code": "1"}, {"system": RXNORM, "code": "198014"}]},
            [("nsaid", "naproxen")],
        ),
    ],
)
def test_a_drug_is_known_by_clinical_drug_else_ingredient_else_name(
    medication: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    found = facts(request(medicationCodeableConcept=medication))

    assert sorted((s.drug_class, s.ingredient) for d in found.drugs for s in d.substances) == expected


def test_cough_syrups_keep_their_own_class() -> None:
    code = next(r.code for r in ROWS if r.file == "medications-scd.csv" and r.concept == "opioid-antitussive")

    assert "opioid-antitussive" in {s.drug_class for s in one(code=code).substances}


def test_aspirin_is_never_an_nsaid() -> None:
    rows = [r for r in ROWS if r.file == "medications-scd.csv" and r.role == "aspirin"]

    classes = {
        s.drug_class for row in rows for s in one(code=row.code).substances if s.ingredient == "aspirin"
    }

    assert classes == {"antiplatelet"}


def test_every_clinical_drug_of_the_list_is_read_with_all_its_ingredients() -> None:
    rows = [r for r in ROWS if r.file == "medications-scd.csv"]
    expected: dict[str, set[tuple[str, str]]] = {}
    for row in rows:
        expected.setdefault(row.code, set()).add((row.concept, row.role.lower()))

    days = (
        date(2020, 1, 1) + timedelta(days=n) for n in range(len(expected))
    )  # one order a day: none is merged
    found = facts(*(request(c, c, authoredOn=d.isoformat()) for c, d in zip(expected, days, strict=True)))

    read = {d.source.resource_id: {(s.drug_class, s.ingredient) for s in d.substances} for d in found.drugs}
    assert read == expected


@pytest.mark.parametrize(
    ("elements", "text"),
    [
        (
            {
                "medicationReference": {"reference": "#d"},
                "contained": [{"resourceType": "Medication", "id": "d", "code": {"text": "naproxen"}}],
            },
            "naproxen",
        ),
        ({"medicationReference": {"reference": "Medication/d1"}}, "Naproxen tablets"),
        (
            {"medicationReference": {"reference": "https://ehr.example/Medication/d1", "display": "x"}},
            "Naproxen tablets",
        ),
        ({"medicationReference": {"display": "naproxen 500 mg"}}, "naproxen 500 mg"),
        ({"medicationReference": {"reference": "Medication/elsewhere", "display": "naproxen"}}, "naproxen"),
        ({"medication": {"concept": {"text": "naproxen"}}}, "naproxen"),
        ({"medication": {"reference": {"reference": "Medication/d1"}}}, "Naproxen tablets"),
    ],
)
def test_a_drug_may_be_referred_to(elements: dict[str, Any], text: str) -> None:
    medication = {"resourceType": "Medication", "id": "d1", "code": {"text": "Naproxen tablets"}}

    (fact,) = facts(medication, request(medicationCodeableConcept=None, **elements)).drugs

    assert ([s.ingredient for s in fact.substances], fact.source.text) == (["naproxen"], text)


def test_a_drug_that_cannot_be_told_is_a_gap() -> None:
    lost = request(medicationCodeableConcept=None, medicationReference={"reference": "Medication/elsewhere"})

    assert gaps_of(facts(lost)) == [("unreadable", "MedicationRequest/m1", "medicationReference")]


@pytest.mark.parametrize("status", ["active", "completed", "stopped", "on-hold", "unknown"])
def test_a_status_is_kept(status: str) -> None:
    assert one(status=status).status == status


@pytest.mark.parametrize(
    "elements",
    [
        {"status": "cancelled"},
        {"status": "draft"},
        {"status": "entered-in-error"},
        {"status": "revoked"},
        {"status": None},
        {"intent": "proposal"},
        {"intent": "plan"},
        {"intent": "option"},
        {"doNotPerform": True},
    ],
)
def test_what_is_no_order_is_dropped(elements: dict[str, Any]) -> None:
    found = facts(request(**elements))

    assert (found.drugs, gaps_of(found)) == ((), [])


@pytest.mark.parametrize(
    "intent", ["order", "original-order", "reflex-order", "filler-order", "instance-order"]
)
def test_every_kind_of_order_counts(intent: str) -> None:
    assert one(intent=intent).status == "active"


def test_the_stop_date_is_the_end_of_the_first_dosage() -> None:
    bounds = {"timing": {"repeat": {"boundsPeriod": {"start": "2026-11-01", "end": "2026-12-15"}}}}

    assert one(dosageInstruction=[bounds]).stop == date(2026, 12, 15)


@pytest.mark.parametrize(
    ("text", "long_acting"),
    [
        ("12 HR Oxycodone Hydrochloride 60 MG Extended Release Oral Tablet", True),
        ("morphine extended-release 30 mg", True),
        ("24 HR tramadol hydrochloride 100 MG", True),
        ("Methadone Hydrochloride 5 MG Oral Tablet", True),
        ("72 HR Fentanyl 0.025 MG/HR Transdermal System", True),
        ("Oxycodone Hydrochloride 5 MG Oral Tablet", False),
        ("duloxetine 30 MG Delayed Release Oral Capsule", False),
    ],
)
def test_release_is_told_by_the_name(text: str, long_acting: bool) -> None:
    assert one(**named(text)).long_acting is long_acting


@pytest.mark.parametrize(
    ("text", "systemic"),
    [
        ("diclofenac sodium 10 MG/ML Topical Gel", False),
        ("ketorolac 5 MG/ML Ophthalmic Solution", False),
        ("diclofenac patch", False),
        ("ketoprofen cream", False),
        ("diclofenac 50 mg tablet", True),
        ("fentanyl patch 25 mcg/hr", True),
    ],
)
def test_route_is_told_by_the_name(text: str, systemic: bool) -> None:
    assert one(**named(text)).systemic is systemic


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ({"text": "Drug was INEFFECTIVE"}, StopReason.INEFFECTIVE),
        ({"coding": [{"code": "x", "display": "Lack of effect"}]}, StopReason.INEFFECTIVE),
        ({"text": "no effect"}, StopReason.INEFFECTIVE),
        ({"text": "not effective"}, StopReason.INEFFECTIVE),
        ({"text": "gastric intolerance"}, StopReason.NOT_TOLERATED),
        ({"text": "adverse reaction"}, StopReason.NOT_TOLERATED),
        ({"coding": [{"code": "sintol"}]}, StopReason.NOT_TOLERATED),
        ({"coding": [{"code": "SALG"}]}, StopReason.NOT_TOLERATED),
        ([{"text": "side effects"}], StopReason.NOT_TOLERATED),
        ({"text": "patient moved"}, None),
        (None, None),
    ],
)
def test_the_stop_reason_is_told_by_its_words(reason: Any, expected: StopReason | None) -> None:
    assert one(status="stopped", statusReason=reason).stop_reason == expected


@pytest.mark.parametrize(
    ("change", "facts_left"),
    [
        ({}, 1),
        ({"status": "completed"}, 2),
        ({"authoredOn": "2026-11-02"}, 2),
        (
            {
                "dosageInstruction": [
                    {
                        "timing": {"code": {"text": "BID"}},
                        "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}],
                    }
                ]
            },
            2,
        ),
        ({"dispenseRequest": {"expectedSupplyDuration": {"value": 14, "unit": "d"}}}, 1),
    ],
)
def test_orders_that_agree_in_all_that_counts_are_one(change: dict[str, Any], facts_left: int) -> None:
    found = facts(request(own_id="m2", **change), request())

    assert len(found.drugs) == facts_left


def test_of_equal_orders_the_longest_supply_stands() -> None:
    days: Json = {"dispenseRequest": {"expectedSupplyDuration": {"value": 14, "unit": "d"}}}

    for pair in ((request(), request(own_id="m2", **days)), (request(own_id="m2", **days), request())):
        assert [d.supply_days for d in facts(*pair).drugs] == [14]


def statement(text: str, own_id: str = "st1", **elements: Any) -> dict[str, Any]:
    made = {"status": "active", "effectivePeriod": {"start": "2026-10-01", "end": "2026-12-01"}} | named(text)
    return resource("MedicationStatement", own_id, **(made | elements))


def test_a_statement_counts_where_no_order_names_its_ingredient() -> None:
    found = facts(request(), statement("naproxen"), statement("ibuprofen 400 mg", "st2"))

    assert ingredients(request(), statement("naproxen")) == ["naproxen"]
    (said,) = [d for d in found.drugs if d.source.resource_type == "MedicationStatement"]
    assert (said.start, said.stop) == (date(2026, 10, 1), date(2026, 12, 1))
    assert [s.ingredient for s in said.substances] == ["ibuprofen"]


def test_of_a_combination_only_what_no_order_names_counts() -> None:
    combination = statement("Acetaminophen 325 MG / Oxycodone Hydrochloride 7.5 MG Oral Tablet")

    found = facts(request(**named("oxycodone 5 mg")), combination)

    assert sorted(s.ingredient for d in found.drugs for s in d.substances) == ["acetaminophen", "oxycodone"]


def test_a_dispense_has_its_day_and_its_supply() -> None:
    dispensed = resource(
        "MedicationDispense",
        status="completed",
        whenHandedOver="2026-11-10T09:00:00Z",
        daysSupply={"value": 10, "unit": "days"},
        **named("naproxen 500 MG"),
    )

    (fact,) = facts(dispensed).drugs

    assert (fact.status, fact.start, fact.supply_days) == ("completed", date(2026, 11, 10), Decimal(10))


@pytest.mark.parametrize("status", ["entered-in-error", "not-taken", "intended"])
def test_a_statement_of_what_is_not_taken_is_dropped(status: str) -> None:
    assert facts(statement("naproxen", status=status)).drugs == ()


def test_an_undated_trial_drug_is_a_missing_date_and_an_anticoagulant_is_not() -> None:
    undated = request(authoredOn=None)
    warfarin = request(own_id="m2", authoredOn=None, **named("warfarin 5 mg"))

    assert gaps_of(facts(undated, warfarin)) == [("missing-date", "MedicationRequest/m1", "authoredOn")]


def test_an_unreadable_dosage_does_not_hide_an_anticoagulant() -> None:
    found = facts(request(dosageInstruction="1 daily", **named("warfarin 5 mg")))

    assert [s.daily_dose for d in found.drugs for s in d.substances] == [None]
    assert gaps_of(found) == [("unreadable", "MedicationRequest/m1", "dosageInstruction")]


@pytest.mark.parametrize("value", ["last week", 5, ["2026-11-01"]])
def test_an_unreadable_date_does_not_hide_an_anticoagulant(value: Any) -> None:
    found = facts(request(authoredOn=value, **named("warfarin 5 mg")))

    assert [(d.status, d.start) for d in found.drugs] == [("active", None)]
    assert gaps_of(found) == [("unreadable", "MedicationRequest/m1", "authoredOn")]


def test_an_unreadable_end_does_not_end_an_order() -> None:
    end = {"timing": {"repeat": {"boundsPeriod": {"end": "some day"}}}}

    found = facts(request(dosageInstruction=[end], **named("warfarin 5 mg")))

    assert [(d.status, d.stop) for d in found.drugs] == [("active", None)]
    assert [code for code, _, _ in gaps_of(found)] == ["unreadable"]
