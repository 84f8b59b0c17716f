"""Advice as the answer of a CDS Hooks service.

A `Renderer` is built once at start: it parses all texts and has every order template checked by
fhir.resources. Answering then only fills them. Dialects of single EHRs are a later step, from
answer to answer (`cards.dialects`): `answer` always gives the standard form.
"""

from collections.abc import Callable, Iterable, Sequence

from cards.answers import answer_of
from cards.detail import DetailWriter, Page
from cards.indicators import highest
from cards.orders import order_context
from cards.overrides import OverrideReasons
from cards.recommendations import recommendations
from cards.suggestions import Item, Offer
from cards.summaries import summary
from cards.wire import (
    Answer,
    Card,
    CardExtension,
    RecommendationIds,
    SelectionBehavior,
)
from pathway.advice import Advice, Advised, CardKind, CardPlan
from pathway.knowledge_base import KnowledgeBase


class Renderer:
    """Writes answers; holds the knowledge made ready and nothing of any patient."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        """Make the knowledge ready.

        Raises:
            KnowledgeError: a text or an order of the knowledge is wrong.
        """
        self._version = knowledge.version
        self._rules = recommendations(knowledge)
        self._reasons = OverrideReasons(knowledge)
        self._details = DetailWriter(knowledge, self._rules)

    def answer(self, advice: Advice, new_uuid: Callable[[], str]) -> Answer:
        """The answer for one patient, standard dialect; no cards is a valid answer.

        Args:
            advice: What the pathway proposes.
            new_uuid: Gives a new UUID at each call, for cards and suggestions.

        Raises:
            MissingValueError: the advice lacks a value that a text needs; a defect of ours.
        """
        page = self._details.page(advice)
        offer = Offer(context=order_context(advice.situation), preferred=_preferred(advice.cards))
        cards = (
            self._card(plan, offer.items(plan, self._rules, new_uuid), page, new_uuid())
            for plan in advice.cards
        )
        return answer_of(cards, advice.situation, advice.gaps, knowledge_version=self._version)

    def _card(self, plan: CardPlan, items: Sequence[Item], page: Page, uuid: str) -> Card:
        ids = tuple(item.advised.id for item in items)
        suggestions = tuple(suggestion for item in items for suggestion in item.suggestions)
        return Card(
            uuid=uuid,
            summary=summary(plan.kind, items),
            indicator=highest(item.urgency for item in plan.items),
            detail=page.detail(plan, items),
            source=items[0].recommendation.source,
            selection_behavior=_selection_behavior(plan.kind) if suggestions else None,
            suggestions=suggestions,
            override_reasons=self._reasons.of(ids),
            extension=CardExtension(org_backpath=RecommendationIds(recommendations=ids)),
        )


def _preferred(plans: Iterable[CardPlan]) -> Advised | None:
    """The one item whose first proposal is the best next step: never more than one of an answer."""
    return next((item for plan in plans for item in plan.items if item.recommended), None)


def _selection_behavior(kind: CardKind) -> SelectionBehavior:
    return SelectionBehavior.AT_MOST_ONE if kind is CardKind.DRUG else SelectionBehavior.ANY
