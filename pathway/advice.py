"""What the pathway proposes: the value that `cards` turns into words and FHIR orders."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from pathway.facts import Bounded, DataGap, Fact, Source
from pathway.state import Criterion, Situation


class ChartText(Fact, frozen=True, kw_only=True):
    """Words that come from the patient's chart: whoever shows them must escape them."""

    text: str


Value: TypeAlias = str | int | Decimal | Bounded | date | ChartText | tuple[date, ...] | tuple[ChartText, ...]
Values: TypeAlias = Mapping[str, Value]


class Urgency(StrEnum):
    """How urgent a piece of advice is; only `cards` turns it into an indicator."""

    ROUTINE = "routine"
    CAUTION = "caution"
    URGENT = "urgent"


class CardKind(StrEnum):
    """The five cards of b.3, in their order."""

    STATE = "state"
    NON_DRUG = "non-drug"
    DRUG = "drug"
    INTERVENTION = "intervention"
    EVIDENCE = "evidence"


class Line(Fact, frozen=True, kw_only=True):
    """One sentence of the rule that applies to this patient: a text template and its values."""

    text: str  # template of the knowledge, placeholders in braces
    values: Values
    sources: tuple[Source, ...] = ()


class Advised(Fact, frozen=True, kw_only=True):
    """One recommendation that is shown."""

    id: str
    urgency: Urgency
    variant: str | None = None
    values: Values  # fills summary, texts and orders
    proposals: tuple[str, ...] = ()  # ids of the rule's proposals that fit this patient
    cautions: tuple[Line, ...] = ()
    blockers: tuple[Line, ...] = ()  # must be dealt with before the order is carried out
    recommended: bool = False  # its first proposal is the one best next step
    checks: frozenset[str] = frozenset()  # the check references asked of this rule that are met
    trace: tuple[Criterion, ...] = ()


class Filter(StrEnum):
    """Which filter of b.2 hid a candidate."""

    TRIED = "tried"
    OPEN_ORDER = "open-order"
    CONTRAINDICATED = "contraindicated"
    DURATION = "duration"
    CRITERION = "criterion"
    UNKNOWN = "unknown"  # a criterion could not be decided
    SWITCHED_OFF = "switched-off"  # by the site (pathway.overrides), whatever the patient's facts


class Withheld(Fact, frozen=True, kw_only=True):
    """A candidate of the state that is not shown, and why."""

    id: str
    by: Filter
    lines: tuple[Line, ...] = ()
    trace: tuple[Criterion, ...] = ()


class CardPlan(Fact, frozen=True, kw_only=True):
    """One card: what it carries, most important first."""

    kind: CardKind
    items: tuple[Advised, ...]


class Advice(Fact, frozen=True, kw_only=True):
    """Everything to say at chart open, in order; no cards is a valid answer."""

    situation: Situation
    cards: tuple[CardPlan, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    notes: tuple[Line, ...] = ()  # of every card: red-flag reminder, risk markers, undated symptoms
    gaps: tuple[DataGap, ...] = ()
