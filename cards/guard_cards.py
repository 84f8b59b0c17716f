"""Guards that fire as the answer of order-select and order-sign: one card each.

A `GuardRenderer` is built once at start; answering only fills what it has made ready. The orders
that suggestions hand back are the client's own and opaque (`cards.draft_edits`).
"""

from collections.abc import Callable, Sequence
from datetime import date

from cards import markdown, wording
from cards.answers import answer_of
from cards.evidence import with_evidence
from cards.gaps import not_seen
from cards.guard_suggestions import GuardOffer
from cards.guard_texts import GuardText, LevelText, guard_texts
from cards.indicators import on_hook
from cards.opaque import DraftJson
from cards.orders import order_context
from cards.overrides import OverrideReasons
from cards.patient_facts import headline, place_of
from cards.recommendations import SUMMARY_LIMIT, recommendations
from cards.wire import Answer, Card, CardExtension, RecommendationIds, SelectionBehavior
from pathway.advice import ChartText
from pathway.guards import GuardAdvice, Warned
from pathway.knowledge_base import KnowledgeBase
from pathway.state import Problem, Situation


class GuardRenderer:
    """Writes answers about orders; holds the knowledge made ready and nothing of any patient."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        """Make the knowledge ready.

        Raises:
            KnowledgeError: a text or an order of the knowledge is wrong.
        """
        self._version = knowledge.version
        self._guards = guard_texts(knowledge)
        self._rules = recommendations(knowledge)
        self._reasons = OverrideReasons(knowledge)

    def answer(
        self, advice: GuardAdvice, drafts: Sequence[DraftJson], hook: str, new_uuid: Callable[[], str]
    ) -> Answer:
        """The answer about the orders of one call, standard dialect; no cards is a valid answer.

        Args:
            advice: The guards that fired, in the order of their cards.
            drafts: The orders as the client sent them, where `Warned.draft` counts them; numbers as
                int or `Decimal`.
            hook: "order-select" or "order-sign".
            new_uuid: Gives a new UUID at each call, for cards and suggestions.
        """
        situation = advice.situation
        offer = GuardOffer(context=order_context(situation), rules=self._rules, new_uuid=new_uuid)
        cards = (
            self._card(warned, situation, drafts[warned.draft], hook, offer) for warned in advice.warnings
        )
        return answer_of(cards, situation, advice.gaps, knowledge_version=self._version)

    def _card(
        self, warned: Warned, situation: Situation, draft: DraftJson, hook: str, offer: GuardOffer
    ) -> Card:
        guard = self._guards[warned.id]
        level = guard.levels[warned.level]
        suggestions = offer.suggestions(guard, warned, draft)
        return Card(
            uuid=offer.new_uuid(),
            summary=_summary(guard, level, warned),
            indicator=on_hook(warned.urgency, hook),
            detail=_detail(guard, level, warned, situation),
            source=guard.source,
            selection_behavior=SelectionBehavior.ANY if suggestions else None,
            suggestions=suggestions,
            override_reasons=self._reasons.of((guard.id,)),
            extension=CardExtension(
                org_backpath=RecommendationIds(recommendations=(guard.id,), order=warned.ref)
            ),
        )


def _summary(guard: GuardText, level: LevelText, warned: Warned) -> str:
    """What is wrong at a glance; the guard's title where that cannot be said in so few words."""
    text = level.summary.filled_if_known(warned.values)
    return text if text is not None and len(text) < SUMMARY_LIMIT else guard.title


def _detail(guard: GuardText, level: LevelText, warned: Warned, situation: Situation) -> str:
    message = wording.sentence(level.message.filled_as_far_as_known(warned.values))
    said = " ".join(filter(None, (sentence.filled_if_known(warned.values) for sentence in guard.says)))
    told = with_evidence(
        "\n\n".join(filter(None, (f"{message}{place_of(warned.sources)}", said))),
        [f"- {_order(warned)}", *_patient(situation)],
        guard.evidence.in_full(_met(guard, situation)).shown(set()),
        [f"- {line}" for line in (guard.default, *guard.local) if line],
        is_table=guard.evidence.is_table,
    )
    return "\n\n".join(filter(None, (told, not_seen(situation.facts))))


def _order(warned: Warned) -> str:
    """The order spoken of: "Order: naproxen 500 MG (MedicationRequest/m1), for 2026-11-22"."""
    drug, day = warned.values.get("drug"), warned.values.get("order_day")
    name = markdown.from_chart(drug.text) if isinstance(drug, ChartText) else None
    ref = markdown.from_chart(warned.ref) if warned.ref else wording.UNNAMED_ORDER
    when = f", for {day.isoformat()}" if isinstance(day, date) else ""
    return f"{wording.ORDER}: {f'{name} ({ref})' if name else ref}{when}"


def _patient(situation: Situation) -> list[str]:
    """The problem and how long it has lasted, where one is on record."""
    if situation.problem is Problem.NONE:
        return []
    return [f"- {wording.PATIENT}: {headline(situation)}"]


def _met(guard: GuardText, situation: Situation) -> frozenset[str]:
    """The checks on which the order of the evidence depends that this patient meets."""
    is_so = (f"duration:{situation.duration.length.value}", f"problem:{situation.problem.value}")
    return guard.evidence.references & frozenset(is_so)
