"""The source attributes of evidence-based decision support interventions: 45 CFR 170.315(b)(11)(iv)(A).

The thirteen attributes are those of the rule as published at 89 FR 1192 (9 January 2024). Certified
health IT must show them to its users; a service that certified health IT calls gives them here, for
every recommendation and guard, from the knowledge itself.
"""

from collections.abc import Callable, Iterator
from importlib.metadata import version

from cds_service.knowledge_pages.criteria import Criterion, criterion, referenced
from cds_service.knowledge_pages.elements import (
    CHECKS,
    NOTHING,
    Element,
    Elements,
    by_states,
    elements_of_guard,
    elements_of_rule,
)
from cds_service.knowledge_pages.kinds import Kind, Link
from cds_service.knowledge_pages.library import Library
from cds_service.knowledge_pages.parts import Shown
from cds_service.knowledge_pages.relations import Relations, sources_of
from pathway.guard_rules import Create, Guard
from pathway.number_words import figure
from pathway.rules import Evidence, Rule

REGULATION = "45 CFR 170.315(b)(11)(iv)(A)"
REGULATION_URL = (
    "https://www.ecfr.gov/current/title-45/subtitle-A/subchapter-D/part-170/subpart-C/section-170.315"
)
PUBLISHED = "Health Data, Technology, and Interoperability (HTI-1), 89 FR 1192, 9 January 2024"
PUBLISHED_URL = "https://www.federalregister.gov/documents/2024/01/09/2023-28857/"
DEVELOPER = "The Backpath authors (open source, Apache-2.0)"
FUNDING = "None is declared by the project."
NAMES = {
    1: "Bibliographic citation of the intervention (clinical research or guideline)",
    2: "Developer of the intervention (translation from clinical research or guideline)",
    3: "Funding source of the technical implementation for the intervention's development",
    4: "Release and revision dates of the intervention or reference source",
    5: "Use of race",
    6: "Use of ethnicity",
    7: "Use of language",
    8: "Use of sexual orientation",
    9: "Use of gender identity",
    10: "Use of sex",
    11: "Use of date of birth",
    12: "Use of social determinants of health data",
    13: "Use of health status assessments data",
}
_UNREAD = {
    5: "Not read.",
    6: "Not read.",
    7: "Not read. Cards and pages are in English.",
    8: "Not read.",
    9: "Not read.",
    10: "Not read. Pregnancy is taken from its codes and from a recorded pregnancy status, never from sex.",
    12: "Not read: no code list holds a social determinant of health.",
}
ASSESSMENTS = {
    Element.PREGNANCY: "pregnancy status",
    Element.PAIN: "pain scores (numeric, visual analogue and faces scales)",
    Element.FUNCTION: "functional status (PEG, Oswestry Disability Index)",
    Element.INTERFERENCE: "functional status (PROMIS pain interference)",
    Element.RISK: "risk of lasting disability (STarT Back)",
    Element.MENTAL: "mental status (PHQ-9)",
}


class Citation(Shown, frozen=True, kw_only=True):
    """One source in full."""

    source: Link
    text: str
    url: str | None = None
    published: str
    read: str


class Attribute(Shown, frozen=True, kw_only=True, omit_defaults=False):
    """One of the thirteen."""

    number: int  # its paragraph: 170.315(b)(11)(iv)(A)(number)
    name: str
    used: bool | None  # 5 to 13: whether the data is read; null for the others
    says: tuple[str, ...]


class Intervention(Shown, frozen=True, kw_only=True):
    """A recommendation or guard with its attributes."""

    intervention: Link
    citations: tuple[Citation, ...]
    attributes: tuple[Attribute, ...]


class AttributesPage(Shown, frozen=True, kw_only=True):
    """The whole document."""

    regulation: str = REGULATION
    regulation_url: str = REGULATION_URL
    published: str = PUBLISHED
    published_url: str = PUBLISHED_URL
    data_standard: str = "45 CFR 170.213 (United States Core Data for Interoperability, version 3)"
    software: str
    knowledge_version: str
    developer: str = DEVELOPER
    funding: str = FUNDING
    common: tuple[Attribute, ...]  # that are the same for every intervention
    interventions: tuple[Intervention, ...]


def attributes_page(library: Library, relations: Relations) -> AttributesPage:
    """The attributes of every recommendation, then of every guard."""
    known = library.knowledge
    return AttributesPage(
        software=f"Backpath {version('backpath')}",
        knowledge_version=known.version,
        common=tuple(
            _common(number, says) for number, says in ({2: DEVELOPER, 3: FUNDING} | _UNREAD).items()
        ),
        interventions=tuple(
            intervention(kind, name, library, relations)
            for kind in (Kind.RECOMMENDATION, Kind.GUARD)
            for name in library.titles[kind]
        ),
    )


def intervention(kind: Kind, name: str, library: Library, relations: Relations) -> Intervention:
    """One recommendation or guard with its thirteen attributes."""
    known = library.knowledge
    item: Rule | Guard = known.rules[name] if kind is Kind.RECOMMENDATION else known.guards[name]
    names = sources_of(item.primary_source, item.evidence)
    citations = tuple(_citation(source, library) for source in names)
    read = elements_of_rule(item, known) if isinstance(item, Rule) else elements_of_guard(item, known)
    special: dict[int, Callable[[], Attribute]] = {
        1: lambda: Attribute(number=1, name=NAMES[1], used=None, says=tuple(c.text for c in citations)),
        4: lambda: Attribute(
            number=4, name=NAMES[4], used=None, says=tuple(_dates(item, citations, library))
        ),
        11: lambda: Attribute(
            number=11, name=NAMES[11], used=True, says=tuple(_age(item, library, relations))
        ),
        13: lambda: _assessments(item, read, library, relations),
    }
    plain = {2: DEVELOPER, 3: FUNDING} | _UNREAD
    attributes = (special[n]() if n in special else _common(n, plain[n]) for n in NAMES)
    return Intervention(
        intervention=library.link(kind, name), citations=citations, attributes=tuple(attributes)
    )


def _common(number: int, says: str) -> Attribute:
    return Attribute(
        number=number, name=NAMES[number], used=False if number in _UNREAD else None, says=(says,)
    )


def _citation(name: str, library: Library) -> Citation:
    source = library.knowledge.evidence[name]
    return Citation(
        source=library.link(Kind.SOURCE, name),
        text=cited(source),
        url=source.url if source.url.startswith(("https://", "http://")) else None,
        published=source.year,
        read=f"{source.opened} (read {source.retrieved.isoformat()})",
    )


def cited(source: Evidence) -> str:
    """A source in one line: title, publisher, year."""
    return f"{source.title.rstrip('.')}. {source.publisher}, {source.year.rstrip('.')}."


def _dates(item: Rule | Guard, citations: tuple[Citation, ...], library: Library) -> Iterator[str]:
    yield f"Knowledge {library.knowledge.version}, in Backpath {version('backpath')}."
    yield f"Revised, its sources read again: {item.last_reviewed.isoformat()}."
    yield from (f"{c.source.title}: published {c.published}." for c in citations)


def _age(item: Rule | Guard, library: Library, relations: Relations) -> Iterator[str]:
    adult = figure(next(iter(library.knowledge.thresholds["adult-age"].values.values())).value)
    yield f"Age, from the birth date: nothing is said below {adult} years; without a birth date, an adult."
    found = [a.sentence for a in _asked(item, library, relations) if Element.BIRTH_DATE in _read_by(a)]
    if item.id == "muscle-relaxant-65":
        found.append(criterion("age-65", (), library.knowledge).sentence)
    yield from (f"Asked: {words}." for words in dict.fromkeys(map(_plainly, found)))


def _asked(item: Rule | Guard, library: Library, relations: Relations) -> Iterator[Criterion]:
    """What is asked for an item, by states that consider it, and of the orders that it offers."""
    known = library.knowledge
    if isinstance(item, Rule):
        yield from relations.criteria_of((Kind.RECOMMENDATION, item.id))
        for state in known.states.values():
            for candidate in state.candidates:
                yield from referenced(candidate.when if candidate.id == item.id else (), known)
        return
    yield from relations.criteria_of((Kind.GUARD, item.id))
    for offer in item.suggestions:
        if isinstance(offer, Create):
            yield from relations.criteria_of((Kind.RECOMMENDATION, offer.rule))


def _plainly(sentence: str) -> str:
    words = sentence.removeprefix("Only when ").removeprefix("Unless ")
    return words[:1].lower() + words[1:]


def _read_by(asked: Criterion) -> Elements:
    return CHECKS.get(asked.reference.removeprefix("!").partition(":")[0], NOTHING)


def _assessments(item: Rule | Guard, read: Elements, library: Library, relations: Relations) -> Attribute:
    found = [words for element, words in ASSESSMENTS.items() if element in read]
    says = [f"Read: {', '.join(found)}."] if found else ["Not read."]
    asked = (a for a in _asked(item, library, relations) if _read_by(a) - {Element.BIRTH_DATE})
    says += [f"Asked: {words}." for words in dict.fromkeys(_plainly(a.sentence) for a in asked)]
    by_state = by_states(item.id, library.knowledge) if isinstance(item, Rule) else NOTHING
    if by_state - {Element.BIRTH_DATE}:
        says.append("They also decide in which state of the pathway a patient is, and so what is considered.")
    return Attribute(number=13, name=NAMES[13], used=bool(found), says=tuple(says))
