"""Answers of a FHIR server: pages of a search, and the Patient; and what a Bundle says of further pages."""

import json
from typing import Any

import pytest

from fhir_mappings.gathering import NEXT_LINK, Gathered, Unfinished, gather, gather_page, joined
from fhir_mappings.resources import Condition, Observation
from tests.fhir_mappings.making import PATIENT, bundle, condition, observation, raw

NEXT = {"relation": "next", "url": "https://ehr.example/fhir?page=2"}
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "not-found"}]}
UNREADABLE = {"resourceType": "Condition", "id": "c9", "code": 7}


def page(value: Any, *kinds: str) -> Gathered | None:
    return gather_page(kinds, json.dumps(value).encode())


@pytest.mark.parametrize(
    "value",
    [
        bundle(condition()),
        bundle(condition(), observation()),
        bundle(condition(), OUTCOME),
        bundle(),
        bundle(OUTCOME),
        bundle(UNREADABLE),
        bundle() | {"link": [{"relation": "self", "url": "https://ehr.example/fhir/Observation?x=1"}]},
    ],
)
def test_a_bundle_with_the_type_or_with_nothing_answers_for_the_type_alone(value: Any) -> None:
    found = page(value, "Condition")

    assert found is not None
    assert found.answered == {"Condition"}


@pytest.mark.parametrize(
    "value", [OUTCOME, PATIENT, bundle(observation()), bundle(PATIENT), None, [], {}, 5, "x", {"entry": []}]
)
def test_what_is_no_answer_to_a_search(value: Any) -> None:
    assert page(value, "Condition") is None


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_no_answer(body: bytes) -> None:
    assert gather_page(("Condition",), body) is None


def test_a_patient_is_read() -> None:
    found = page(PATIENT, "Patient")

    assert found is not None
    assert found.answered == {"Patient"}


@pytest.mark.parametrize("value", [OUTCOME, bundle(), condition(), bundle(condition()), None])
def test_what_is_no_patient(value: Any) -> None:
    assert page(value, "Patient") is None


def test_an_empty_search_for_drugs_is_no_answer_for_conditions() -> None:
    found = page(bundle(), "Medication")

    assert found is not None
    assert found.answered == {"Medication"}


def test_a_page_that_follows_a_mixed_one_may_hold_other_types() -> None:
    found = page(bundle(observation()), "Condition", "Encounter")

    assert found is not None
    assert len(found.of(Observation)) == 1
    assert found.answered == {"Condition", "Encounter"}


def test_a_bundle_tells_where_it_goes_on_and_for_which_types() -> None:
    found = gather(
        raw(
            {
                "conditions": bundle() | {"link": [NEXT]},
                "chart": bundle(condition(), observation()) | {"link": [NEXT]},
                "observations": bundle(observation()) | {"link": [{"relation": "next"}]},
            }
        )
    )

    assert found.unfinished == (
        Unfinished(("Condition",), NEXT["url"]),
        Unfinished(("Condition", "Observation"), NEXT["url"]),
        Unfinished(("Observation",), None),
    )
    assert {(gap.code, gap.resource, gap.element) for gap in found.gaps} == {
        ("incomplete", "Condition", NEXT_LINK),
        ("incomplete", "Observation", NEXT_LINK),
    }


def test_parts_are_joined_and_stay_as_they_were() -> None:
    first = gather(raw({"conditions": bundle(condition(own_id="c1")) | {"link": [NEXT]}}))
    second = gather(raw({"x": bundle(condition(own_id="c2"), observation())}))

    both = joined((first, second))

    assert [c.id for c in both.of(Condition)] == ["c1", "c2"]
    assert both.answered == {"Condition", "Observation"}
    assert both.gaps == first.gaps
    assert both.unfinished == first.unfinished
    assert len(first.of(Condition)) == 1


def test_a_type_whose_gap_says_why_it_is_missing_gets_no_other() -> None:
    nothing = gather({})
    told = nothing.gaps_of_not_provided()

    assert len(told) == len(nothing.not_provided())
    assert (
        joined((nothing, Gathered(entries={}, answered=frozenset(), gaps=tuple(told)))).gaps_of_not_provided()
        == []
    )


def test_the_total_of_a_fetched_page_counts_what_other_pages_hold() -> None:
    found = page(bundle(condition(), total=40), "Condition")

    assert found is not None
    assert found.gaps == ()
