"""What uses what: numbers, concepts, sources and reasons, with the things that use them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from cds_service.knowledge_pages.criteria import Criterion, criterion, referenced
from cds_service.knowledge_pages.kinds import Kind, Link
from cds_service.knowledge_pages.library import Library
from cds_service.knowledge_pages.reads import CONCEPTS, Thing, numbers_read
from pathway.guard_registry import KINDS
from pathway.guard_rules import Create, Guard
from pathway.local_lines import numbers_used
from pathway.number_words import named_in
from pathway.rules import CheckUse, MedicationOrder, Rule, RuleEvidence

SHOWN = (Kind.STATE, Kind.RECOMMENDATION, Kind.GUARD)  # what may use a number or a concept


def uses_of(rule: Rule) -> tuple[CheckUse, ...]:
    """All that a recommendation asks of the record."""
    return (*rule.show_if, *rule.durations, *rule.contraindications, *rule.blockers, *rule.cautions)


def sources_of(primary: str, evidence: RuleEvidence) -> tuple[str, ...]:
    """The sources of a recommendation or guard, the primary one first."""
    lines = (*evidence.supports, *evidence.against)
    return tuple(dict.fromkeys((primary, *(line.source for line in lines))))


@dataclass(frozen=True)
class Relations:
    """The uses within one library."""

    library: Library

    @cached_property
    def numbers_of(self) -> Mapping[Thing, tuple[str, ...]]:
        """The thresholds of each state, recommendation and guard."""
        return {thing: tuple(dict.fromkeys(self._numbers(thing))) for thing in self._things()}

    @cached_property
    def concepts_of(self) -> Mapping[Thing, tuple[str, ...]]:
        """The concepts of each state, recommendation and guard that have a page."""
        known = self.library.concepts
        return {
            thing: tuple(name for name in dict.fromkeys(self._concepts(thing)) if name in known)
            for thing in self._things()
        }

    @cached_property
    def users_of_numbers(self) -> Mapping[str, tuple[Link, ...]]:
        """The things that use each number."""
        return self._inverted(self.numbers_of)

    @cached_property
    def users_of_concepts(self) -> Mapping[str, tuple[Link, ...]]:
        """The things that use each concept."""
        return self._inverted(self.concepts_of)

    def criteria_of(self, thing: Thing) -> Iterator[Criterion]:
        """Every check that is asked for a thing."""
        knowledge = self.library.knowledge
        kind, name = thing
        if kind is Kind.STATE:
            for candidate in knowledge.states[name].candidates:
                yield from referenced(candidate.when, knowledge)
        elif kind is Kind.GUARD:
            for offer in knowledge.guards[name].suggestions:
                yield from referenced(offer.when, knowledge)
        else:
            rule = knowledge.rules[name]
            yield from (criterion(use.check, use.of, knowledge) for use in uses_of(rule))
            for proposal in rule.proposals:
                yield from referenced(proposal.when, knowledge)

    def _things(self) -> Iterator[Thing]:
        for kind in SHOWN:
            yield from ((kind, name) for name in self.library.titles[kind])

    def _numbers(self, thing: Thing) -> Iterator[str]:
        knowledge = self.library.knowledge
        kind, name = thing
        if kind is Kind.STATE:
            yield from sorted(named_in((knowledge.written or knowledge).states[name]))
        yield from numbers_used(knowledge, name)
        for asked in self.criteria_of(thing):
            yield from asked.thresholds
        yield from numbers_read(thing, knowledge.thresholds)

    def _concepts(self, thing: Thing) -> Iterator[str]:
        kind, name = thing
        for asked in self.criteria_of(thing):
            yield from asked.concepts
        yield from CONCEPTS.get(thing, ())
        if kind is Kind.RECOMMENDATION:
            yield from self._rule_concepts(self.library.knowledge.rules[name])
        elif kind is Kind.GUARD:
            yield from self._guard_concepts(self.library.knowledge.guards[name])

    def _rule_concepts(self, rule: Rule) -> Iterator[str]:
        yield from (*rule.tried_by, *rule.open_orders)
        for proposal in rule.proposals:
            order = proposal.order
            for code in (order.code,) if isinstance(order, MedicationOrder) else order.codes:
                concept = self.library.concept_of_code.get((code.system, code.code))
                if concept is not None:
                    yield concept

    def _guard_concepts(self, guard: Guard) -> Iterator[str]:
        yield from sorted(KINDS[guard.applies_to])
        if guard.id == "opioid-mme-50":  # its factors are a code list
            yield from self.library.knowledge.mme_factors
        for offer in guard.suggestions:
            if isinstance(offer, Create):
                yield from self._rule_concepts(self.library.knowledge.rules[offer.rule])

    def _inverted(self, forward: Mapping[Thing, tuple[str, ...]]) -> dict[str, tuple[Link, ...]]:
        users: dict[str, list[Link]] = {}
        for (kind, name), used in forward.items():
            for number in used:
                users.setdefault(number, []).append(self.library.link(kind, name))
        return {name: tuple(links) for name, links in users.items()}
