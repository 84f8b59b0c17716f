"""The answers to every golden case of the guards keep the contract and the rules for responses."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir.resources.R4B.servicerequest import ServiceRequest

from cards.guard_cards import GuardRenderer
from cards.opaque import DraftJson
from pathway.golden import facts_of
from pathway.golden_drafts import drafts_of
from pathway.guards import judge
from pathway.loading import load_code_rows, load_golden, load_knowledge
from tests.cards.guard_making import a_draft, guard_answer
from tests.cards.rendered import OURS, kinds

KNOWLEDGE = load_knowledge()
RENDERER = GuardRenderer(KNOWLEDGE)
ROWS = load_code_rows()
CASES = {
    f"{file}: {case.name}": case
    for file, cases in load_golden().items()
    for case in cases
    if case.given.drafts
}
MOST = 3_500  # characters of a detail, with its links
SERVICE = (
    '{"resourceType": "ServiceRequest", "id": "%s", "status": "draft", "intent": "plan",'
    ' "extension": [{"url": "urn:x", "valueDecimal": 1.50}], "code": {"coding": [{"code": "x"}]},'
    ' "occurrencePeriod": {"start": "2026-11-22"}, "subject": {"reference": "Patient/golden"}}'
)
DRUG = (
    '{"resourceType": "MedicationRequest", "id": "%s", "status": "draft",'
    ' "extension": [{"url": "urn:x", "valueDecimal": 1.50}], "reasonCode": {"coding": {}},'
    ' "medicationCodeableConcept": {"coding": [{"code": "x"}], "text": "x"},'
    ' "dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": 2.0}}]}],'
    ' "dispenseRequest": {"quantity": {"value": 300.0}}}'
)


def draft_named(ref: str | None) -> DraftJson:
    kind, _, name = (ref or "").partition("/")
    return a_draft((DRUG if kind == "MedicationRequest" else SERVICE) % name)


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    return {name: answer_to(name) for name in CASES}


def answer_to(name: str) -> Any:
    case = CASES[name]
    drafts = drafts_of(case.given, case.as_of, ROWS)
    advice = judge(facts_of(case.given, case.as_of, ROWS), drafts, KNOWLEDGE)
    return guard_answer(RENDERER, advice, *(draft_named(draft.ref) for draft in drafts), hook=case.hook)


@pytest.fixture(scope="module")
def cards(answers: dict[str, Any]) -> list[Any]:
    return [card for answer in answers.values() for card in answer["cards"]]


@pytest.fixture(scope="module")
def actions(cards: list[Any]) -> list[Any]:
    return [action for card in cards for s in card.get("suggestions", ()) for action in s["actions"]]


def members(value: Any) -> Iterator[tuple[str, Any]]:
    """Every member of every object of ours: what a client sent is not looked into."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield key, below
            if not (key == "resource" and "id" in below):
                yield from members(below)
    elif isinstance(value, list):
        for below in value:
            yield from members(below)


def test_every_guard_gives_a_card(cards: list[Any]) -> None:
    assert {card["source"]["topic"]["code"] for card in cards} == set(KNOWLEDGE.guards)


def test_no_member_is_null_or_empty(answers: dict[str, Any]) -> None:
    for answer in answers.values():
        assert [key for key, value in members(answer) if value in (None, "", [], {})] in ([], ["cards"])


def test_uuids_are_present_and_unique(answers: dict[str, Any]) -> None:
    for answer in answers.values():
        found = [value for key, value in members(answer) if key == "uuid"]
        suggestions = [s for card in answer["cards"] for s in card.get("suggestions", ())]

        assert len(found) == len(set(found)) == len(answer["cards"]) + len(suggestions)


def test_a_card_carries_one_guard_and_names_its_order(cards: list[Any]) -> None:
    for card in cards:
        told = card["extension"]["org.backpath"]
        assert told["recommendations"] == [card["source"]["topic"]["code"]]
        assert told["order"] in ("MedicationRequest/draft", "ServiceRequest/draft") or "/" in told["order"]


def test_summaries_are_one_plain_line_under_140_and_not_just_the_title(cards: list[Any]) -> None:
    for card in cards:
        assert 0 < len(card["summary"]) < 140
        assert card["summary"].isprintable()
        assert card["summary"] != card["source"]["topic"]["display"]


def test_details_are_short_and_hold_no_hole_html_or_code(cards: list[Any]) -> None:
    for card in cards:
        assert 0 < len(card["detail"]) < MOST
        assert not set("{}") & set(card["detail"])
        assert kinds(card["detail"]) <= OURS


def test_nothing_that_is_known_is_called_not_recorded(cards: list[Any]) -> None:
    """No guard fires without the values of its message."""
    assert not [card["detail"] for card in cards if "not recorded" in card["detail"].split("\n")[0]]


def test_sources_have_a_label_and_an_absolute_url(cards: list[Any]) -> None:
    for card in cards:
        assert card["source"]["label"]
        if "url" in card["source"]:
            assert urlsplit(card["source"]["url"]).scheme in ("http", "https")


def test_override_reasons_are_codings_with_display_and_no_duplicates(cards: list[Any]) -> None:
    for card in cards:
        reasons = [reason["code"] for reason in card["overrideReasons"]]
        assert all(reason["display"] for reason in card["overrideReasons"])
        assert len(set(reasons)) == len(reasons)
        assert reasons[-1] == "other"


def test_selection_behaviour_goes_with_suggestions(cards: list[Any]) -> None:
    for card in cards:
        assert card.get("selectionBehavior") == ("any" if "suggestions" in card else None)


def test_at_most_one_suggestion_of_a_card_is_recommended(cards: list[Any]) -> None:
    for card in cards:
        assert [v for key, v in members(card) if key == "isRecommended"] in ([], [True])


def test_on_order_select_nothing_is_critical(answers: dict[str, Any]) -> None:
    for name, answer in answers.items():
        if CASES[name].hook == "order-select":
            assert all(card["indicator"] != "critical" for card in answer["cards"])


def test_every_suggestion_has_one_described_action(cards: list[Any]) -> None:
    for card in cards:
        for suggestion in card.get("suggestions", ()):
            (action,) = suggestion["actions"]
            assert suggestion["label"]
            assert action["description"]


def test_a_delete_names_the_order_and_holds_no_resource(cards: list[Any]) -> None:
    for card in cards:
        for suggestion in card.get("suggestions", ()):
            (action,) = suggestion["actions"]
            if action["type"] == "delete":
                assert set(action) == {"type", "description", "resourceId"}
                assert action["resourceId"] == card["extension"]["org.backpath"]["order"]


def test_an_update_hands_back_the_order_with_its_unknown_elements(cards: list[Any]) -> None:
    for card in cards:
        for suggestion in card.get("suggestions", ()):
            (action,) = suggestion["actions"]
            if action["type"] == "update":
                order, resource = card["extension"]["org.backpath"]["order"], action["resource"]
                assert set(action) == {"type", "description", "resource"}
                assert f"{resource['resourceType']}/{resource['id']}" == order
                assert str(resource["extension"][0]["valueDecimal"]) == "1.50"


def test_a_created_order_is_valid_r4_for_this_patient(actions: list[Any]) -> None:
    models: dict[str, Any] = {"ServiceRequest": ServiceRequest, "MedicationRequest": MedicationRequest}
    for action in actions:
        if action["type"] == "create":
            resource = action["resource"]
            models[resource["resourceType"]].model_validate_json(json.dumps(resource, default=float))
            assert {"id", "meta"}.isdisjoint(resource)
            assert resource["subject"] == {"reference": "Patient/golden"}


def test_a_drug_that_is_offered_can_replace_another_in_the_sandbox(actions: list[Any]) -> None:
    """It takes medicationCodeableConcept with text and coding[0].code (real-clients.md)."""
    drugs = [
        a["resource"] for a in actions if a.get("resource", {}).get("resourceType") == "MedicationRequest"
    ]

    assert drugs
    for drug in drugs:
        concept = drug["medicationCodeableConcept"]
        assert concept["text"]
        assert concept["coding"][0]["code"]


def test_all_three_kinds_of_action_are_offered(actions: list[Any]) -> None:
    assert {action["type"] for action in actions} == {"create", "update", "delete"}
