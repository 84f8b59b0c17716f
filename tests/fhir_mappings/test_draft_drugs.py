"""What a draft MedicationRequest orders."""

import pytest

from pathway.facts import Source
from tests.fhir_mappings.drafting import (
    MEDICATION,
    OXYCODONE,
    drafted,
    drug_order,
    gaps_in,
    the_drug,
)
from tests.fhir_mappings.making import (
    DAY,
    Json,
)


@pytest.mark.parametrize(
    ("drug", "drug_class", "ingredient"),
    [
        ("198014", "nsaid", "naproxen"),
        ("Cyclobenzaprine 10 mg tablet", "muscle-relaxant", "cyclobenzaprine"),
        ("1298088", "benzodiazepine", "flurazepam"),
        ("gabapentin 300 MG Oral Capsule", "gabapentinoid", "gabapentin"),
        ("duloxetine 60 mg", "snri-duloxetine", "duloxetine"),
        ("prednisone 20 mg tablet", "systemic-steroid", "prednisone"),
        ("Aspirin 325 MG Oral Tablet", "antiplatelet", "aspirin"),
    ],
)
def test_a_drug_is_known_by_clinical_drug_or_by_name(drug: str, drug_class: str, ingredient: str) -> None:
    draft = the_drug(drug_order(drug))

    assert [(s.drug_class, s.ingredient) for s in draft.drug.substances] == [(drug_class, ingredient)]
    assert (draft.drug.status, draft.drug.start) == ("draft", DAY)


@pytest.mark.parametrize("drug", ["Diclofenac 10 MG/ML Topical Gel", "diclofenac epolamine 1.3 % patch"])
def test_an_nsaid_through_the_skin_is_not_systemic(drug: str) -> None:
    assert the_drug(drug_order(drug)).drug.systemic is False


@pytest.mark.parametrize(
    "drug", ["Suboxone 2 MG / 0.5 MG Sublingual Film", "xoxycodonex", "Pepto-bismol Pill", "0"]
)
def test_a_drug_of_no_known_class_has_no_fact(drug: str) -> None:
    found = drafted(drug_order(drug))

    assert (found.facts, found.gaps) == ((), ())


def test_a_code_without_its_system_is_a_gap() -> None:
    found = drafted(drug_order({"coding": [{"code": OXYCODONE}]}))

    assert found.facts == ()
    assert gaps_in(found) == [
        ("unreadable", "MedicationRequest/m1", "medicationCodeableConcept.coding.system")
    ]


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": "Medication/med"},
        {"reference": "https://ehr/fhir/Medication/med"},
        {"reference": "urn:uuid:med-1"},
        {"reference": "#inside"},
        {"display": "Oxycodone 5 mg"},
        {"reference": "Medication/gone", "display": "Oxycodone 5 mg"},
    ],
)
def test_a_drug_may_be_a_medication_of_the_same_bundle(reference: Json) -> None:
    inside = {"resourceType": "Medication", "id": "inside", "code": MEDICATION["code"]}
    order = drug_order(medicationCodeableConcept=None, medicationReference=reference, contained=[inside])

    draft = the_drug(order, {"fullUrl": "urn:uuid:med-1", "resource": MEDICATION})

    assert [s.ingredient for s in draft.drug.substances] == ["oxycodone"]
    assert draft.drug.source == Source(
        resource_type="MedicationRequest", resource_id="m1", text="Oxycodone 5 mg"
    )


def test_a_drug_may_be_a_medication_of_the_chart() -> None:
    order = drug_order(medicationCodeableConcept=None, medicationReference={"reference": "Medication/med"})

    assert the_drug(order, chart=[MEDICATION]).drug.source.text == "Oxycodone 5 mg"


def test_a_medication_that_did_not_come_is_a_gap() -> None:
    order = drug_order(medicationCodeableConcept=None, medicationReference={"reference": "Medication/gone"})

    found = drafted(order)

    assert (found.facts, gaps_in(found)) == (
        (),
        [("unreadable", "MedicationRequest/m1", "medicationReference")],
    )
