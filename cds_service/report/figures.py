"""A report's figures as they may be published: exact, or hidden."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, TypeAlias

from cds_service.memory.records import Fate
from cds_service.report.cells import HIDDEN, Figure, Hidden
from cds_service.report.seen import Occasion, Outcome

TENTH = Decimal("0.1")
# None: there is nothing that it could be a part of
Rate: TypeAlias = Decimal | Literal[Hidden.HIDDEN] | None


def per_hundred(part: Figure, whole: Figure) -> Rate:
    """How many of a hundred, to one decimal, half rounded up."""
    if isinstance(part, Hidden) or isinstance(whole, Hidden):
        return HIDDEN
    if whole == 0:
        return None
    return (Decimal(100 * part) / whole).quantize(TENTH, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What was done with what was shown."""

    shown: Figure
    accepted: Figure
    overridden: Figure
    unanswered: Figure

    @property
    def acceptance(self) -> Rate:
        """Accepted of 100 shown."""
        return per_hundred(self.accepted, self.shown)

    @property
    def override(self) -> Rate:
        """Overridden of 100 shown."""
        return per_hundred(self.overridden, self.shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The calls of a site, a state or a week, or all."""

    key: str
    calls: Figure
    fired: Figure  # calls at which something was advised
    cards: Outcomes
    held: Figure  # recommendations held back

    @property
    def firing(self) -> Rate:
        """Calls at which something was advised, of 100."""
        return per_hundred(self.fired, self.calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """One recommendation or guard."""

    id: str
    advised: Figure  # shown or held back
    fired: Figure  # calls at which it was advised
    calls: Figure  # at which it could have been
    shown: Outcomes
    can_be_accepted: bool  # it came with a suggestion at least once
    held: Figure
    fates: Mapping[Fate, Figure]

    @property
    def firing(self) -> Rate:
        """Calls at which it was advised, of 100."""
        return per_hundred(self.fired, self.calls)

    @property
    def acceptance(self) -> Rate:
        """Accepted of 100 shown; None too where there was nothing to accept."""
        return self.shown.acceptance if self.can_be_accepted else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """All recommendations and guards together, each time that one was advised."""

    advised: Figure
    shown: Figure
    held: Figure
    fates: Mapping[Fate, Figure]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why cards were overridden, in a site's words or ours."""

    system: str
    code: str
    cards: Figure
    note: str = ""  # how it came to be mapped so


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonGroup:
    """The reasons that have one of HL7's codes, or none."""

    code: str | None  # of HL7; None: no code fits, or no reason was given
    display: str
    category: str | None
    cards: Figure
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldFor:
    """Why recommendations were held back."""

    fate: Fate
    reason: str | None
    times: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much the cards ask of people."""

    calls: Mapping[Occasion, Figure]
    cards: Mapping[Occasion, Figure]
    users: Figure
    per_user_mean: Rate  # cards in the whole period
    per_user_median: Rate
    per_user_p90: Rate

    def per_hundred_calls(self, occasion: Occasion) -> Rate:
        """Cards for 100 calls."""
        return per_hundred(self.cards[occasion], self.calls[occasion])


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """From the card to the first answer."""

    outcome: Outcome | None  # None: whatever it was
    median_s: Rate  # seconds
    p90_s: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """The patients of one side of a roll-out."""

    patients: Figure
    seen_later: Figure
    settled: Figure

    @property
    def share(self) -> Rate:
        """Of 100 seen later: for how many it is not due any more."""
        return per_hundred(self.settled, self.seen_later)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A recommendation shown to some patients of a site and not to others."""

    tenant: str
    recommendation: str
    shown: Arm
    control: Arm
    moved: Figure  # patients who were on both sides
    difference: Rate  # percentage points, shown less control
    interval: tuple[Decimal, Decimal] | None  # 95 %; None: there is no difference to speak of


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that is told; a part that is None cannot be told without telling of a few patients."""

    since: date | None  # asked for, else of the first record; None: there is none
    until: date | None
    tenant: str | None  # None: all
    total: Group
    items: Items
    patients: Figure
    load: Load
    delays: tuple[Delay, ...]
    recommendations: tuple[Recommendation, ...] | None
    states: tuple[Group, ...] | None
    tenants: tuple[Group, ...] | None
    weeks: tuple[Group, ...] | None
    reasons: tuple[ReasonGroup, ...] | None
    held_for: tuple[HeldFor, ...]
    rollouts: tuple[Rollout, ...]
    early: Figure  # cards answered before they were sent, by the client's clock
    unlinked: int  # feedback for cards that are not known
