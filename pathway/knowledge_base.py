"""All knowledge in one value, loaded and cross-checked by `pathway.loading`."""

from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from pathway.decision_aids import DecisionAid
from pathway.facts import Fact
from pathway.guard_rules import Guard
from pathway.rules import (
    Evidence,
    OverrideReason,
    Quiet,
    Rule,
    SeedStatement,
    StateEntry,
    Threshold,
)

if TYPE_CHECKING:
    from pathway.overrides import Override


class KnowledgeBase(Fact, frozen=True, kw_only=True, eq=False):
    """All knowledge, loaded and cross-checked."""

    version: str  # by date and content: "2026-11-22+1a2b3c4d"
    rules: dict[str, Rule]
    states: dict[str, StateEntry]
    evidence: dict[str, Evidence]
    thresholds: dict[str, Threshold]
    seed: dict[str, SeedStatement]
    override_reasons: dict[str, OverrideReason]
    common_override_reasons: tuple[str, ...]
    mme_factors: dict[str, Decimal] = msgspec.field(default_factory=dict)  # opioid ingredient: MME a mg
    guards: dict[str, Guard] = msgspec.field(default_factory=dict)
    texts: dict[str, str]  # texts.yaml: lines that stand on cards whatever the rule
    quiet: Quiet = msgspec.field(default_factory=Quiet)
    decision_aids: dict[str, DecisionAid] = msgspec.field(default_factory=dict)  # for the pathway page
    written: "KnowledgeBase | None" = None  # as the files say it, its texts naming numbers in braces
    # What a site has changed (pathway.overrides); nothing of it in the packaged knowledge
    overrides: "tuple[Override, ...]" = ()
    switched_off: frozenset[str] = frozenset()  # ids of recommendations and guards
    packaged: "KnowledgeBase | None" = None  # before the site's changes
