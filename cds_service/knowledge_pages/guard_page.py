"""The page of a guard: when it fires and what it says, evidence, what it offers, answers, cases."""

from collections.abc import Iterator
from datetime import date

from cds_service.knowledge_pages.answers import Answer, answers_to
from cds_service.knowledge_pages.cases import CaseGroup, cases_of
from cds_service.knowledge_pages.criteria import referenced
from cds_service.knowledge_pages.kinds import ATTRIBUTES, Kind, Link
from cds_service.knowledge_pages.library import Library
from cds_service.knowledge_pages.names import DRAFT_KINDS
from cds_service.knowledge_pages.parts import Change, Number, Shown, Sides, changes, numbers, sides
from cds_service.knowledge_pages.recommendation_page import URGENCIES
from cds_service.knowledge_pages.relations import Relations
from pathway.guard_rules import Create, Delete, Edit, Guard, Update

_EDITS = {
    Edit.OCCURRENCE: "the day it is for",
    Edit.CODE: "its code",
    Edit.SUPPLY: "its supply",
    Edit.DOSE: "its dose",
    Edit.FREQUENCY: "how often it is taken",
    Edit.NOTE: "a note, added",
}


class Level(Shown, frozen=True, kw_only=True):
    """One way in which the guard fires."""

    id: str
    urgency: str
    summary: str
    message: str


class Offer(Shown, frozen=True, kw_only=True):
    """One suggestion beside the warning."""

    action: str  # "delete", "update", "create"
    says: str
    description: str | None = None
    recommendation: Link | None = None  # create: whose order
    orders: tuple[str, ...] = ()  # create: which of its orders; none: those that fit
    when: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    may_be_recommended: bool = False


class GuardPage(Shown, frozen=True, kw_only=True):
    """One guard, whole."""

    place: int
    asked_of: str
    last_reviewed: date
    levels: tuple[Level, ...]
    says: tuple[str, ...] = ()
    must_stay: str | None = None
    primary_source: Link
    evidence: Sides
    offers: tuple[Offer, ...] = ()
    thresholds: tuple[Number, ...] = ()
    concepts: tuple[Link, ...] = ()
    answers: tuple[Answer, ...] = ()
    notes: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    cases: tuple[CaseGroup, ...] = ()
    source_attributes: str


def guard_page(name: str, library: Library, relations: Relations) -> GuardPage:
    """Everything about one guard."""
    guard = library.knowledge.guards[name]
    thing = (Kind.GUARD, name)
    return GuardPage(
        place=guard.place,
        asked_of=DRAFT_KINDS[guard.applies_to],
        last_reviewed=guard.last_reviewed,
        levels=tuple(_levels(guard)),
        says=guard.says,
        must_stay=guard.must_stay,
        primary_source=library.link(Kind.SOURCE, guard.primary_source),
        evidence=sides(guard.evidence, library),
        offers=tuple(_offer(offer, library) for offer in guard.suggestions),
        thresholds=numbers(relations.numbers_of[thing], library),
        concepts=library.links(Kind.CONCEPT, relations.concepts_of[thing]),
        answers=answers_to(name, guard.override_reasons, library),
        notes=guard.notes,
        changes=changes(name, library),
        cases=cases_of(Kind.GUARD, name, library),
        source_attributes=f"{ATTRIBUTES}#{name}",
    )


def _levels(guard: Guard) -> Iterator[Level]:
    for name, level in guard.levels.items():
        yield Level(id=name, urgency=URGENCIES[level.urgency], summary=level.summary, message=level.message)


def _offer(offer: Delete | Update | Create, library: Library) -> Offer:
    when = tuple(asked.sentence for asked in referenced(offer.when, library.knowledge))
    marked = offer.recommendable
    match offer:
        case Create():
            return Offer(
                action="create",
                says="Order instead",
                recommendation=library.link(Kind.RECOMMENDATION, offer.rule),
                orders=offer.proposals,
                when=when,
                levels=offer.levels,
                may_be_recommended=marked,
            )
        case Update():
            action, says = "update", f"{offer.label} (changes {_EDITS[offer.edit]})"
        case Delete():
            action, says = "delete", offer.label
    return Offer(
        action=action,
        says=says,
        description=offer.description,
        when=when,
        levels=offer.levels,
        may_be_recommended=marked,
    )
