"""All guards by id, and which of them are asked of which kind of draft."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from pathway.draft_context import Draft
from pathway.drafts import DraftDrug
from pathway.drug_guards import DRUG_GUARDS
from pathway.facts import Fact
from pathway.guard_checks import GuardCheck
from pathway.guard_rules import Guard
from pathway.injection_guards import ESI_CONCEPTS, INJECTION_GUARDS
from pathway.knowledge_base import KnowledgeBase
from pathway.opioid_guards import OPIOID_GUARDS
from pathway.service_guards import LUMBAR_IMAGING, SERVICE_GUARDS

GUARD_CHECKS: Mapping[str, GuardCheck] = MappingProxyType(
    {c.id: c for c in (*INJECTION_GUARDS, *SERVICE_GUARDS, *OPIOID_GUARDS, *DRUG_GUARDS)}
)
# `applies_to` of a guard: the drug classes or service concepts that a draft must have one of
KINDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "any": frozenset(),
        "lumbar-esi": ESI_CONCEPTS,
        "lumbar-imaging": LUMBAR_IMAGING,
        "lumbar-mri": frozenset({"mri-lumbar"}),
        "lumbar-fusion": frozenset({"lumbar-fusion"}),
        "opioid": frozenset({"opioid"}),
        "opioid-or-benzodiazepine": frozenset({"opioid", "opioid-antitussive", "benzodiazepine"}),
        "nsaid": frozenset({"nsaid"}),
        "muscle-relaxant": frozenset({"muscle-relaxant"}),
        "muscle-relaxant-or-baclofen": frozenset({"muscle-relaxant", "baclofen"}),
        "gabapentinoid": frozenset({"gabapentinoid"}),
        "benzodiazepine": frozenset({"benzodiazepine"}),
        "systemic-steroid": frozenset({"systemic-steroid"}),
        "duloxetine": frozenset({"snri-duloxetine"}),
    }
)


class Asked(Fact, frozen=True, kw_only=True):
    """A guard ready to be asked."""

    guard: Guard
    check: GuardCheck
    kinds: frozenset[str]  # empty: asked of every draft


def asked_of(draft: Draft, knowledge: KnowledgeBase) -> list[Asked]:
    """The guards that concern a draft, in the order of the table."""
    has = _kinds_of(draft)
    return [asked for asked in _all(knowledge) if not asked.kinds or not asked.kinds.isdisjoint(has)]


def _kinds_of(draft: Draft) -> frozenset[str]:
    if isinstance(draft, DraftDrug):
        return frozenset(s.drug_class for s in draft.drug.substances)
    return frozenset(draft.concepts)


@lru_cache(maxsize=64)  # the knowledge of each site that has changed it
def _all(knowledge: KnowledgeBase) -> tuple[Asked, ...]:
    guards = sorted(knowledge.guards.values(), key=lambda guard: guard.place)
    return tuple(Asked(guard=g, check=GUARD_CHECKS[g.id], kinds=KINDS[g.applies_to]) for g in guards)
