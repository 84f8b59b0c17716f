"""Small guards, what they found, and drafts as clients send them."""

import json
from decimal import Decimal
from typing import Any

import msgspec

from cards.guard_cards import GuardRenderer
from cards.opaque import DraftJson
from pathway.advice import Urgency
from pathway.guard_actions import Action
from pathway.guard_rules import Delete, Edit, Guard, GuardLevel, Update
from pathway.guards import GuardAdvice, Warned
from pathway.rules import Coded, RuleEvidence
from tests.cards.making import CPT, a_knowledge, a_line, a_rule, a_situation, numbered_uuids
from tests.pathway.making import TODAY

ENCODER = msgspec.json.Encoder(decimal_format="number")
REF = "ServiceRequest/s1"
IMAGE_GUIDED = Coded(system=CPT, code="62323", display="image-guided")

DELETE = Delete(label="Remove it", description="Remove the order for {order_day}", recommendable=True)
MOVE = Update(
    edit=Edit.OCCURRENCE, value="earliest", label="Move to {earliest}", description="Move it to {earliest}"
)


def a_guard(identifier: str = "esi-too-early", **changes: Any) -> Guard:
    known: dict[str, Any] = {
        "id": identifier,
        "title": identifier.replace("-", " ").capitalize(),
        "last_reviewed": TODAY,
        "place": 1,
        "applies_to": "lumbar-esi",
        "levels": {
            "default": GuardLevel(
                urgency=Urgency.CAUTION,
                summary="Too early for {order_day}",
                message="{last_esi} was the last",
            )
        },
        "says": ("Wait.", "Relief was {relief} %."),
        "primary_source": "guide",
        "evidence": RuleEvidence(supports=(a_line("Wait 14 days.", strength="strong"),)),
        "suggestions": (DELETE, MOVE),
    }
    return Guard(**(known | changes))


def a_guard_renderer(*guards: Guard, rules: Any = None, **changes: Any) -> GuardRenderer:
    known = {"guards": {guard.id: guard for guard in guards or (a_guard(),)}}
    return GuardRenderer(a_knowledge(*(rules or (a_rule(),)), **(known | changes)))


def values(**more: Any) -> Any:
    return {"order_day": TODAY, "last_esi": TODAY, "earliest": TODAY} | more


def to_delete(**changes: Any) -> Action:
    known: dict[str, Any] = {
        "kind": "delete",
        "label": DELETE.label,
        "description": DELETE.description,
        "values": values(),
    }
    return Action(**(known | changes))


def to_update(**changes: Any) -> Action:
    known: dict[str, Any] = {
        "kind": "update",
        "label": MOVE.label,
        "description": MOVE.description,
        "values": values(),
        "edit": Edit.OCCURRENCE,
        "value": TODAY,
    }
    return Action(**(known | changes))


def a_warning(identifier: str = "esi-too-early", **changes: Any) -> Warned:
    known: dict[str, Any] = {
        "id": identifier,
        "level": "default",
        "urgency": Urgency.CAUTION,
        "draft": 0,
        "ref": REF,
        "values": values(),
    }
    return Warned(**(known | changes))


def a_guard_advice(*warnings: Warned, **changes: Any) -> GuardAdvice:
    known: dict[str, Any] = {"situation": a_situation(), "warnings": warnings}
    return GuardAdvice(**(known | changes))


def a_draft(text: str) -> DraftJson:
    """A draft as the service reads it: its numbers keep their digits."""
    draft: DraftJson = json.loads(text, parse_float=Decimal)
    return draft


A_DRAFT: DraftJson = a_draft(
    '{"resourceType": "ServiceRequest", "id": "s1", "occurrenceDateTime": "2026-11-22"}'
)


def body_of(
    renderer: GuardRenderer, advice: GuardAdvice, *drafts: DraftJson, hook: str = "order-sign"
) -> bytes:
    return ENCODER.encode(renderer.answer(advice, drafts or (A_DRAFT,), hook, numbered_uuids()))


def guard_answer(
    renderer: GuardRenderer, advice: GuardAdvice, *drafts: DraftJson, hook: str = "order-sign"
) -> Any:
    """The answer as a client reads it."""
    return json.loads(body_of(renderer, advice, *drafts, hook=hook), parse_float=Decimal)


def only_guard_card(renderer: GuardRenderer, *warnings: Warned, hook: str = "order-sign") -> Any:
    (card,) = guard_answer(renderer, a_guard_advice(*warnings), hook=hook)["cards"]
    return card
