"""The page of a recommendation: words, criteria, evidence, orders, answers, cases, and what leads to it."""

from collections.abc import Iterator
from datetime import date

from cds_service.knowledge_pages.answers import Answer, answers_to
from cds_service.knowledge_pages.cases import CaseGroup, cases_of
from cds_service.knowledge_pages.criteria import referenced
from cds_service.knowledge_pages.kinds import ATTRIBUTES, Kind, Link
from cds_service.knowledge_pages.library import Library
from cds_service.knowledge_pages.orders import Order, order_of
from cds_service.knowledge_pages.parts import (
    Asked,
    Change,
    Number,
    Shown,
    Sides,
    asked,
    changes,
    numbers,
    sides,
)
from cds_service.knowledge_pages.relations import Relations
from pathway.advice import CardKind, Urgency
from pathway.guard_rules import Create
from pathway.rules import Rule

CARDS = {
    CardKind.STATE: "The next step",
    CardKind.NON_DRUG: "Therapy without drugs",
    CardKind.DRUG: "Drugs",
    CardKind.INTERVENTION: "Injection, imaging, referral",
    CardKind.EVIDENCE: "Evidence and scores",
}
URGENCIES = {Urgency.ROUTINE: "information", Urgency.CAUTION: "warning", Urgency.URGENT: "critical"}


class Criteria(Shown, frozen=True, kw_only=True):
    """Criteria of one kind."""

    heading: str
    lead: str
    items: tuple[Asked, ...]


class Wording(Shown, frozen=True, kw_only=True):
    """The recommendation in other words, for another occasion."""

    id: str
    summary: str | None = None
    why: str | None = None
    urgency: str | None = None
    orders: tuple[str, ...] | None = None


class Considered(Shown, frozen=True, kw_only=True):
    """A state that considers the recommendation."""

    state: Link
    place: int  # among the candidates of the state
    variant: str | None = None
    when: tuple[str, ...] = ()


class RecommendationPage(Shown, frozen=True, kw_only=True):
    """One recommendation, whole."""

    card: str
    urgency: str
    last_reviewed: date
    summary: str
    why: str
    says: tuple[str, ...] = ()
    patient_text: str | None = None
    must_stay: str | None = None
    primary_source: Link
    criteria: tuple[Criteria, ...] = ()
    evidence: Sides
    variants: tuple[Wording, ...] = ()
    orders: tuple[Order, ...] = ()
    states: tuple[Considered, ...] = ()
    guards: tuple[Link, ...] = ()  # that offer its order instead
    thresholds: tuple[Number, ...] = ()
    concepts: tuple[Link, ...] = ()
    answers: tuple[Answer, ...] = ()
    decision_aids: tuple[Link, ...] = ()
    statements: tuple[Link, ...] = ()  # of the seed
    notes: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    cases: tuple[CaseGroup, ...] = ()
    source_attributes: str


def recommendation_page(name: str, library: Library, relations: Relations) -> RecommendationPage:
    """Everything about one recommendation."""
    rule = library.knowledge.rules[name]
    thing = (Kind.RECOMMENDATION, name)
    aids = library.knowledge.decision_aids
    return RecommendationPage(
        card=CARDS[rule.card],
        urgency=URGENCIES[rule.urgency],
        last_reviewed=rule.last_reviewed,
        summary=rule.summary,
        why=rule.why,
        says=rule.says,
        patient_text=rule.patient_text,
        must_stay=rule.must_stay,
        primary_source=library.link(Kind.SOURCE, rule.primary_source),
        criteria=tuple(_criteria(rule, library)),
        evidence=sides(rule.evidence, library),
        variants=tuple(_variants(rule)),
        orders=tuple(order_of(proposal, library) for proposal in rule.proposals),
        states=tuple(_states(name, library)),
        guards=tuple(_guards(name, library)),
        thresholds=numbers(relations.numbers_of[thing], library),
        concepts=library.links(Kind.CONCEPT, relations.concepts_of[thing]),
        answers=answers_to(name, rule.override_reasons, library),
        decision_aids=library.links(
            Kind.DECISION_AID, (aid for aid, told in aids.items() if name in told.recommendations)
        ),
        statements=library.links(Kind.STATEMENT, rule.seed),
        notes=rule.notes,
        changes=changes(name, library),
        cases=cases_of(Kind.RECOMMENDATION, name, library),
        source_attributes=f"{ATTRIBUTES}#{name}",
    )


def _criteria(rule: Rule, library: Library) -> Iterator[Criteria]:
    for heading, lead, uses in (
        ("Shown only if", "Each must be met; what cannot be decided hides it too.", rule.show_if),
        ("How long the pain must last", "Each must be met.", rule.durations),
        ("Not shown if", "Any one of these hides it.", rule.contraindications),
        ("To be settled first", "It is shown, with this line before its order.", rule.blockers),
        ("Cautions", "It is shown, with this line.", rule.cautions),
    ):
        if uses:
            yield Criteria(heading=heading, lead=lead, items=asked(uses, library))


def _variants(rule: Rule) -> Iterator[Wording]:
    for name, variant in rule.variants.items():
        yield Wording(
            id=name,
            summary=variant.summary,
            why=variant.why,
            urgency=None if variant.urgency is None else URGENCIES[variant.urgency],
            orders=variant.proposals,
        )


def _states(name: str, library: Library) -> Iterator[Considered]:
    for state, entry in library.knowledge.states.items():
        for place, candidate in enumerate(entry.candidates, start=1):
            if candidate.id == name:
                yield Considered(
                    state=library.link(Kind.STATE, state),
                    place=place,
                    variant=candidate.variant,
                    when=tuple(a.sentence for a in referenced(candidate.when, library.knowledge)),
                )


def _guards(name: str, library: Library) -> Iterator[Link]:
    for guard in library.knowledge.guards.values():
        if any(isinstance(offer, Create) and offer.rule == name for offer in guard.suggestions):
            yield library.link(Kind.GUARD, guard.id)
