"""The page of a state: when a patient is in it, and what is considered there."""

from collections.abc import Iterator

from cds_service.knowledge_pages.cases import CaseGroup, cases_of
from cds_service.knowledge_pages.criteria import referenced
from cds_service.knowledge_pages.kinds import Kind, Link
from cds_service.knowledge_pages.library import Library
from cds_service.knowledge_pages.parts import Number, Shown, numbers
from cds_service.knowledge_pages.relations import Relations


class Candidate(Shown, frozen=True, kw_only=True):
    """A recommendation that the state considers."""

    recommendation: Link
    variant: str | None = None
    when: tuple[str, ...] = ()
    switched_off: bool = False  # at this site


class StatePage(Shown, frozen=True, kw_only=True):
    """One state, whole."""

    place: int  # the first that fits is taken
    of: int
    entry: str
    exit: str
    changes_advice: str
    candidates: tuple[Candidate, ...] = ()
    notes: tuple[str, ...] = ()
    thresholds: tuple[Number, ...] = ()
    concepts: tuple[Link, ...] = ()
    statements: tuple[Link, ...] = ()  # of the seed
    before: Link | None = None  # the states that are asked before and after it
    after: Link | None = None
    cases: tuple[CaseGroup, ...] = ()


def state_page(name: str, library: Library, relations: Relations) -> StatePage:
    """Everything about one state."""
    known = library.knowledge
    entry = known.states[name]
    names = list(known.states)
    index = names.index(name)
    thing = (Kind.STATE, name)
    return StatePage(
        place=index + 1,
        of=len(names),
        entry=entry.entry,
        exit=entry.exit,
        changes_advice=entry.changes,
        candidates=tuple(_candidates(name, library)),
        notes=entry.notes,
        thresholds=numbers(relations.numbers_of[thing], library),
        concepts=library.links(Kind.CONCEPT, relations.concepts_of[thing]),
        statements=library.links(Kind.STATEMENT, (row for row, s in known.seed.items() if name in s.states)),
        before=library.link(Kind.STATE, names[index - 1]) if index else None,
        after=library.link(Kind.STATE, names[index + 1]) if index + 1 < len(names) else None,
        cases=cases_of(Kind.STATE, name, library),
    )


def _candidates(name: str, library: Library) -> Iterator[Candidate]:
    for candidate in library.knowledge.states[name].candidates:
        yield Candidate(
            recommendation=library.link(Kind.RECOMMENDATION, candidate.id),
            variant=candidate.variant,
            when=tuple(asked.sentence for asked in referenced(candidate.when, library.knowledge)),
            switched_off=candidate.id in library.knowledge.switched_off,
        )
