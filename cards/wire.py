"""The CDS Hooks answer as typed values, spelled on the wire as the specification spells it.

Members without a value are left out, never null or empty (conformance C-JSON-02 to 04); only
`cards` may be an empty list. Source: https://cds-hooks.hl7.org/ (2.0 and 3.0.0-ballot).
"""

from datetime import date
from enum import StrEnum

import msgspec

from cards.opaque import DraftJson
from cards.resources import MedicationRequest, ServiceRequest

EXTENSION = {"org_backpath": "org.backpath"}  # contract: reverse-domain extension key


class Wire(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", gc=False):
    """Base of every message: immutable, members at their default are left out.

    `gc=False`: the values form a tree, so the cycle collector need not look at them.
    """


class Indicator(StrEnum):
    """How a client shows a card's urgency."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class SelectionBehavior(StrEnum):
    """How many suggestions of a card may be accepted together."""

    ANY = "any"
    AT_MOST_ONE = "at-most-one"


class Coding(Wire, frozen=True, kw_only=True):
    """A topic or an override reason: no other members are defined (C-COD-01 to 03)."""

    system: str
    code: str
    display: str | None = None


class Source(Wire, frozen=True, kw_only=True):
    """The primary guideline behind a card; `url` is about the source, not a drill-down."""

    label: str
    url: str | None = None
    topic: Coding | None = None


class Action(Wire, frozen=True, kw_only=True):
    """The one thing that accepting a suggestion does."""

    type: str  # "create", "update" or "delete"
    description: str
    resource: ServiceRequest | MedicationRequest | DraftJson | None = None  # none to delete
    resource_id: str | None = None  # "Type/id", only to delete


class RecommendationId(Wire, frozen=True, kw_only=True):
    """Which recommendation a suggestion carries out, or which guard it answers."""

    recommendation: str
    carries_out: str | None = None  # another recommendation, that only goes with it (naloxone with an opioid)

    @property
    def answered(self) -> str:
        """What has been answered by who accepts the suggestion."""
        return self.carries_out or self.recommendation


class SuggestionExtension(Wire, frozen=True, kw_only=True, rename=EXTENSION):
    """The contract's extension of a suggestion."""

    org_backpath: RecommendationId


class Suggestion(Wire, frozen=True, kw_only=True):
    """One proposal, to be accepted or left."""

    label: str
    uuid: str
    is_recommended: bool = False
    action_selection_behavior: str | None = None  # 3.0 alone, to clients known to understand it (C-SUG-07)
    actions: tuple[Action, ...]
    extension: SuggestionExtension


class Link(Wire, frozen=True, kw_only=True):
    """A link to an evidence page or a SMART app."""

    label: str
    url: str
    type: str  # "absolute" or "smart"
    app_context: str | None = None
    autolaunchable: bool = False  # 3.0 alone


class RecommendationIds(Wire, frozen=True, kw_only=True):
    """Every recommendation or guard that a card carries, with or without a suggestion."""

    recommendations: tuple[str, ...]
    order: str | None = None  # of a guard: the draft that it speaks of, `Type/id` or its fullUrl


class CardExtension(Wire, frozen=True, kw_only=True, rename=EXTENSION):
    """The contract's extension of a card."""

    org_backpath: RecommendationIds


class Card(Wire, frozen=True, kw_only=True):
    """One card."""

    uuid: str
    summary: str  # plain text, fewer than 140 characters
    indicator: Indicator
    detail: str  # GitHub flavoured markdown without HTML
    source: Source
    selection_behavior: SelectionBehavior | None = None  # only with suggestions
    suggestions: tuple[Suggestion, ...] = ()
    override_reasons: tuple[Coding, ...] = ()
    links: tuple[Link, ...] = ()
    extension: CardExtension


class Gap(Wire, frozen=True, kw_only=True):
    """Something the record lacks; never a patient's value."""

    code: str
    resource: str | None = None  # type, or Type/id
    element: str | None = None
    text: str | None = None


class HeldBack(Wire, frozen=True, kw_only=True):
    """A recommendation or guard that was advised and is not shown, and why."""

    recommendation: str
    reason: str  # "accepted", code of an override reason, name of a cap, "shadow", "control"
    until: date | None = None  # the day on which it may be shown again
    order: str | None = None  # of a guard: the draft that it speaks of


class AnswerIds(Wire, frozen=True, kw_only=True):
    """What stands at the top of every answer, with or without cards."""

    state: str
    as_of: date
    knowledge_version: str
    data_gaps: tuple[Gap, ...] = ()
    held_back: tuple[HeldBack, ...] = ()
    memory: str | None = None  # "not-asked": what was answered before could not be read in time


class AnswerExtension(Wire, frozen=True, kw_only=True, rename=EXTENSION):
    """The contract's extension of an answer."""

    org_backpath: AnswerIds


class Answer(Wire, frozen=True, kw_only=True):
    """The body of a 200 answer.

    Encode it with `msgspec.json.Encoder(decimal_format="number")`: the decimals of a draft that is
    handed back are numbers.
    """

    cards: tuple[Card, ...]
    extension: AnswerExtension
