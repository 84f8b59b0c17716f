"""Epic's documented requests, whole, and the answers in its dialect (tests/cards/epic_golden)."""

from collections.abc import Mapping
from copy import deepcopy
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.cards.epic_calls import (
    HOOKS,
    asked,
    chart,
    drafts,
    epic_answer,
    golden,
    shown,
    the_drug,
    the_service,
)


@pytest.mark.parametrize("name", HOOKS)
def test_a_documented_request_gets_the_golden_answer(name: str) -> None:
    """Renewed by `python -m tests.cards.epic_calls` when the knowledge gets other words."""
    assert shown(epic_answer(asked(name))) == golden(f"{name}_answer")


@pytest.mark.parametrize("name", HOOKS)
def test_nothing_of_a_documented_request_is_a_data_gap(name: str) -> None:
    request = asked(name)

    gaps = [*chart(request).gaps, *(drafts(request).gaps if request.draft_orders is not None else ())]

    assert gaps == []


@pytest.mark.parametrize("name", HOOKS)
def test_a_user_with_a_provider_record_is_a_practitioner_role(name: str) -> None:
    assert asked(name).user_id == "PractitionerRole/e-RoleOfOurs3"


def test_a_search_that_found_nothing_is_an_answer() -> None:
    """Epic sends one OperationOutcome entry of `search.mode` outcome."""
    facts = chart(asked("enter_diagnosis"))

    assert not facts.not_provided & {"AllergyIntolerance", "Procedure", "MedicationRequest", "Observation"}
    assert not facts.drugs
    assert not facts.therapies


def test_keys_of_the_site_s_own_are_read_by_what_is_under_them() -> None:
    """`problems`, `-imaging`, `flowsheet`."""
    facts = chart(asked("patient_view"))

    assert [condition.concept for condition in facts.conditions] == ["radicular"]
    assert [image.modality for image in facts.imaging] == ["mri-lumbar"]
    assert [(score.value, score.on) for score in facts.scores] == [(Decimal(6), date(2026, 11, 19))]
    assert len(facts.therapies) == 7


def test_a_drug_that_only_its_reference_names_is_read_with_its_dose() -> None:
    """`medicationReference.display`, `category` as an object, `doseQuantity` where STU3 had it."""
    (drug,) = chart(asked("patient_view")).drugs

    assert [(s.ingredient, s.daily_dose) for s in drug.substances] == [("naproxen", Decimal(1000))]


def test_a_reference_may_hold_the_display_alone() -> None:
    body = golden("patient_view_request")
    request = body["prefetch"]["medications"]["entry"][0]["resource"]
    del request["medicationReference"]["reference"]

    (drug,) = chart(asked("patient_view", body)).drugs

    assert [s.ingredient for s in drug.substances] == ["naproxen"]


def test_the_medication_of_an_unsigned_order_is_found_in_the_same_bundle() -> None:
    """Since February 2024; the display of the reference says nothing here."""
    request = asked("order_select")

    (substance,) = the_drug(request).drug.substances
    assert (substance.ingredient, substance.daily_dose) == ("naproxen", Decimal(1000))
    assert len(drafts(request).orders) == 2  # the syrup beside it, no Medication


def test_before_2024_the_display_of_the_reference_names_the_drug() -> None:
    body = golden("order_select_request")
    entries = body["context"]["draftOrders"]["entry"]
    body["context"]["draftOrders"]["entry"] = [
        entry for entry in entries if entry["resource"]["resourceType"] != "Medication"
    ]
    entries[0]["resource"]["medicationReference"]["display"] = "NAPROXEN 500 MG PO TABS"

    (substance,) = the_drug(asked("order_select", body)).drug.substances

    assert substance.ingredient == "naproxen"


def test_the_long_id_of_an_unsigned_order_names_it() -> None:
    """Some 190 characters, where FHIR allows 64."""
    body = golden("order_sign_request")
    own_id = body["context"]["draftOrders"]["entry"][0]["resource"]["id"]

    draft = the_service(asked("order_sign"))

    assert len(own_id) > 64
    assert (draft.ref, draft.editable) == (f"ServiceRequest/{own_id}", True)


def test_an_order_coded_by_oid_is_known() -> None:
    assert "esi-lumbar" in the_service(asked("order_sign")).concepts


OIDS = {
    "urn:oid:2.16.840.1.113883.6.90": "http://hl7.org/fhir/sid/icd-10-cm",
    "urn:oid:2.16.840.1.113883.6.96": "http://snomed.info/sct",
    "urn:oid:2.16.840.1.113883.6.12": "http://www.ama-assn.org/go/cpt",
    "urn:oid:2.16.840.1.113883.6.1": "http://loinc.org",
    "urn:oid:2.16.840.1.113883.6.88": "http://www.nlm.nih.gov/research/umls/rxnorm",
}


def with_systems(value: Any, names: Mapping[str, str]) -> Any:
    """JSON with other names of code systems."""
    if isinstance(value, dict):
        return {key: with_systems(below, names) for key, below in value.items()}
    if isinstance(value, list):
        return [with_systems(below, names) for below in value]
    return names.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize("name", HOOKS)
def test_oid_and_url_of_a_code_system_are_one(name: str) -> None:
    body = golden(f"{name}_request")

    by_url = epic_answer(asked(name, with_systems(deepcopy(body), OIDS)))

    by_oid = epic_answer(asked(name, with_systems(body, {url: oid for oid, url in OIDS.items()})))
    assert shown(by_url) == shown(by_oid)


@pytest.mark.parametrize("name", HOOKS)
def test_what_we_do_not_know_of_an_extension_is_no_matter(name: str) -> None:
    body = golden(f"{name}_request")
    body["extension"] |= {"com.epic.cdshooks.request.new": {"any": ["thing"]}, "org.example": None}

    assert shown(epic_answer(asked(name, body))) == shown(epic_answer(asked(name)))
