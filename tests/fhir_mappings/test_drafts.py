"""`draftOrders` as clients send them: which orders count; nothing that they send fails."""

import json
from collections import Counter
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Raw

from fhir_mappings.draft_bundles import selection_refs
from fhir_mappings.drafts import drafts_of
from fhir_mappings.gathering import gather
from pathway.drafts import DraftDrug, DraftReason
from pathway.facts import GAP_CODES
from tests.fhir_mappings.drafting import (
    FUSION,
    MEDICATION,
    OXYCODONE,
    dosage,
    drafted,
    drug_order,
    every,
    gaps_in,
    pieces,
    read,
    service_order,
    the_drug,
)
from tests.fhir_mappings.making import (
    DAY,
    ICD,
    RXNORM,
    SNOMED,
    TERMINOLOGY,
    UTC,
    Json,
    concept,
    condition,
    raw,
)

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "cds-hooks-requests"
REQUESTS = [p for p in sorted(SHARED.glob("*/**/*.json")) if b'"draftOrders"' in p.read_bytes()]
NEXT_WEEK = "2026-11-29"


@pytest.mark.parametrize("status", ["draft", "active", "on-hold", "stopped", "unknown", "proposed", None])
@pytest.mark.parametrize("intent", ["order", "plan", "proposal", "option", None])
def test_an_order_is_a_draft_whatever_its_status_and_intent(status: str | None, intent: str | None) -> None:
    orders = drug_order(status=status, intent=intent), service_order(status=status, intent=intent)

    assert len(drafted(*orders).facts) == 2


@pytest.mark.parametrize("status", ["cancelled", "revoked", "completed", "entered-in-error", "Cancelled"])
def test_an_order_that_is_over_is_no_draft(status: str) -> None:
    assert drafted(drug_order(status=status), service_order(status=status)).orders == ()


def test_an_order_not_to_do_something_orders_nothing() -> None:
    found = drafted(drug_order(doNotPerform=True), service_order(doNotPerform=True))

    assert (len(found.orders), found.facts) == (2, ())


def test_drafts_keep_the_order_of_the_bundle() -> None:
    found = drafted(service_order(), drug_order(), service_order("72148", own_id="s2"))

    assert [fact.ref for fact in found.facts] == [
        "ServiceRequest/s1",
        "MedicationRequest/m1",
        "ServiceRequest/s2",
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"resourceType": "NutritionOrder", "id": "n1", "status": "draft"},
        {"resourceType": "DeviceRequest", "id": "d1", "codeCodeableConcept": {"text": "corset"}},
        {"resourceType": "VisionPrescription", "id": "v1"},
        {"resourceType": "MedicationRequest", "id": "m9", "medicationCodeableConcept": {"text": "metformin"}},
        {"resourceType": "ServiceRequest", "id": "s9", "code": {"text": "something at the gym"}},
    ],
)
def test_an_order_of_which_the_pathway_knows_nothing_is_kept_without_a_fact(other: Json) -> None:
    found = drafted(other, drug_order())

    assert [order.fact is None for order in found.orders] == [True, False]
    assert found.gaps == ()


def test_resources_that_are_no_orders_are_none() -> None:
    medication = {"resourceType": "Medication", "id": "x", "code": concept(OXYCODONE, RXNORM)}

    assert drafted(medication, {"resourceType": "FutureThing", "id": "f"}).orders == ()


def test_an_order_that_came_twice_counts_once_and_two_without_id_are_two() -> None:
    same, nameless = drug_order(), drug_order(own_id=None)

    assert len(drafted(same, same, drug_order(intent="plan")).facts) == 2
    assert len(drafted(nameless, nameless).facts) == 2


def test_the_resource_is_kept_byte_for_byte() -> None:
    body = b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"MedicationRequest",'
    order = b' "x":1.10, "medicationCodeableConcept":{"text":"tramadol"}, "\xc3\xa4":null}'

    found = read(Raw(body + order + b"}]}"))

    assert [bytes(r) for r in found.resources] == [b'{"resourceType":"MedicationRequest",' + order]


def test_the_sandbox_before_a_drug_is_chosen_is_met_with_silence() -> None:
    order = {
        "resourceType": "MedicationRequest",
        "id": "request-123",
        "status": "draft",
        "subject": {"reference": "Patient/p1"},
        "reasonCode": {"coding": [{"system": ICD, "code": "M54.16"}], "text": "Radiculopathy"},
        "category": {"text": "outpatient"},
    }

    found = drafted(order, selections=["MedicationRequest/request-123"])

    assert (len(found.orders), found.facts, found.gaps) == (1, (), ())


def test_the_sandbox_with_a_drug_is_read() -> None:
    order = {
        "resourceType": "MedicationRequest",
        "id": "request-123",
        "status": "draft",
        "subject": {"reference": "Patient/p1"},
        "reasonCode": {"coding": [{"system": ICD, "code": "M54.16"}], "text": "Radiculopathy"},
        "medicationCodeableConcept": concept(
            OXYCODONE, RXNORM, text="Oxycodone Hydrochloride 5 MG Oral Tablet"
        ),
        "dosageInstruction": [
            {
                "doseAndRate": [
                    {"doseQuantity": {"value": 2, "system": "http://unitsofmeasure.org", "code": "{pill}"}}
                ],
                "timing": every(frequency=3, boundsPeriod={"start": "2026-11-24", "end": "2026-11-30"}),
            }
        ],
        "dispenseRequest": {
            "expectedSupplyDuration": {
                "value": 30,
                "unit": "days",
                "system": "http://unitsofmeasure.org",
                "code": "d",
            }
        },
    }

    draft = the_drug(order)

    assert (draft.reason, draft.order_day) == (DraftReason.LUMBAR, date(2026, 11, 24))
    assert [s.daily_dose for s in draft.drug.substances] == [30]
    assert (draft.drug.supply_days, draft.drug.stop) == (30, date(2026, 11, 30))
    assert (draft.dose_units, draft.dose_unit, draft.daily_units) == (2, "{pill}", 6)


def test_the_sandbox_before_a_study_is_chosen_is_met_with_silence() -> None:
    order = {
        "resourceType": "ServiceRequest",
        "id": "example-request-id",
        "status": "draft",
        "intent": "plan",
        "code": {"coding": [{}]},
        "subject": {"reference": "Patient/p1"},
        "reasonCode": [],
    }

    found = drafted(order)

    assert (len(found.orders), found.facts, found.gaps) == (1, (), ())


@pytest.mark.parametrize(
    "odd",
    [
        {"status": 5},
        {"authoredOn": ["2026"]},
        {"intent": {}},
        {"doNotPerform": "no"},
        {"medicationReference": "Medication/1"},
        {"medication": 7},
    ],
)
def test_an_odd_element_costs_only_itself(odd: Json) -> None:
    found = drafted(drug_order(**odd))

    assert len(found.facts) == 1
    assert gaps_in(found) == [("unreadable", "MedicationRequest/m1", next(iter(odd)))]


@pytest.mark.parametrize(
    "odd",
    [
        {"dosageInstruction": "one a day"},
        {"dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": "NaN", "unit": "mg"}}]}]},
        {"dosageInstruction": [dosage({"value": 1e300, "unit": "mg"}, every())]},
        {"dosageInstruction": [dosage(pieces(1), every("1e-29", "s"))]},
        {"dispenseRequest": {"quantity": {"value": {}}}},
        {"reasonCode": ["pain"]},
        {"reasonReference": [5]},
    ],
)
def test_a_drug_with_an_odd_element_is_judged_all_the_same(odd: Json) -> None:
    found = drafted(drug_order(**odd))

    assert [type(fact) for fact in found.facts] == [DraftDrug]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["coding", "code", "system", "reference", "value", "start", "event", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
FULL: Json = {
    "resourceType": "Bundle",
    "entry": [
        {
            "fullUrl": "urn:uuid:1",
            "resource": drug_order(
                dosageInstruction=[
                    dosage(
                        (pieces(1), pieces(2)), every(4, "h", boundsPeriod={"start": NEXT_WEEK}), sequence=1
                    )
                ],
                dispenseRequest={"quantity": pieces(9), "expectedSupplyDuration": {"value": 3, "unit": "d"}},
                reasonCode=[concept("M54.16")],
                reasonReference=[{"reference": "#c"}],
                contained=[{"resourceType": "Condition", "id": "c", "code": concept("M54.16")}],
            ),
        },
        {
            "resource": drug_order(
                medicationCodeableConcept=None, medicationReference={"reference": "Medication/med"}
            )
        },
        {"resource": MEDICATION},
        {
            "resource": service_order(
                FUSION, SNOMED, bodySite=[{"text": "lumbar"}], occurrencePeriod={"start": NEXT_WEEK}
            )
        },
        {
            "resource": service_order(
                "72148", occurrenceTiming={"event": [NEXT_WEEK]}, reason=[{"concept": {}}]
            )
        },
    ],
}


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every member of an object and item of an array in a JSON value, by its container."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found: list[tuple[Any, Any]] = []
    for key, below in inside:
        found += [(value, key), *places(below)]
    return found


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_json_in_place_of_any_element_never_raises(data: st.DataObject) -> None:
    bundle = deepcopy(FULL)
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(places(bundle)))
        container[key] = data.draw(JSON_VALUES)

    found = read(Raw(json.dumps(bundle).encode()), selections=["m1"], chart=[condition()])

    assert len(found.facts) == len(found.resources)
    assert {g.code for g in found.gaps} <= set(GAP_CODES)
    assert all(fact.order_day >= DAY for fact in found.facts)


@settings(max_examples=200, deadline=None)
@given(JSON_VALUES)
def test_any_json_in_place_of_the_bundle_never_raises(value: Any) -> None:
    body = Raw(json.dumps(value).encode())

    assert read(body).orders == ()
    assert selection_refs(body) == frozenset()


@pytest.mark.skipif(not REQUESTS, reason="the requests of shared/data/cds-hooks-requests are not there")
def test_every_published_draft_is_understood() -> None:
    classes: Counter[str] = Counter()
    gaps: Counter[tuple[str, str | None]] = Counter()

    for path in REQUESTS:
        request = json.loads(path.read_bytes())
        found = drafts_of(
            Raw(json.dumps(request["context"]["draftOrders"]).encode()),
            selections=request["context"].get("selections"),
            gathered=gather(raw(request.get("prefetch") or {})),
            patient_id=request["context"]["patientId"],
            as_of=DAY,
            zone=UTC,
            terminology=TERMINOLOGY,
        )
        gaps.update((g.code, g.element) for g in found.gaps)
        for fact in found.facts:
            assert isinstance(fact, DraftDrug)
            assert fact.selected
            assert fact.editable
            classes.update(f"{s.drug_class}: {s.ingredient} {s.daily_dose}" for s in fact.drug.substances)
            print(path.stem, fact.ref, *fact.drug.substances, fact.drug.supply_days)

    print(gaps)
    assert sum(count for name, count in classes.items() if name.startswith("opioid: fentanyl 75")) == 20
    assert {name.split(":")[0] for name in classes} == {
        "acetaminophen",
        "benzodiazepine",
        "naloxone",
        "opioid",
        "opioid-antitussive",
    }
    assert gaps == {
        ("other-patient", None): 2,
        ("unreadable", "draftOrders"): 1,
        ("unreadable", "subject.reference"): 2,
    }
