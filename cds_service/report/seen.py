"""A call as the store tells it afterwards: what was advised, what was shown, what was done with it."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from cds_service.memory.records import Fate

CHART_OPENED = "patient-view"  # the hook


class Outcome(StrEnum):
    """What was done with a card, or with one recommendation of it, as far as is known."""

    ACCEPTED = "accepted"
    OVERRIDDEN = "overridden"
    UNANSWERED = "unanswered"  # clients do not report a card that was passed over


class Occasion(StrEnum):
    """When the service is asked: recommendations come at the one, guards at the other."""

    CHART = "chart"  # hook patient-view
    ORDER = "order"  # order-select, order-sign


class Seen(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base: immutable, and quickly made, for there are many."""


class Item(Seen, frozen=True, kw_only=True):
    """One recommendation or guard that was advised."""

    recommendation: str
    fate: Fate
    reason: str | None  # why it was held back
    card: str | None  # uuid


class Answer(Seen, frozen=True, kw_only=True):
    """One report of a card's outcome."""

    outcome: Outcome
    suggestions: tuple[str, ...]  # uuids of those accepted
    reason_system: str | None
    reason_code: str | None
    outcome_at: int  # ms since 1970, by the client's clock


class Call(Seen, frozen=True, kw_only=True):
    """One answered hook call."""

    at: int  # ms since 1970
    tenant: str
    hook: str
    state: str
    patient: int  # stands for the keyed hash, tenant included
    user: int
    items: tuple[Item, ...]
    answers: Mapping[str, tuple[Answer, ...]]  # by card, oldest first
    offered: Mapping[str, tuple[str, str]]  # suggestion: card, recommendation

    @property
    def occasion(self) -> Occasion:
        """When the service was asked."""
        return Occasion.CHART if self.hook == CHART_OPENED else Occasion.ORDER

    @property
    def cards(self) -> tuple[str, ...]:
        """The cards that were sent, each once."""
        return tuple(dict.fromkeys(i.card for i in self.items if i.fate is Fate.SHOWN and i.card is not None))

    def latest(self, card: str) -> Answer | None:
        """The answer that counts for a card."""
        return next(reversed(self.answers.get(card, ())), None)

    def outcome_of(self, item: Item) -> Outcome:
        """What was done with one recommendation: the latest answer that concerns it counts.

        An override concerns all that its card carries, an acceptance what its suggestions are for.
        """
        for answer in reversed(self.answers.get(item.card or "", ())):
            if answer.outcome is Outcome.OVERRIDDEN:
                return Outcome.OVERRIDDEN
            if any(self.offered.get(s) == (item.card, item.recommendation) for s in answer.suggestions):
                return Outcome.ACCEPTED
        return Outcome.UNANSWERED

    def could_be_accepted(self, item: Item) -> bool:
        """Whether its card had a suggestion for it."""
        return (item.card, item.recommendation) in self.offered.values()
