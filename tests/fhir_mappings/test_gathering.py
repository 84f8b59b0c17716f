import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.gathering import Gathered, decode_prefetch, gather
from fhir_mappings.resources import Condition, Observation, Patient
from tests.fhir_mappings.making import PATIENT, bundle, condition, observation, raw

OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "not-found"}]}
NONE_FOUND = {"resourceType": "Bundle", "type": "searchset", "total": 0}
SELF = [{"relation": "self", "url": "https://ehr.example/fhir/Condition?patient=p1"}]


def both_ways(prefetch: dict[str, Any]) -> Gathered:
    """Through the raw values and through the whole request: the result must be the same."""
    apart = gather(raw(prefetch))
    whole = decode_prefetch(json.dumps({"hook": "patient-view", "prefetch": prefetch}).encode())
    assert (apart.answered, apart.gaps) == (whole.answered, whole.gaps)
    assert {k: len(v) for k, v in apart.entries.items()} == {k: len(v) for k, v in whole.entries.items()}
    return whole


@pytest.mark.parametrize(
    "value",
    [
        condition(),
        bundle(condition()),
        {"response": {"status": "200"}, "resource": condition()},
        {"response": {"status": "200"}, "resource": bundle(condition())},
        {"resource": {"resource": condition()}},
        bundle(bundle(condition())),
        [condition()],
        bundle({"resourceType": "Practitioner", "id": "x"}, condition()),
        bundle({"resourceType": "Klingon", "id": "x"}, condition()),
        bundle({"resourceType": "MedicationOrder", "status": 7}, condition()),
    ],
)
def test_a_resource_is_found_in_any_container_under_any_key(value: Any) -> None:
    found = both_ways({"item1": value})

    assert [c.id for c in found.of(Condition)] == ["c1"]
    assert found.has_answer_for("Condition")
    assert found.gaps == ()


@pytest.mark.parametrize(
    "prefetch",
    [
        {"conditions": None},
        {"conditions": NONE_FOUND},
        {"Condition": NONE_FOUND},
        {"CONDITIONS": NONE_FOUND},
        {"x": NONE_FOUND | {"link": SELF}},
        {"conditions": bundle(OUTCOME)},
        {"x": NONE_FOUND},  # nothing tells its type: taken for the one that matters
        {"x": {"response": {}, "resource": NONE_FOUND}},
        {"conditions": NONE_FOUND | {"entry": []}},
        {"conditions": NONE_FOUND | {"entry": None}},
    ],
)
def test_an_empty_answer_answers_for_conditions(prefetch: dict[str, Any]) -> None:
    found = both_ways(prefetch)

    assert found.has_answer_for("Condition")
    assert found.gaps == ()


@pytest.mark.parametrize(
    "prefetch",
    [
        {},
        {"item1": None},
        {"observations": NONE_FOUND},
        {"conditions": OUTCOME},
        {"conditions": 5},
        {"conditions": "none"},
        {"conditions": []},
        {"conditions": {}},
        {
            "x": NONE_FOUND
            | {"link": [{"relation": "self", "url": "http://x/Condition?patient=%7B%7Bcontext"}]}
        },
    ],
)
def test_what_is_no_answer_for_conditions(prefetch: dict[str, Any]) -> None:
    assert not both_ways(prefetch).has_answer_for("Condition")


def test_the_self_link_goes_before_the_key() -> None:
    found = both_ways({"observations": NONE_FOUND | {"link": SELF}})

    assert found.answered == {"Condition"}


def test_an_unattributed_empty_bundle_answers_for_nothing_but_conditions() -> None:
    assert both_ways({"x": NONE_FOUND}).answered == {"Condition"}


def test_a_patient_must_be_there() -> None:
    assert not both_ways({"patient": None}).has_answer_for("Patient")
    assert not both_ways({"patient": NONE_FOUND}).has_answer_for("Patient")
    assert both_ways({"x": PATIENT}).has_answer_for("Patient")


def test_types_that_came_from_nowhere_are_named() -> None:
    found = both_ways({"patient": PATIENT, "allergies": NONE_FOUND, "x": bundle(observation())})

    assert found.not_provided() == {
        "Condition",
        "MedicationRequest",
        "Procedure",
        "DiagnosticReport",
        "ImagingStudy",
        "ServiceRequest",
    }


def test_a_page_that_others_follow_is_incomplete() -> None:
    paged = bundle(observation(), link=[{"relation": "next", "url": "https://ehr.example/fhir?page=2"}])

    (gap,) = both_ways({"x": paged}).gaps

    assert (gap.code, gap.resource) == ("incomplete", "Observation")


def test_an_outcome_in_place_of_data_that_came_otherwise_is_incomplete() -> None:
    found = both_ways({"conditions": OUTCOME, "x": bundle(condition())})

    assert [(g.code, g.resource) for g in found.gaps] == [("incomplete", "Condition")]


@pytest.mark.parametrize("junk", [5, "text", True, 1.5, [], [7], {}, {"resourceType": 7}, {"a": {"b": []}}])
def test_junk_is_a_gap_and_harms_nothing_beside_it(junk: Any) -> None:
    found = both_ways({"x": junk, "y": bundle(condition())})

    assert [g.code for g in found.gaps] == ["unreadable"]
    assert len(found.of(Condition)) == 1


def test_one_odd_resource_costs_only_itself() -> None:
    odd = observation(own_id="o2") | {"code": "72514-3"}

    found = both_ways({"x": bundle(odd, observation())})

    assert [o.id for o in found.of(Observation)] == ["o1"]
    assert [(g.code, g.resource, g.element) for g in found.gaps] == [("unreadable", "Observation/o2", "code")]


def test_a_type_whose_only_resource_is_odd_was_answered() -> None:
    found = both_ways({"x": bundle(condition() | {"code": [1]})})

    assert found.has_answer_for("Condition")


def test_entries_without_a_resource_are_incomplete() -> None:
    found = both_ways({"conditions": {"resourceType": "Bundle", "entry": [{"fullUrl": "urn:uuid:1"}]}})

    assert [(g.code, g.resource) for g in found.gaps] == [("incomplete", "Condition")]
    assert not found.has_answer_for("Condition")


def test_the_type_may_stand_last_in_a_resource() -> None:
    last = {k: v for k, v in PATIENT.items() if k != "resourceType"} | {"resourceType": "Patient"}

    assert [
        p.id for p in both_ways({"x": {"entry": [{"resource": last}], "resourceType": "Bundle"}}).of(Patient)
    ]


def test_containers_nested_too_deep_are_a_gap() -> None:
    value: Any = condition() | {"code": 1}
    for _ in range(30):
        value = {"resource": value}

    assert [g.code for g in both_ways({"x": value}).gaps] == ["unreadable"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"prefetch": 5}', b'{"prefetch": {"a": nul}}'])
def test_a_body_without_a_prefetch_object_is_refused(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_prefetch(body)


def test_bytes_that_are_no_utf_8_are_a_gap() -> None:
    body = json.dumps({"prefetch": {"x": bundle(condition() | {"code": {"text": "@"}})}}).encode()

    found = decode_prefetch(body.replace(b"@", b"\xed\xa0\x80"))

    assert [(g.code, g.resource) for g in found.gaps] == [("unreadable", "Condition/c1")]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["resourceType", "entry", "resource", "link", "fullUrl", "code", "id", "url"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["conditions", "patient", "x"]), JSON, max_size=3))
def test_no_shape_of_a_prefetch_fails(prefetch: dict[str, Any]) -> None:
    both_ways(prefetch)


def grave(severity: str) -> Any:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": "incomplete"}]}


@pytest.mark.parametrize("found", [bundle(total=5), bundle(condition(), total=2), bundle(PATIENT, total=2)])
def test_a_search_that_found_more_than_came_is_incomplete(found: Any) -> None:
    gaps = both_ways({"conditions": found, "patient": PATIENT}).gaps

    assert [(g.code, g.resource, g.element) for g in gaps] == [("incomplete", "Condition", "Bundle.total")]


@pytest.mark.parametrize("total", [None, 0, 1, 2, "5", -1, 1.5, [9]])
def test_a_total_that_is_smaller_absent_or_no_number_says_nothing(total: Any) -> None:
    included = bundle(condition(), observation(), total=total)

    assert both_ways({"conditions": included}).gaps == ()


def test_the_total_of_a_page_that_others_follow_is_not_told_twice() -> None:
    first = bundle(condition(), total=40, link=[{"relation": "next", "url": "https://ehr.example/2"}])

    gaps = both_ways({"conditions": first}).gaps

    assert [(g.code, g.element) for g in gaps] == [("incomplete", "Bundle.link")]


@pytest.mark.parametrize("severity", ["error", "fatal"])
def test_resources_beside_an_error_are_incomplete(severity: str) -> None:
    gaps = both_ways({"conditions": bundle(condition(), grave(severity))}).gaps

    assert [(g.code, g.resource) for g in gaps] == [("incomplete", "Condition")]


@pytest.mark.parametrize(
    "outcome", [grave("warning"), grave("information"), {"resourceType": "OperationOutcome"}]
)
def test_resources_beside_a_warning_are_whole(outcome: Any) -> None:
    assert both_ways({"conditions": bundle(condition(), outcome)}).gaps == ()


def test_an_error_alone_answers_for_its_type() -> None:
    found = both_ways({"conditions": bundle(grave("error"))})

    assert (found.has_answer_for("Condition"), found.gaps) == (True, ())
