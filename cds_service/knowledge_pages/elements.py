"""Which data about a person each recommendation and guard reads, of those that the US regulation asks for.

Of the person the facts hold a birth date and whether they have died, nothing else (`pathway.facts`);
of assessments pregnancy and the scores below. What a recommendation reads follows from
its own checks and words, and from the states that consider it; what a guard reads from its trigger
and its suggestions. A test takes each kind of data away from all golden cases and looks what changes.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from cds_service.knowledge_pages.relations import uses_of
from pathway.evaluation import EXTRA, REVIEW
from pathway.guard_registry import KINDS
from pathway.guard_rules import Create, Guard, Update
from pathway.knowledge_base import KnowledgeBase
from pathway.knowledge_check import placeholders
from pathway.number_words import texts_of
from pathway.rules import Rule, RuleEvidence
from pathway.state import StateId


class Element(StrEnum):
    """A kind of data about a person."""

    BIRTH_DATE = "birth-date"
    PREGNANCY = "pregnancy"
    PAIN = "pain"
    FUNCTION = "function"
    INTERFERENCE = "interference"
    RISK = "risk"
    MENTAL = "mental"


Elements = frozenset[Element]
NOTHING: Elements = frozenset()
_AGE = frozenset({Element.BIRTH_DATE})
_PAIN = frozenset({Element.PAIN})
_SCORES = frozenset({Element.PAIN, Element.FUNCTION})
_PREGNANCY = frozenset({Element.PREGNANCY})
# The outcome of a trial is judged by scores; that NSAIDs are ruled out, by pregnancy among others.
_CARE = _SCORES | _PREGNANCY
CHECKS: Mapping[str, Elements] = {
    "age-65": _AGE,
    "age-65-or-unknown": _AGE,
    "disabling": _SCORES,
    "injection-late-or-no-response": _PAIN,
    "not-axial-or-disabling": _SCORES,
    "nsaid-failed-or-excluded": _CARE,
    "pain-severe": _PAIN,
    "phq9-positive": frozenset({Element.MENTAL}),
    "pregnancy": _PREGNANCY,
    "response-helped": _PAIN,
    "response-none": _PAIN,
    "response-unknown": _PAIN,
    "scores-due": _SCORES | {Element.INTERFERENCE},
    "second-drug-failed-or-excluded": _CARE | _AGE,
    "start-back-risk": frozenset({Element.RISK}),
}
WORDS: Mapping[str, Elements] = {
    "age": _AGE,
    "odi": frozenset({Element.FUNCTION}),
    "odi_date": frozenset({Element.FUNCTION}),
    "pain": _PAIN,
    "pain_date": _PAIN,
    "relief": _PAIN,
    "start_back": frozenset({Element.RISK}),
    "phq9": frozenset({Element.MENTAL}),
}
GUARDS: Mapping[str, Elements] = {
    "esi-conservative-incomplete": _CARE,
    "esi-pregnancy": _PREGNANCY,
    "esi-response-unrecorded": _PAIN,
    "imaging-axial-routine": _CARE,
    "muscle-relaxant-65": _AGE,
    "nsaid-pregnancy": _PREGNANCY,
    "opioid-first-line": _CARE,
}
_FIRST_BY_PAIN = list(StateId).index(StateId.ESI_RESPONDING)
_FIRST_BY_CARE = list(StateId).index(StateId.ADVANCED_OPTIONS)
# The draft that a recommendation's order is judged as, before a guard offers it.
_ORDERED_AS = {"duloxetine": "snri-duloxetine"}


def elements_of_state(state: str) -> Elements:
    """What has been read by the time a state is taken: the states are asked in order."""
    place = list(StateId).index(StateId(state))
    if place >= _FIRST_BY_CARE:
        return _AGE | _CARE
    return _AGE | _PAIN if place >= _FIRST_BY_PAIN else _AGE


def elements_of_rule(rule: Rule, knowledge: KnowledgeBase) -> Elements:
    """What a recommendation reads: by itself, and through the states that consider it."""
    return _AGE | _own(rule) | by_states(rule.id, knowledge)


def by_states(rule_id: str, knowledge: KnowledgeBase) -> Elements:
    """What decides whether a recommendation is considered at all, and in which words."""
    found = _AGE | _CARE if rule_id in (EXTRA, REVIEW) else NOTHING  # those two wherever their criteria hold
    for state, entry in knowledge.states.items():
        for candidate in entry.candidates:
            if candidate.id == rule_id:
                found |= elements_of_state(state) | _referenced(candidate.when)
    return found


def elements_of_guard(guard: Guard, knowledge: KnowledgeBase) -> Elements:
    """What a guard reads: for its trigger, its words and its suggestions."""
    found = _AGE | GUARDS.get(guard.id, NOTHING) | _words(guard) | _sources(guard.evidence)
    for offer in guard.suggestions:
        found |= _referenced(offer.when)
        if isinstance(offer, Create):
            found |= _own(knowledge.rules[offer.rule])
            found |= _guards_of({offer.rule, _ORDERED_AS.get(offer.rule, offer.rule)}, knowledge)
        if isinstance(offer, Update):  # not offered, or not marked, where another guard then warns
            found |= _guards_of(KINDS[guard.applies_to], knowledge)
    return found


def _own(rule: Rule) -> Elements:
    found = _words(rule) | _sources(rule.evidence)
    for use in uses_of(rule):
        found |= CHECKS.get(use.check, NOTHING)
    for proposal in rule.proposals:
        found |= _referenced(proposal.when)
    return found


def _guards_of(drafts: set[str] | frozenset[str], knowledge: KnowledgeBase) -> Elements:
    found = NOTHING
    for guard in knowledge.guards.values():
        if not KINDS[guard.applies_to].isdisjoint(drafts):
            found |= GUARDS.get(guard.id, NOTHING)
    return found


def _words(item: Rule | Guard) -> Elements:
    names = {name for text in texts_of(item) for name in placeholders(text)}
    return frozenset(element for name in names for element in WORDS.get(name, NOTHING))


def _sources(evidence: RuleEvidence) -> Elements:
    lines = (*evidence.supports, *evidence.against)
    return _referenced(filter(None, (evidence.against_first_when, *(line.first_when for line in lines))))


def _referenced(references: "Iterator[str] | tuple[str, ...] | filter[str]") -> Elements:
    names = {reference.removeprefix("!").partition(":")[0] for reference in references}
    return frozenset(element for name in names for element in CHECKS.get(name, NOTHING))
