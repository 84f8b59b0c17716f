"""The same order is known again by its code."""

from typing import Any

import pytest

from fhir_mappings.order_codes import RXNORM, order_code

CPT = "http://www.ama-assn.org/go/cpt"


def drug(*codings: Any, text: str | None = None) -> dict[str, Any]:
    concept = {"coding": list(codings), "text": text}
    return {"medicationCodeableConcept": {name: value for name, value in concept.items() if value}}


def coding(system: str | None, code: str) -> dict[str, str]:
    return {"code": code} if system is None else {"system": system, "code": code}


def test_a_service_is_known_by_its_code() -> None:
    assert order_code({"code": {"coding": [coding(CPT, "62323")]}}) == (CPT, "62323")


def test_the_order_of_codings_does_not_matter() -> None:
    codes = [coding("urn:site", "4711"), coding(RXNORM, "198014"), coding("urn:another", "1")]

    assert order_code(drug(*codes)) == order_code(drug(*reversed(codes))) == (RXNORM, "198014")


def test_without_rxnorm_what_sorts_first_is_taken() -> None:
    assert order_code(drug(coding("urn:b", "1"), coding("urn:a", "2"))) == ("urn:a", "2")


def test_a_code_without_a_system_is_one_too() -> None:
    assert order_code(drug(coding(None, "4711"))) == ("", "4711")


def test_without_a_code_its_words_are_taken() -> None:
    assert order_code(drug(text="  Naproxen   500 MG ")) == ("text", "naproxen 500 mg")


def test_a_contained_medication_is_looked_into() -> None:
    order = {
        "medicationReference": {"reference": "#m"},
        "contained": [
            {"resourceType": "Medication", "id": "other", "code": {"coding": [coding(RXNORM, "1")]}},
            {"resourceType": "Medication", "id": "m", "code": {"coding": [coding(RXNORM, "198014")]}},
        ],
    }

    assert order_code(order) == (RXNORM, "198014")


def test_a_medication_elsewhere_is_known_by_its_reference() -> None:
    assert order_code({"medicationReference": {"reference": "Medication/7"}}) == ("reference", "Medication/7")


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"code": None},
        {"code": "62323"},
        {"code": {"coding": "62323"}},
        {"code": {"coding": [None, 3, {"code": 4}, {"system": 5, "code": "x"}, {"code": ""}], "text": " "}},
        {"medicationReference": {"reference": 3}},
        {"medicationReference": [], "contained": {}},
    ],
)
def test_an_order_of_odd_shape_has_no_code(order: dict[str, Any]) -> None:
    assert order_code(order) is None


def test_what_is_contained_and_cannot_be_read_is_known_by_its_reference_alone() -> None:
    order = {"medicationReference": {"reference": "#m"}, "contained": [None, {"id": "m", "code": 3}]}

    assert order_code(order) == ("reference", "#m")
