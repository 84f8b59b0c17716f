"""Epic's documented requests on their way to an answer in its dialect (tests/cards/epic_golden).

`python -m tests.cards.epic_calls` writes the golden answers anew, after the knowledge got other words.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from cards.dialects import dialect
from cards.epic import ORDER_SET_ITEM, PREFERENCE_LIST_ITEM
from cards.guard_cards import GuardRenderer
from cards.rendering import Renderer
from cards.site_codes import SiteCode
from cards.wire import Answer
from cds_service.envelope import HookRequest, read_request
from fhir_mappings.charts import facts_of
from fhir_mappings.drafts import DraftOrders, drafts_of
from fhir_mappings.gathering import gather
from fhir_mappings.terminology import Terminology
from pathway.drafts import DraftDrug, DraftService
from pathway.evaluation import advise
from pathway.facts import Facts
from pathway.guards import judge
from tests.cards.dialect_making import ROWS, the_knowledge
from tests.cards.making import numbered_uuids

GOLDEN = Path(__file__).parent / "epic_golden"
AS_OF = date(2026, 11, 22)
TERMINOLOGY = Terminology.of(ROWS)
HOOKS = {
    "patient_view": "patient-view",
    "enter_diagnosis": "patient-view",
    "order_select": "order-select",
    "order_sign": "order-sign",
}
LEFT_OUT = "…"
CODES = (
    SiteCode(proposal="esi-first/esi-interlaminar", system=PREFERENCE_LIST_ITEM, code="ESI_IL"),
    SiteCode(proposal="esi-first/esi-transforaminal", system=PREFERENCE_LIST_ITEM, code="ESI_TF"),
    SiteCode(proposal="muscle-relaxant/cyclobenzaprine-5", system=ORDER_SET_ITEM, code="MUSCLE_RELAXANT"),
    SiteCode(
        proposal="massage/massage-course", system=PREFERENCE_LIST_ITEM, code="MASSAGE", display="Massage"
    ),
)


def golden(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


def asked(name: str, body: Any = None) -> HookRequest:
    """The request as the service reads it."""
    text = json.dumps(golden(f"{name}_request") if body is None else body)
    return read_request(text.encode(), hook=HOOKS[name], development=False)


def chart(request: HookRequest) -> Facts:
    return facts_of(
        gather(request.prefetch),
        patient_id=request.patient_id,
        as_of=AS_OF,
        zone=ZoneInfo("UTC"),
        terminology=TERMINOLOGY,
    )


def drafts(request: HookRequest) -> DraftOrders:
    assert request.draft_orders is not None
    return drafts_of(
        request.draft_orders,
        selections=request.selections,
        gathered=gather(request.prefetch),
        patient_id=request.patient_id,
        as_of=AS_OF,
        zone=ZoneInfo("UTC"),
        terminology=TERMINOLOGY,
    )


def standard_answer(request: HookRequest) -> Answer:
    knowledge = the_knowledge()
    if request.draft_orders is None:
        return Renderer(knowledge).answer(advise(chart(request), knowledge), numbered_uuids())
    orders = drafts(request)
    resources = [msgspec.json.decode(resource) for resource in orders.resources]
    advice = judge(chart(request), orders.facts, knowledge)
    return GuardRenderer(knowledge).answer(advice, resources, request.hook, numbered_uuids())


def shown(answer: Answer) -> Any:
    """The answer on the wire, without the words that the knowledge may change any day."""
    told = msgspec.json.decode(msgspec.json.encode(answer))
    told["extension"]["org.backpath"]["knowledgeVersion"] = LEFT_OUT
    for card in told["cards"]:
        card["detail"] = LEFT_OUT
    return told


def epic_answer(request: HookRequest) -> Answer:
    """The answer to a site with some codes of its own."""
    return dialect("epic", the_knowledge(), order_codes=CODES)(standard_answer(request))


def the_drug(request: HookRequest) -> DraftDrug:
    """The one draft that the pathway knows."""
    (draft,) = drafts(request).facts
    assert isinstance(draft, DraftDrug)
    return draft


def the_service(request: HookRequest) -> DraftService:
    """The one draft that the pathway knows."""
    (draft,) = drafts(request).facts
    assert isinstance(draft, DraftService)
    return draft


def write_answers() -> None:
    """Write what is answered today as the golden answers."""
    for name in HOOKS:
        text = json.dumps(shown(epic_answer(asked(name))), indent=1, ensure_ascii=False)
        (GOLDEN / f"{name}_answer.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    write_answers()
