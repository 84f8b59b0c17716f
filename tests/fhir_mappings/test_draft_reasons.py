"""Why a draft is written."""

from typing import Any

import pytest

from pathway.drafts import DraftReason
from tests.fhir_mappings.drafting import (
    drafted,
    drug_order,
    gaps_in,
    service_order,
    the_drug,
)
from tests.fhir_mappings.making import (
    SNOMED,
    Json,
    concept,
    condition,
)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (concept("M54.16"), "lumbar"),
        (concept("M54.50"), "lumbar"),
        (concept("M48.062"), "lumbar"),
        (concept("161891005", SNOMED), "lumbar"),  # back pain of no region: low confidence
        (concept("E11.42"), "other"),
        (concept("J45.909", text="Asthma"), "other"),
        ({"text": "Low back pain"}, "lumbar"),
        ({"text": "chronic LOW BACK PAIN, worse at night"}, "lumbar"),
        ({"text": "lower back pain"}, "lumbar"),
        ({"text": "back pain"}, "lumbar"),
        ({"text": "Sciatica, left"}, "lumbar"),
        ({"text": "lumbago"}, "lumbar"),
        ({"text": "Lumbar radiculopathy"}, "lumbar"),
        ({"coding": [{"system": "urn:local", "code": "LBP", "display": "Low back pain"}]}, "lumbar"),
        ({"text": "upper back pain"}, "other"),
        ({"text": "mid-back pain"}, "other"),
        ({"text": "knee pain"}, "other"),
        ({"text": "feedback painful"}, "other"),
        (concept("E11.42", text="low back pain"), "other"),  # the code is known and says otherwise
        ({}, "none"),
        ({"coding": [{}]}, "none"),
        ({"coding": [], "text": ""}, "none"),
    ],
)
@pytest.mark.parametrize("shape", [lambda r: r, lambda r: [r]], ids=["object", "list"])
def test_a_reason_is_the_back_something_else_or_none(shape: Any, reason: Json, kind: str) -> None:
    found = drafted(drug_order(reasonCode=shape(reason)), service_order(reasonCode=shape(reason)))

    assert ([fact.reason for fact in found.facts], found.gaps) == ([kind, kind], ())


@pytest.mark.parametrize("reason", [None, []])
def test_an_order_may_have_no_reason(reason: object) -> None:
    assert the_drug(drug_order(reasonCode=reason)).reason is DraftReason.NONE


def test_of_several_reasons_the_back_counts() -> None:
    draft = the_drug(drug_order(reasonCode=[concept("J45.909"), concept("M54.16")]))

    assert draft.reason is DraftReason.LUMBAR


@pytest.mark.parametrize(
    "elements",
    [
        {"reasonReference": [{"reference": "Condition/c1"}]},
        {"reasonReference": {"reference": "https://ehr/fhir/Condition/c1"}},
        {"reason": [{"reference": {"reference": "Condition/c1"}}]},
        {"reason": [{"concept": concept("M54.16")}]},
        {
            "reasonReference": [{"reference": "#c"}],
            "contained": [
                {"resourceType": "Medication", "id": "m", "code": {"text": "tramadol"}},
                {"resourceType": "Condition", "id": "c", "code": concept("M54.16")},
            ],
        },
        {"reasonReference": [{"reference": "Condition/gone", "display": "Low back pain"}]},
    ],
)
def test_a_reason_may_be_a_condition_of_the_chart_or_of_the_order(elements: Json) -> None:
    found = drafted(drug_order(**elements), chart=[condition()])

    assert ([fact.reason for fact in found.facts], found.gaps) == ([DraftReason.LUMBAR], ())


def test_a_reason_may_be_a_condition_in_the_same_bundle() -> None:
    entry = {"fullUrl": "urn:uuid:c", "resource": condition(own_id="new")}
    order = drug_order(reasonReference=[{"reference": "urn:uuid:c"}])

    assert the_drug(order, entry).reason is DraftReason.LUMBAR


@pytest.mark.parametrize("status", ["refuted", "entered-in-error"])
def test_a_reason_that_is_gone_or_refuted_is_not_documented(status: str) -> None:
    order = drug_order(reasonReference=[{"reference": "Condition/c1"}])
    gap = ("unreadable", "MedicationRequest/m1", "reasonReference")

    for chart in ([], [condition(verificationStatus={"coding": [{"code": status}]})]):
        found = drafted(order, chart=chart)
        assert [fact.reason for fact in found.facts] == [DraftReason.NONE]
        assert gaps_in(found) == [gap]


@pytest.mark.parametrize(
    ("code", "labelled"), [("E11.42", True), ("B02.29", True), ("G40.909", True), ("M54.16", False)]
)
def test_a_reason_may_be_one_that_gabapentinoids_are_labelled_for(code: str, labelled: bool) -> None:
    by_code = drug_order("gabapentin 300 mg", reasonCode=[concept(code)])
    by_reference = drug_order("gabapentin 300 mg", reasonReference=[{"reference": "Condition/c1"}])

    assert the_drug(by_code).reason_labels_gabapentinoid is labelled
    assert the_drug(by_reference, chart=[condition(code)]).reason_labels_gabapentinoid is labelled
