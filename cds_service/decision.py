"""The one way from a chart to an answer: check it, read the facts, decide, write the cards.

Hook calls, `backpath evaluate` and `backpath try` all come through here; nothing here knows Flask.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Self
from zoneinfo import ZoneInfo

import msgspec

from cards.guard_cards import GuardRenderer
from cards.rendering import Renderer
from cards.wire import Answer
from cds_service.errors import MissingDataError
from cds_service.uuids import uuid_source
from fhir_mappings.charts import facts_of
from fhir_mappings.drafts import drafts_of
from fhir_mappings.gathering import Gathered
from fhir_mappings.terminology import Terminology
from pathway.advice import Advice
from pathway.codelists import CodeRow
from pathway.evaluation import advise
from pathway.facts import DataGap, Facts
from pathway.guards import GuardAdvice, Warned, judge
from pathway.knowledge_base import KnowledgeBase
from pathway.loading import load_code_rows, load_knowledge

# by hook (contract, HTTP)
INDISPENSABLE = {"patient-view": ("Patient", "Condition")}
PATIENT_ONLY = ("Patient",)
# Each draft is judged beside all others: what a call costs grows with the square of their number.
MOST_DRAFTS = 60
TOO_MANY_DRAFTS = DataGap(
    code="incomplete",
    resource="draftOrders",
    text=f"Only the first {MOST_DRAFTS} orders were judged.",
)

_ENCODER = msgspec.json.Encoder(decimal_format="number")
# A draft that is handed back keeps its numbers as they were written, trailing zeros and all.
_DRAFT = msgspec.json.Decoder(float_hook=Decimal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """The orders of one call, as they came."""

    hook: str  # "order-select" or "order-sign"
    bundle: msgspec.Raw  # `context.draftOrders`
    selections: tuple[str, ...] | None = None  # on order-select; None: all are judged


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, and the answer that says it."""

    advice: Advice | GuardAdvice
    answer: Answer

    def body(self) -> bytes:
        """The answer as the service sends it, standard dialect."""
        return encoded(self.answer)


@dataclass(frozen=True, slots=True)
class Judged:
    """What was decided, not yet in words."""

    advice: Advice | GuardAdvice
    drafts: Sequence[dict[str, object]] = ()  # the orders that guards speak of, as `Warned.draft` counts them
    hook: str = "patient-view"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider:
    """All that a decision needs and that does not change between calls."""

    knowledge: KnowledgeBase
    rows: tuple[CodeRow, ...]
    terminology: Terminology
    renderer: Renderer
    guard_renderer: GuardRenderer
    zone: ZoneInfo

    @classmethod
    def load(cls, zone: ZoneInfo) -> "Decider":
        """Read and check the packaged knowledge, once a process: nothing of it changes.

        Raises:
            KnowledgeError: something in it is wrong; the service must not start.
        """
        return _packaged(zone)

    @classmethod
    def of(
        cls, knowledge: KnowledgeBase, rows: tuple[CodeRow, ...], terminology: Terminology, zone: ZoneInfo
    ) -> Self:
        """Make a knowledge ready to be used.

        Raises:
            KnowledgeError: a text or an order in it is wrong.
        """
        return cls(
            knowledge=knowledge,
            rows=rows,
            terminology=terminology,
            renderer=Renderer(knowledge),
            guard_renderer=GuardRenderer(knowledge),
            zone=zone,
        )

    def decide(
        self, gathered: Gathered, *, patient_id: str, as_of: date, orders: Orders | None = None
    ) -> Decision:
        """The decision for one patient on one day: chart open, or where `orders` are given, those.

        Raises:
            MissingDataError: the Patient or, at chart open, any answer for Condition came from nowhere.
        """
        judged = self.judged(gathered, patient_id=patient_id, as_of=as_of, orders=orders)
        return Decision(judged.advice, self.answer(judged))

    def judged(
        self, gathered: Gathered, *, patient_id: str, as_of: date, orders: Orders | None = None
    ) -> Judged:
        """The same before it is put into words.

        Raises:
            MissingDataError: as for `decide`.
        """
        check_indispensable(gathered, "patient-view" if orders is None else orders.hook)
        facts = facts_of(
            gathered, patient_id=patient_id, as_of=as_of, zone=self.zone, terminology=self.terminology
        )
        if orders is None:
            return Judged(advise(facts, self.knowledge))
        return self._about_orders(gathered, facts, orders, patient_id=patient_id, as_of=as_of)

    def answer(self, judged: Judged) -> Answer:
        """What was decided as an answer, standard dialect."""
        if isinstance(judged.advice, GuardAdvice):
            return self.guard_renderer.answer(judged.advice, judged.drafts, judged.hook, uuid_source())
        return self.renderer.answer(judged.advice, uuid_source())

    def _about_orders(
        self, gathered: Gathered, facts: Facts, orders: Orders, *, patient_id: str, as_of: date
    ) -> Judged:
        """The guards of the draft orders of one call."""
        drafts = drafts_of(
            orders.bundle,
            selections=orders.selections,
            gathered=gathered,
            patient_id=patient_id,
            as_of=as_of,
            zone=self.zone,
            terminology=self.terminology,
        )
        judged = [order for order in drafts.orders if order.fact is not None]
        judged.sort(key=lambda order: not (order.fact and order.fact.selected))  # the selected first
        unjudged = (TOO_MANY_DRAFTS,) if len(judged) > MOST_DRAFTS else ()
        judged = judged[:MOST_DRAFTS]
        facts = msgspec.structs.replace(facts, gaps=(*facts.gaps, *drafts.gaps, *unjudged))
        advice = judge(facts, [o.fact for o in judged if o.fact is not None], self.knowledge)
        advice, resources = _with_resources(advice, [order.resource for order in judged])
        return Judged(advice, drafts=resources, hook=orders.hook)


def encoded(answer: Answer) -> bytes:
    """An answer as JSON."""
    return _ENCODER.encode(answer)


def _with_resources(
    advice: GuardAdvice, drafts: Sequence[msgspec.Raw]
) -> tuple[GuardAdvice, list[dict[str, object]]]:
    """The resources of the drafts that are warned of; one that cannot be handed back gets no update."""
    warned = {warning.draft for warning in advice.warnings}
    read = [_resource(raw) if index in warned else {} for index, raw in enumerate(drafts)]
    warnings = tuple(w if read[w.draft] is not None else _without_update(w) for w in advice.warnings)
    resources = [{} if resource is None else resource for resource in read]
    return msgspec.structs.replace(advice, warnings=warnings), resources


def _resource(raw: msgspec.Raw) -> dict[str, object] | None:
    try:
        decoded = _DRAFT.decode(raw)
    except (msgspec.DecodeError, RecursionError):  # a lone surrogate somewhere, say
        return None
    return decoded if isinstance(decoded, dict) else None


def _without_update(warned: Warned) -> Warned:
    return msgspec.structs.replace(warned, actions=tuple(a for a in warned.actions if a.kind != "update"))


@cache
def _packaged(zone: ZoneInfo) -> Decider:
    rows = load_code_rows()
    return Decider.of(load_knowledge(), rows, Terminology.of(rows), zone)


def check_indispensable(gathered: Gathered, hook: str) -> None:
    """Refuse to advise without the patient or, at chart open, without an answer for conditions.

    Raises:
        MissingDataError: names the missing types and how to send them.
    """
    needed = INDISPENSABLE.get(hook, PATIENT_ONLY)
    missing = [kind for kind in needed if not gathered.has_answer_for(kind)]
    if missing:
        told = [gap for gap in gathered.gaps if gap.resource in missing and gap.text]
        why = "".join(dict.fromkeys(f" {gap.resource}: {gap.text}" for gap in told))
        raise MissingDataError(
            f"Indispensable data is missing: {' and '.join(missing)}.{why} Send it in the prefetch, under "
            "any key (an empty Bundle, or null under 'conditions', says that there is no condition)."
        )
