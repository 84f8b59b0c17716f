"""Epic's dialect, on every golden case: what its tutorial asks for, and nothing lost by it.

https://fhir.epic.com/Documentation?docId=cds-hooks
"""

import re
from functools import cache
from typing import Any

import msgspec
import pytest
from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir.resources.R4B.servicerequest import ServiceRequest

from cards.dialects import dialect
from cards.epic import AT_MOST_ONE, BY_HAND, ORDER_SET_ITEM, PREFERENCE_LIST_ITEM, TOPICS, Topics
from cards.proposals import Proposals
from cards.site_codes import SiteCode
from cards.wire import Action, Answer, Card, SelectionBehavior, Suggestion
from pathway.rules import Proposal, ServiceOrder
from tests.cards.dialect_making import (
    a_card,
    a_suggestion,
    an_answer,
    cards_of,
    on_the_wire,
    standard_answers,
    suggestions_of,
    the_knowledge,
)
from tests.cards.rendered import OURS, kinds
from tests.cds_service.answer_schemas import ANSWER, ORDER_ANSWER, empties

NUMBER = re.compile(r"\d+(?:\.\d+)?")
NUMBER_WORDS = {"once": "1", "twice": "2", "one": "1", "two": "2"}
ITEM = SiteCode(proposal="esi-first/esi-interlaminar", system=PREFERENCE_LIST_ITEM, code="ESI_IL")
SET = SiteCode(proposal="nsaid/naproxen-500", system=ORDER_SET_ITEM, code="NSAID_2_WEEKS")


@cache
def epic_answers() -> dict[str, Answer]:
    epic = dialect("epic", the_knowledge())
    return {name: epic(answer) for name, answer in standard_answers().items()}


def to_epic(*cards: Card, codes: tuple[SiteCode, ...] = ()) -> Any:
    """The cards as Epic reads them."""
    return on_the_wire(dialect("epic", the_knowledge(), order_codes=codes)(an_answer(*cards)))["cards"]


def order_of(name: str, recommendation: str, *codes: SiteCode) -> Any:
    """The first order of a recommendation in one answer, as Epic reads it."""
    told = on_the_wire(dialect("epic", the_knowledge(), order_codes=codes)(standard_answers()[name]))
    suggestions = [s for card in told["cards"] for s in card.get("suggestions", ())]
    return next(
        s["actions"][0]["resource"]
        for s in suggestions
        if s["extension"]["org.backpath"]["recommendation"] == recommendation
    )


# --- on every golden case --------------------------------------------------------------------------


def test_the_cases_hold_cards_of_every_kind_and_every_guard() -> None:
    codes = {card.source.topic.code for card in cards_of(*epic_answers().values()) if card.source.topic}

    assert codes == set(all_topics())


def test_every_answer_keeps_the_rules_for_responses() -> None:
    for answer in epic_answers().values():
        told = on_the_wire(answer)

        is_about_orders = any("order" in card["extension"]["org.backpath"] for card in told["cards"])
        assert (ORDER_ANSWER if is_about_orders else ANSWER).validate(told) == {}
        assert empties(told) == []
        assert set(told) == {"cards", "extension"}  # no systemActions


def test_selection_behaviour_is_any_or_absent() -> None:
    assert {card.selection_behavior for card in cards_of(*epic_answers().values())} == {"any", None}


def test_every_suggestion_has_one_action_that_creates_or_deletes() -> None:
    for suggestion in suggestions_of(*epic_answers().values()):
        (action,) = suggestion.actions
        assert action.type in ("create", "delete")
        assert action.description.strip()


def test_topics_are_alphanumeric_and_short() -> None:
    for card in cards_of(*epic_answers().values()):
        assert card.source.topic is not None
        assert re.fullmatch(r"[A-Za-z0-9]{1,100}", card.source.topic.code)


def test_the_topic_of_a_card_is_that_of_its_kind_or_its_guard() -> None:
    knowledge = the_knowledge()
    for answer in epic_answers().values():
        for place, card in enumerate(answer.cards):
            carried = card.extension.org_backpath.recommendations
            assert card.source.topic is not None
            if carried[0] in knowledge.guards:
                assert card.source.topic.code == carried[0].replace("-", "")
            elif place == 0:
                assert card.source.topic.code == "lbpNextStep"
            else:
                (kind,) = {knowledge.rules[name].card for name in carried}
                assert card.source.topic.code == TOPICS[kind][0]


def test_no_two_topics_share_a_code() -> None:
    assert len(set(all_topics())) == len(TOPICS) + len(the_knowledge().guards)


def all_topics() -> list[str]:
    topics = Topics(the_knowledge())
    return [topic.code for topic in (*topics.of_kinds.values(), *topics.of_guards.values())]


def test_the_same_recommendations_are_carried_for_the_same_orders() -> None:
    for name, answer in epic_answers().items():
        standard = standard_answers()[name]
        assert [c.extension for c in answer.cards] == [c.extension for c in standard.cards]
        assert [c.uuid for c in answer.cards] == [c.uuid for c in standard.cards]
        assert [(c.summary, c.indicator) for c in answer.cards] == [
            (c.summary, c.indicator) for c in standard.cards
        ]


def test_only_changes_of_an_order_are_no_suggestions_and_their_words_stand_in_the_detail() -> None:
    changes = 0
    for name, answer in epic_answers().items():
        for card, standard in zip(answer.cards, standard_answers()[name].cards, strict=True):
            changed = [s for s in standard.suggestions if s.actions[0].type == "update"]
            kept = [s for s in standard.suggestions if s.actions[0].type != "update"]
            assert [s.uuid for s in card.suggestions] == [s.uuid for s in kept]
            assert (BY_HAND in card.detail) == bool(changed)
            assert card.detail.count("\n- Change") + card.detail.count("\n- Add") >= len(changed)
            changes += len(changed)
    assert changes > 10


def test_a_detail_with_changes_is_still_plain_markdown() -> None:
    for card in cards_of(*epic_answers().values()):
        assert kinds(card.detail) <= OURS


def test_uuids_are_unique_in_an_answer() -> None:
    for answer in epic_answers().values():
        uuids = [card.uuid for card in answer.cards] + [s.uuid for s in suggestions_of(answer)]
        assert len(set(uuids)) == len(uuids)


def test_at_most_one_suggestion_of_a_card_is_preselected() -> None:
    for card in cards_of(*epic_answers().values()):
        assert sum(suggestion.is_recommended for suggestion in card.suggestions) <= 1


def test_every_created_order_is_valid_r4_with_code_systems_as_oids() -> None:
    models: dict[str, Any] = {"ServiceRequest": ServiceRequest, "MedicationRequest": MedicationRequest}
    bodies = {
        msgspec.json.encode(suggestion.actions[0].resource)
        for suggestion in suggestions_of(*epic_answers().values())
        if suggestion.actions[0].type == "create"
    }
    for body in bodies:
        order = msgspec.json.decode(body)
        models[order["resourceType"]].model_validate_json(body)
        concept = order.get("code") or order["medicationCodeableConcept"]
        assert all(c["system"].startswith("urn:oid:2.16.840.1.113883.6.") for c in concept.get("coding", ()))


# --- at most one of several drugs ------------------------------------------------------------------


def test_of_several_drugs_each_says_that_at_most_one_may_be_taken() -> None:
    cards = 0
    for name, answer in epic_answers().items():
        for card, standard in zip(answer.cards, standard_answers()[name].cards, strict=True):
            if standard.selection_behavior == "at-most-one":
                said = [s.actions[0].description.startswith(AT_MOST_ONE) for s in card.suggestions]
                choices = [i for i, s in enumerate(standard.suggestions) if is_choice(s)]
                assert [i for i, one in enumerate(said) if one] == (choices if len(choices) > 1 else [])
                cards += len(choices) > 1
    assert cards > 10


def is_choice(suggestion: Any) -> bool:
    """A drug of its own, not the naloxone that goes with an opioid."""
    return "Naloxone" not in suggestion.actions[0].description


def test_outside_the_drug_card_no_suggestion_excludes_another() -> None:
    for card in cards_of(*epic_answers().values()):
        if card.source.topic is not None and card.source.topic.code != "lbpDrug":
            assert all(AT_MOST_ONE not in s.actions[0].description for s in card.suggestions)


# --- the description carries the plan ---------------------------------------------------------------


def numbers_in(text: str) -> set[str]:
    words = {value for word, value in NUMBER_WORDS.items() if re.search(rf"\b{word}\b", text)}
    return words | set(NUMBER.findall(text))


def plan_of(proposal: Proposal) -> set[str]:
    """Every number of an order that Epic does not look at: dose, frequency, duration, sessions, supply."""
    order = proposal.order
    if isinstance(order, ServiceOrder):
        return numbers_in(f"{order.text} {order.details or ''}")
    taken = [f"{dose.text} {dose.max_per_day or ''}" for dose in order.doses]
    return numbers_in(f"{order.text} {' '.join(taken)} {order.quantity} {order.supply_days or ''}")


@pytest.mark.parametrize(
    ("name", "proposal"),
    [(r.id, p) for r in the_knowledge().rules.values() for p in r.proposals],
    ids=lambda value: value if isinstance(value, str) else value.id,
)
def test_a_description_tells_every_number_the_day_and_the_urgency_of_its_order(
    name: str, proposal: Proposal
) -> None:
    order, told = proposal.order, proposal.description

    assert plan_of(proposal) <= numbers_in(told), name
    if isinstance(order, ServiceOrder):
        day = "as_of" if order.occurrence == "as-of" else order.occurrence
        assert f"{{{day}}}" in told
        assert order.priority == "routine" or order.priority in told


def test_an_injection_is_described_with_its_number_its_limit_and_its_interval() -> None:
    (first, *_) = [
        s
        for s in suggestions_of(epic_answers()["first injection"])
        if s.extension.org_backpath.recommendation == "esi-first"
    ]

    told = first.actions[0].description

    assert "number 1 of at most 3" in told
    assert "14 to 28 days later" in told


def test_a_repeat_is_described_with_its_number_its_limit_its_window_and_its_interval() -> None:
    told = [
        s.actions[0].description
        for s in suggestions_of(*epic_answers().values())
        if s.extension.org_backpath.recommendation == "esi-repeat"
    ]

    plan = r"number 2 of at most 3, .* \(window [\d-]{10} to [\d-]{10}, 14 to 28 days after the last one\)"
    assert told
    assert [text for text in told if not re.search(plan.replace("2", "[23]", 1), text)] == []


# --- how an order is found -------------------------------------------------------------------------


def test_an_order_of_the_preference_list_carries_the_code_of_the_site_alone() -> None:
    order = order_of("first injection", "esi-first", ITEM)

    assert order["code"]["coding"] == [{"system": PREFERENCE_LIST_ITEM, "code": "ESI_IL"}]
    assert order["code"]["text"].startswith("Lumbar epidural steroid injection")


def test_a_drug_that_the_site_orders_by_an_order_set_is_a_service_request() -> None:
    """The tutorial takes order sets as ServiceRequest only."""
    order = order_of("acute", "nsaid", SET)

    ServiceRequest.model_validate(order)
    assert order["code"] == {
        "coding": [{"system": ORDER_SET_ITEM, "code": "NSAID_2_WEEKS"}],
        "text": "Naproxen 500 mg oral tablet",
    }
    assert order["note"] == [{"text": "1 tablet by mouth twice daily with food for 14 days"}]
    assert order["subject"] == {"reference": "Patient/pat-1"}


def test_a_drug_without_a_code_of_the_site_is_named_by_rxnorm() -> None:
    order = order_of("acute", "nsaid")

    (coding,) = order["medicationCodeableConcept"]["coding"]
    assert (coding["system"], coding["code"]) == ("urn:oid:2.16.840.1.113883.6.88", "198014")


def test_every_proposal_can_be_given_a_code_of_the_site() -> None:
    names = sorted(Proposals(the_knowledge()).names())
    codes = tuple(SiteCode(proposal=n, system=PREFERENCE_LIST_ITEM, code=n.upper()) for n in names)
    epic = dialect("epic", the_knowledge(), order_codes=codes)
    used: set[str] = set()

    for suggestion in suggestions_of(*map(epic, standard_answers().values())):
        action = suggestion.actions[0]
        if action.type == "create":
            order = msgspec.to_builtins(action.resource)
            concept = order.get("code") or order["medicationCodeableConcept"]
            (coding,) = concept["coding"]
            used.add(coding["code"])

    assert used == {name.upper() for name in names}


# --- what no answer of ours holds yet --------------------------------------------------------------


def test_a_suggestion_with_several_actions_becomes_one_for_each() -> None:
    both = a_suggestion("Take back the first", "Take back the second", is_recommended=True)

    (card,) = to_epic(a_card(both))

    first, second = card["suggestions"]
    assert [s["label"] for s in (first, second)] == ["Take both back (1 of 2)", "Take both back (2 of 2)"]
    assert [s["actions"][0]["description"] for s in (first, second)] == [
        "1 of 2 that belong together: Take back the first",
        "2 of 2 that belong together: Take back the second",
    ]
    assert first["uuid"] == both.uuid != second["uuid"]
    assert first["extension"] == second["extension"]
    assert (first.get("isRecommended"), second.get("isRecommended")) == (True, None)


def test_the_actions_of_one_drug_exclude_other_drugs_and_not_each_other() -> None:
    drug, other = a_suggestion("30 mg for a week", "then 60 mg"), a_suggestion("Naproxen")

    told = [
        [s["actions"][0]["description"].count(AT_MOST_ONE) for s in card["suggestions"]]
        for card in to_epic(*(_to_choose_from(*of) for of in ((drug,), (drug, other))))
    ]

    assert told == [[0, 0], [1, 1, 1]]


def _to_choose_from(*suggestions: Suggestion) -> Card:
    return msgspec.structs.replace(a_card(*suggestions), selection_behavior=SelectionBehavior.AT_MOST_ONE)


def test_splitting_gives_the_same_uuids_each_time() -> None:
    card = a_card(a_suggestion("One", "Two", "Three"))

    assert to_epic(card) == to_epic(card)


def test_a_card_of_changes_alone_has_no_suggestions() -> None:
    change = Action(type="update", description="Move *it* to <b>", resource={"id": "s1"})

    (card,) = to_epic(a_card(a_suggestion(actions=(change,))))

    assert card["detail"] == f"Too early.\n\n**{BY_HAND}**\n\n- Move \\*it\\* to &lt;b>"
    assert {"suggestions", "selectionBehavior"}.isdisjoint(card)
