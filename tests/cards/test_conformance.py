"""The answers to all our patients keep the CDS Hooks rules for responses (conformance.md 1, 7 and 12)."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from cards.rendering import Renderer
from pathway.facts import Facts
from pathway.golden import facts_of
from pathway.knowledge_base import KnowledgeBase
from pathway.loading import load_code_rows, load_golden
from tests.cards.making import PATIENTS, answer_for
from tests.cards.rendered import OURS, kinds

# Characters of a detail, with its links: a clinician reads it between two patients. The cards on
# injections tell the whole conflict of evidence (clinical/pathway.md c.2).
MOST, MOST_ON_INJECTIONS = 3_800, 5_000


@pytest.fixture(scope="module")
def charts() -> dict[str, Facts]:
    """The patients of the golden cases of chart open (test_guard_conformance has the others), and ours."""
    rows = load_code_rows()
    golden = {
        f"{file}: {case.name}": facts_of(case.given, case.as_of, rows)
        for file, cases in load_golden().items()
        for case in cases
        if not case.given.drafts
    }
    return golden | PATIENTS


@pytest.fixture(scope="module")
def answers(renderer: Renderer, knowledge: KnowledgeBase, charts: dict[str, Facts]) -> dict[str, Any]:
    return {name: answer_for(renderer, knowledge, facts) for name, facts in charts.items()}


@pytest.fixture(scope="module")
def cards(answers: dict[str, Any]) -> list[Any]:
    return [card for answer in answers.values() for card in answer["cards"]]


@pytest.fixture(scope="module")
def suggestions(cards: list[Any]) -> list[Any]:
    return [suggestion for card in cards for suggestion in card.get("suggestions", ())]


@pytest.fixture(scope="module")
def actions(suggestions: list[Any]) -> list[Any]:
    return [action for suggestion in suggestions for action in suggestion["actions"]]


def members(value: Any) -> Iterator[tuple[str, Any]]:
    """Every member of every object, however deep."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield key, below
            yield from members(below)
    elif isinstance(value, list):
        for below in value:
            yield from members(below)


def uuids(answer: Any) -> list[str]:
    return [below for key, below in members(answer) if key == "uuid"]


def is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def is_coding(value: Any) -> bool:
    return set(value) <= {"system", "code", "display"} and is_text(value["code"]) and is_text(value["system"])


def test_the_patients_give_cards_of_every_kind(cards: list[Any]) -> None:
    assert len(cards) > 30
    assert {card["indicator"] for card in cards} == {"info", "warning", "critical"}
    assert {card.get("selectionBehavior") for card in cards} == {"any", "at-most-one", None}


def test_c_json_02_to_04_no_member_is_null_or_empty(answers: dict[str, Any]) -> None:
    for answer in answers.values():
        empty = [key for key, value in members(answer) if value in (None, "", [], {})]

        assert empty in ([], ["cards"])


def test_c_resp_02_cards_are_always_a_list(answers: dict[str, Any]) -> None:
    assert all(isinstance(answer["cards"], list) for answer in answers.values())


def test_at_most_five_cards_stand_in_an_answer(answers: dict[str, Any]) -> None:
    assert all(len(answer["cards"]) <= 5 for answer in answers.values())


def test_c_card_02_03_c_sug_03_04_uuids_are_present_and_unique(answers: dict[str, Any]) -> None:
    for answer in answers.values():
        found = uuids(answer)

        assert len(found) == len(set(found))
        assert all(str(UUID(one)) == one for one in found)
        assert all("uuid" in card for card in answer["cards"])
        assert all("uuid" in s for card in answer["cards"] for s in card.get("suggestions", ()))


def test_c_card_04_to_06_summaries_are_one_plain_line_under_140(cards: list[Any]) -> None:
    for card in cards:
        assert is_text(card["summary"])
        assert len(card["summary"]) < 140
        assert card["summary"].isprintable()


def test_c_card_07_details_are_text(cards: list[Any]) -> None:
    assert all(is_text(card["detail"]) for card in cards)


def test_no_detail_is_long(cards: list[Any]) -> None:
    for card in cards:
        is_on_injections = card["source"]["topic"]["code"].startswith("esi-")
        assert len(card["detail"]) < (MOST_ON_INJECTIONS if is_on_injections else MOST)


def test_c_card_09_indicators_are_known(cards: list[Any]) -> None:
    assert all(card["indicator"] in ("info", "warning", "critical") for card in cards)


def test_c_card_10_to_12_selection_behaviour_goes_with_suggestions(cards: list[Any]) -> None:
    for card in cards:
        assert ("suggestions" in card) == ("selectionBehavior" in card)
        assert card.get("selectionBehavior") in ("any", "at-most-one", None)


def test_c_md_01_02_details_hold_no_html_image_or_code(cards: list[Any]) -> None:
    details = {card["detail"] for card in cards}

    assert all(kinds(detail) <= OURS for detail in details)


def test_c_md_03_details_open_no_code_fence(cards: list[Any]) -> None:
    assert all("```" not in card["detail"] and "~~~" not in card["detail"] for card in cards)


def test_no_detail_shows_a_hole(cards: list[Any]) -> None:
    for card in cards:
        said = [card["summary"], card["detail"]]
        said += [suggestion["label"] for suggestion in card.get("suggestions", ())]
        said += [s["actions"][0]["description"] for s in card.get("suggestions", ())]
        assert not re.search(r"\bNone\b|[{}]|%s|Decimal\(", "\n".join(said))


def test_c_src_sources_have_a_label_an_absolute_url_and_a_topic(cards: list[Any]) -> None:
    for card in cards:
        source = card["source"]
        assert set(source) <= {"label", "url", "topic"}
        assert is_text(source["label"])
        assert is_coding(source["topic"])
        if "url" in source:
            parts = urlsplit(source["url"])
            assert parts.scheme in ("http", "https")
            assert parts.netloc


def test_the_topic_is_the_first_recommendation_of_the_card(cards: list[Any]) -> None:
    for card in cards:
        ids = card["extension"]["org.backpath"]["recommendations"]
        assert card["source"]["topic"]["code"] == ids[0]
        assert len(ids) == len(set(ids))


def test_c_ovr_override_reasons_are_codings_with_display_and_no_duplicates(cards: list[Any]) -> None:
    for card in cards:
        reasons = card["overrideReasons"]
        assert all(is_coding(reason) and is_text(reason["display"]) for reason in reasons)
        assert len({reason["code"] for reason in reasons}) == len(reasons)


def test_c_sug_02_labels_are_text(suggestions: list[Any]) -> None:
    assert all(is_text(suggestion["label"]) for suggestion in suggestions)


def test_c_sug_05_at_most_one_suggestion_of_an_answer_is_recommended(answers: dict[str, Any]) -> None:
    for answer in answers.values():
        marks = [value for key, value in members(answer) if key == "isRecommended"]
        assert marks in ([], [True])


def test_c_sug_06_07_no_suggestion_asks_which_of_its_actions(suggestions: list[Any]) -> None:
    assert all("actionSelectionBehavior" not in suggestion for suggestion in suggestions)


def test_c_sug_08_every_suggestion_has_one_action(suggestions: list[Any]) -> None:
    assert all(len(suggestion["actions"]) == 1 for suggestion in suggestions)


def test_every_suggestion_names_a_recommendation_of_its_card(cards: list[Any]) -> None:
    for card in cards:
        ids = card["extension"]["org.backpath"]["recommendations"]
        named = [s["extension"]["org.backpath"]["recommendation"] for s in card.get("suggestions", ())]
        assert set(named) <= set(ids)


def test_c_act_01_to_04_actions_create_a_described_resource(actions: list[Any]) -> None:
    for action in actions:
        assert set(action) == {"type", "description", "resource"}
        assert action["type"] == "create"
        assert is_text(action["description"])
        assert action["resource"]["resourceType"] in ("ServiceRequest", "MedicationRequest")


def test_c_act_08_to_11_a_created_resource_has_no_id_or_meta(actions: list[Any]) -> None:
    assert all({"id", "meta"}.isdisjoint(action["resource"]) for action in actions)


def test_c_act_12_proposed_resources_are_for_the_patient(
    answers: dict[str, Any], charts: dict[str, Facts]
) -> None:
    for name, answer in answers.items():
        subjects = [value["reference"] for key, value in members(answer) if key == "subject"]
        assert set(subjects) <= {f"Patient/{charts[name].patient.id}"}


def test_c_ext_extensions_are_objects_under_our_reverse_domain(answers: dict[str, Any]) -> None:
    for answer in answers.values():
        found = [value for key, value in members(answer) if key == "extension"]
        assert all(set(value) == {"org.backpath"} for value in found)


def test_every_answer_tells_state_day_and_knowledge_version(
    answers: dict[str, Any], charts: dict[str, Facts], knowledge: KnowledgeBase
) -> None:
    for name, answer in answers.items():
        told = answer["extension"]["org.backpath"]
        assert told["state"] in knowledge.states
        assert told["asOf"] == charts[name].as_of.isoformat()
        assert told["knowledgeVersion"] == knowledge.version
