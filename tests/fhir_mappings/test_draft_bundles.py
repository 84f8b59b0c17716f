"""`draftOrders`: what its orders are called, and which are selected."""

import json

import pytest
from msgspec import Raw

from fhir_mappings.draft_bundles import draft_bundle, selection_refs
from tests.fhir_mappings.drafting import (
    bundled,
    drafted,
    drug_order,
    gaps_in,
    read,
    service_order,
    the_drug,
)


@pytest.mark.parametrize(
    ("own_id", "full_url", "ref", "editable"),
    [
        ("m1", None, "MedicationRequest/m1", True),
        ("m1", "urn:uuid:7f", "MedicationRequest/m1", True),
        (None, "urn:uuid:7f", "urn:uuid:7f", False),
        (None, None, None, False),
        ("", None, None, False),
        ("a b", "urn:uuid:7f", "urn:uuid:7f", False),
        ("x" * 256, None, f"MedicationRequest/{'x' * 256}", True),
        ("x" * 257, None, None, False),
    ],
)
def test_an_order_is_named_by_its_id_or_its_full_url(
    own_id: str | None, full_url: str | None, ref: str | None, editable: bool
) -> None:
    entry = {"resource": drug_order(own_id=own_id)} | ({"fullUrl": full_url} if full_url else {})

    draft = the_drug(entry)

    assert (draft.ref, draft.editable) == (ref, editable)


@pytest.mark.parametrize(
    ("selections", "selected"),
    [
        (None, [True, True]),
        (["MedicationRequest/m1"], [True, False]),
        (["m1"], [True, False]),
        (["m1", "m1", "MedicationRequest/m1"], [True, False]),
        (["urn:uuid:s"], [False, True]),
        (["ServiceRequest/m1"], [False, False]),
        ([], [False, False]),
    ],
)
def test_on_order_select_only_the_selected_are_judged(
    selections: list[str] | None, selected: list[bool]
) -> None:
    entries = drug_order(), {"resource": service_order(), "fullUrl": "urn:uuid:s"}

    found = drafted(*entries, selections=selections)

    assert [fact.selected for fact in found.facts] == selected


def test_a_selection_may_name_any_entry_of_the_bundle() -> None:
    other = {"resourceType": "FutureOrder", "id": "f1"}

    refs = selection_refs(bundled(drug_order(), {"resource": other, "fullUrl": "http://x/f1"}))

    assert refs == {"MedicationRequest/m1", "m1", "FutureOrder/f1", "f1", "http://x/f1"}


@pytest.mark.parametrize(
    "broken",
    [
        "[]",
        "null",
        "5",
        '"Bundle"',
        "{}",
        '{"resourceType": "MedicationRequest", "id": "m1"}',
        '{"resourceType": "Bundle", "entry": {}}',
        '{"resourceType": "Bundle", "entry": [5]}',
        '{"resourceType": "Bundle", "entry": [null]}',
    ],
)
def test_what_is_no_bundle_is_told_apart_from_an_empty_one(broken: str) -> None:
    assert draft_bundle(Raw(broken.encode())) is None
    assert selection_refs(Raw(broken.encode())) == frozenset()
    assert gaps_in(read(Raw(broken.encode()))) == [("unreadable", None, "draftOrders")]


@pytest.mark.parametrize("empty", ["{}", '{"entry": null}', '{"entry": []}', '{"entry": [{}]}'])
def test_a_bundle_without_orders_has_none(empty: str) -> None:
    found = read(Raw(json.dumps({"resourceType": "Bundle"} | json.loads(empty)).encode()))

    assert (found.orders, found.gaps) == ((), ())


def test_an_entry_that_holds_no_resource_is_a_gap() -> None:
    found = drafted({"resource": 5}, {"resource": {"id": "x"}}, drug_order())

    assert len(found.facts) == 1
    assert gaps_in(found) == [("unreadable", None, "draftOrders.entry.resource")]
