from typing import Any

import pytest

from tests.fhir_mappings.making import ICD, RXNORM, SUBJECT, concept, facts, resource

STEROID = ("epidural-steroid-agent", "steroid", "systemic-steroid")


def allergy(code: dict[str, Any], **elements: Any) -> dict[str, Any]:
    return resource("AllergyIntolerance", "a1", subject=None, patient=SUBJECT, code=code, **elements)


@pytest.mark.parametrize(
    ("code", "classes", "ingredients"),
    [
        (concept("5640", RXNORM), ("nsaid",), ("ibuprofen",)),
        (concept("198014", RXNORM), ("nsaid",), ("naproxen",)),
        ({"text": "Ibuprofen"}, ("nsaid",), ("ibuprofen",)),
        ({"text": "Aspirin"}, ("antiplatelet",), ("aspirin",)),
        ({"text": "NSAIDs"}, ("nsaid",), ()),
        ({"text": "non-steroidal anti-inflammatory agent"}, ("nsaid",), ()),
        ({"text": "Iodinated contrast media"}, ("contrast",), ()),
        ({"coding": [{"display": "Radiographic contrast agent"}]}, ("contrast",), ()),
        ({"text": "Corticosteroids"}, STEROID, ()),
        ({"text": "steroid"}, STEROID, ()),
        (concept("8640", RXNORM), ("steroid", "systemic-steroid"), ("prednisone",)),
        ({"text": "triamcinolone"}, ("epidural-steroid-agent", "steroid"), ("triamcinolone",)),
        ({"text": "local anaesthetic"}, ("local-anaesthetic",), ()),
        ({"text": "Local anesthetics"}, ("local-anaesthetic",), ()),
        (concept("Z91.041", ICD), ("contrast",), ()),
        ({"text": "Iohexol 300"}, ("contrast",), ()),
        ({"text": "gadobutrol"}, ("contrast",), ()),
        ({"text": "Iodinated agents"}, ("contrast",), ()),
        ({"text": "Radiographic dye"}, ("contrast",), ()),
        ({"text": "Lidocaine HCl"}, ("local-anaesthetic",), ()),
        ({"coding": [{"display": "Levobupivacaine"}]}, ("local-anaesthetic",), ()),
        ({"text": "chloroprocaine"}, ("local-anaesthetic",), ()),
        ({"text": "codeine cough syrup"}, ("opioid", "opioid-antitussive"), ("codeine",)),
    ],
)
def test_an_allergy_rules_out_the_class_of_what_it_names(
    code: dict[str, Any], classes: tuple[str, ...], ingredients: tuple[str, ...]
) -> None:
    (fact,) = facts(allergy(code)).allergies

    assert (fact.drug_classes, fact.ingredients) == (classes, ingredients)


@pytest.mark.parametrize(
    "text",
    [
        "Penicillin",
        "No known drug allergies",
        "No known NSAID allergy",
        "Peanut",
        "No known lidocaine allergy",
        "Cocaine",
    ],
)
def test_other_allergies_and_denials_are_none(text: str) -> None:
    assert facts(allergy({"text": text})).allergies == ()


@pytest.mark.parametrize(
    ("elements", "counts"),
    [
        ({}, True),
        ({"clinicalStatus": {"coding": [{"code": "active"}]}}, True),
        ({"clinicalStatus": {"coding": [{"code": "inactive"}]}}, False),
        ({"clinicalStatus": {"coding": [{"code": "resolved"}]}}, False),
        ({"verificationStatus": {"coding": [{"code": "unconfirmed"}]}}, True),
        ({"verificationStatus": {"coding": [{"code": "refuted"}]}}, False),
        ({"verificationStatus": {"coding": [{"code": "entered-in-error"}]}}, False),
    ],
)
def test_an_allergy_counts_while_active_or_without_status(
    elements: dict[str, Any], counts: bool
) -> None:  # fmt: skip
    assert bool(facts(allergy({"text": "Naproxen"}, **elements)).allergies) is counts


@pytest.mark.parametrize("value", ["as a child", 5, ["x"]])
def test_no_date_of_an_allergy_can_hide_it(value: Any) -> None:
    dated = allergy(concept("5640", RXNORM)) | {"onsetDateTime": value, "recordedDate": value}

    assert len(facts(dated).allergies) == 1
