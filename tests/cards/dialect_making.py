"""Answers before any dialect: of every golden case, and small ones."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from cards.guard_cards import GuardRenderer
from cards.opaque import DraftJson
from cards.rendering import Renderer
from cards.wire import (
    Action,
    Answer,
    AnswerExtension,
    AnswerIds,
    Card,
    CardExtension,
    Coding,
    Indicator,
    RecommendationId,
    RecommendationIds,
    SelectionBehavior,
    Source,
    Suggestion,
    SuggestionExtension,
)
from pathway.evaluation import advise
from pathway.golden import GoldenCase, facts_of
from pathway.golden_drafts import drafts_of
from pathway.guards import judge
from pathway.knowledge_base import KnowledgeBase
from pathway.loading import load_code_rows, load_golden, load_knowledge
from tests.cards.guard_making import a_draft
from tests.cards.making import PATIENTS, numbered_uuids
from tests.pathway.making import TODAY

ROWS = load_code_rows()
SERVICE = (
    '{"resourceType": "ServiceRequest", "id": "%s", "status": "draft", "intent": "order",'
    ' "code": {"coding": [{"code": "x"}]}, "occurrenceDateTime": "2026-11-22"}'
)
DRUG = (
    '{"resourceType": "MedicationRequest", "id": "%s", "status": "draft",'
    ' "medicationCodeableConcept": {"text": "x"},'
    ' "dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": 2.0}}]}],'
    ' "dispenseRequest": {"quantity": {"value": 300.0}}}'
)


@cache
def the_knowledge() -> KnowledgeBase:
    return load_knowledge()


@cache
def standard_answers() -> dict[str, Answer]:
    """What the renderers give, by the name of the case."""
    knowledge = the_knowledge()
    renderer, guard_renderer = Renderer(knowledge), GuardRenderer(knowledge)
    found = {
        f"{file}: {case.name}": _answer(case, knowledge, renderer, guard_renderer)
        for file, cases in load_golden().items()
        for case in cases
    }
    patients = {
        name: renderer.answer(advise(facts, knowledge), numbered_uuids()) for name, facts in PATIENTS.items()
    }
    return found | patients


def _answer(
    case: GoldenCase, knowledge: KnowledgeBase, renderer: Renderer, guard_renderer: GuardRenderer
) -> Answer:
    facts = facts_of(case.given, case.as_of, ROWS)
    if not case.given.drafts:
        return renderer.answer(advise(facts, knowledge), numbered_uuids())
    drafts = drafts_of(case.given, case.as_of, ROWS)
    resources = [_draft_named(draft.ref) for draft in drafts]
    return guard_renderer.answer(judge(facts, drafts, knowledge), resources, case.hook, numbered_uuids())


def _draft_named(ref: str | None) -> DraftJson:
    kind, _, name = (ref or "").partition("/")
    return a_draft((DRUG if kind == "MedicationRequest" else SERVICE) % name)


def suggestions_of(*answers: Answer) -> Iterator[Suggestion]:
    """All suggestions of some answers."""
    for card in cards_of(*answers):
        yield from card.suggestions


def cards_of(*answers: Answer) -> Iterator[Card]:
    """All cards of some answers."""
    for answer in answers:
        yield from answer.cards


# --- small answers -----------------------------------------------------------------------------------


def a_suggestion(*descriptions: str, **changes: Any) -> Suggestion:
    known: dict[str, Any] = {
        "label": "Take both back",
        "uuid": "00000000-0000-4000-8000-000000000001",
        "actions": tuple(
            Action(type="delete", description=text, resource_id=f"ServiceRequest/s{number}")
            for number, text in enumerate(descriptions)
        ),
        "extension": SuggestionExtension(org_backpath=RecommendationId(recommendation="esi-too-early")),
    }
    return Suggestion(**(known | changes))


def a_card(*suggestions: Suggestion, **changes: Any) -> Card:
    known: dict[str, Any] = {
        "uuid": "00000000-0000-4000-8000-00000000000c",
        "summary": "Too early",
        "indicator": Indicator.WARNING,
        "detail": "Too early.",
        "source": Source(label="Us", topic=Coding(system="urn:x", code="esi-too-early")),
        "selection_behavior": SelectionBehavior.ANY if suggestions else None,
        "suggestions": suggestions,
        "extension": CardExtension(org_backpath=RecommendationIds(recommendations=("esi-too-early",))),
    }
    return Card(**(known | changes))


def an_answer(*cards: Card) -> Answer:
    ids = AnswerIds(state="esi-waiting", as_of=TODAY, knowledge_version="v")
    return Answer(cards=cards, extension=AnswerExtension(org_backpath=ids))


def on_the_wire(answer: Answer) -> Any:
    return msgspec.json.decode(msgspec.json.encode(answer))
