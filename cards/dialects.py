"""Answers as single EHRs want them: the last step, from answer to answer.

`standard` is CDS Hooks 2.0 as the specification has it; 3.0's additions go to clients known to
understand them. `epic` is told in `cards.epic`. `oracle` is standard without those additions: Oracle
Health documents patient-view alone, which is a matter of the services that a site is offered, and
says of no member that it cannot be taken (docs/oracle-health.md).
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import msgspec

from cards.additions import with_additions, without_additions
from cards.epic import EpicDialect
from cards.proposals import Proposals
from cards.site_codes import SiteCode, SiteCodes, codings_of, created, recoded, with_order
from cards.wire import Answer, Card, Suggestion
from pathway.knowledge_base import KnowledgeBase

Dialect: TypeAlias = Callable[[Answer], Answer]
DIALECTS = ("standard", "epic", "oracle")


def dialect(
    name: str,
    knowledge: KnowledgeBase,
    *,
    order_codes: Sequence[SiteCode] = (),
    supports_3_0: bool = False,
) -> Dialect:
    """The last step of a site's answers; made once at start.

    Args:
        name: "standard", "epic" or "oracle".
        knowledge: That of the answers.
        order_codes: What the site calls our proposals.
        supports_3_0: The client is known to understand CDS Hooks 3.0; `standard` alone makes use of it.

    Raises:
        KnowledgeError: an order code names no proposal, or one that has another; names them all.
        ValueError: there is no such dialect.
    """
    proposals = Proposals(knowledge)
    codes = SiteCodes(order_codes, proposals)
    match name:
        case "standard":
            return StandardDialect(codes, with_additions if supports_3_0 else without_additions)
        case "oracle":
            return StandardDialect(codes, without_additions)
        case "epic":
            return EpicDialect(knowledge, codes, proposals)
        case _:
            raise ValueError(f"no dialect {name!r}; there are: {', '.join(DIALECTS)}")


class StandardDialect:
    """As the specification has it; an order carries the site's code before our own."""

    def __init__(self, codes: SiteCodes, for_version: Callable[[Card], Card]) -> None:
        self._codes = codes
        self._for_version = for_version

    def __call__(self, answer: Answer) -> Answer:
        """The answer with the site's codes, in the version that the client knows."""
        return msgspec.structs.replace(answer, cards=tuple([self._card(card) for card in answer.cards]))

    def _card(self, card: Card) -> Card:
        card = self._for_version(card)
        if self._codes.is_empty:
            return card
        suggestions = tuple([self._coded(suggestion) for suggestion in card.suggestions])
        return msgspec.structs.replace(card, suggestions=suggestions)

    def _coded(self, suggestion: Suggestion) -> Suggestion:
        coding, order = self._codes.of(suggestion), created(suggestion)
        if coding is None or order is None:
            return suggestion
        return with_order(suggestion, recoded(order, (coding, *codings_of(order))))
