"""For how long answers quiet, how much is shown, and to whom: what a site may set."""

from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from types import MappingProxyType

from pathway.facts import Fact
from pathway.rules import Quiet

OTHER = "other"  # no reason, or one that is not ours
WHOLE = 100  # percent of the patients
NO_EXCEPTIONS: Mapping[str, Mapping[str, int]] = MappingProxyType({})
NO_DAYS: Mapping[str, int] = MappingProxyType({})


class By(StrEnum):
    """What keeps an item back."""

    ANSWER = "quiet"
    CAP = "capped"
    SHADOW = "shadow"
    CONTROL = "control"


class Periods(Fact, frozen=True, kw_only=True):
    """For how many days each answer quiets: the knowledge's, and what a site has set instead."""

    knowledge: Quiet
    guards: Collection[str] = ()  # which ids are guards'
    by_reason: Mapping[str, int] = NO_DAYS
    by_recommendation: Mapping[str, Mapping[str, int]] = NO_EXCEPTIONS

    def known(self, reason: str) -> str:
        """The reason, if it is one of ours, else `OTHER`."""
        return reason if reason in self.knowledge.periods else OTHER

    def days(self, recommendation: str, reason: str) -> int:
        """Days for one reason; what is said of the recommendation, or of guards, goes before the general.

        Args:
            recommendation: Of a recommendation or guard, the id.
            reason: "accepted", or the code of an override reason; others count as `OTHER`.
        """
        reason = self.known(reason)
        own = self.by_recommendation.get(recommendation, NO_DAYS).get(reason)
        if own is not None:
            return own
        period = self.knowledge.differing(recommendation, reason, is_guard=recommendation in self.guards)
        if period is not None:
            return period.days
        site = self.by_reason.get(reason)
        return self.knowledge.periods[reason].days if site is None else site

    @property
    def longest(self) -> int:
        """The longest of all, in days."""
        every = [
            *(period.days for period in self.knowledge.periods.values()),
            *(period.days for period in self.knowledge.guards.values()),
            *(p.days for periods in self.knowledge.by_recommendation.values() for p in periods.values()),
            *self.by_reason.values(),
            *(days for periods in self.by_recommendation.values() for days in periods.values()),
        ]
        return max(every, default=0)


class Policy(Fact, frozen=True, kw_only=True):
    """How a site wants to be reminded."""

    periods: Periods
    once_per_encounter: bool = False
    cards_per_user: int | None = None  # a day; None: no cap
    cards_per_patient: int | None = None
    shadow: bool = False  # all is evaluated and recorded, nothing shown
    shadow_of: frozenset[str] = frozenset()  # or these recommendations and guards
    rollout: int = WHOLE  # percent of the patients who are shown anything
    rollout_of: Mapping[str, int] = NO_DAYS  # of one recommendation or guard, instead of `rollout`

    @property
    def is_capped(self) -> bool:
        """Whether the cards of a day are limited."""
        return self.cards_per_user is not None or self.cards_per_patient is not None

    def silenced(self, recommendation: str, place: Callable[[str], int]) -> By | None:
        """Whether it is not shown to this patient whatever it says: in the shadow, or outside the roll-out.

        Args:
            recommendation: Of a recommendation or guard, the id.
            place: Where the patient stands among 0 to 99 in the roll-out of that name, "" being that of all.
        """
        if self.shadow or recommendation in self.shadow_of:
            return By.SHADOW
        own = self.rollout_of.get(recommendation)
        percent, name = (self.rollout, "") if own is None else (own, recommendation)
        return By.CONTROL if percent < WHOLE and place(name) >= percent else None
