"""What pages of several kinds have in common: evidence, numbers, what is asked, what a site changed."""

from collections.abc import Iterable, Iterator
from datetime import date

import msgspec

from cards.sources import short_label
from cds_service.knowledge_pages.criteria import criterion, referenced
from cds_service.knowledge_pages.kinds import Kind, Link
from cds_service.knowledge_pages.library import Library
from cds_service.knowledge_pages.names import MARKS, measure_words
from pathway.local_lines import local_lines, packaged_value
from pathway.number_words import figure
from pathway.overrides import Override
from pathway.rules import CheckUse, EvidenceLine, RuleEvidence, Threshold


class Shown(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Base of everything on a page: the same value is rendered as HTML and as JSON."""


class Statement(Shown, frozen=True, kw_only=True):
    """What one source says."""

    source: Link
    says: str
    strength: str | None = None
    certainty: str | None = None
    mark: str  # as the knowledge writes it: "V"
    checked: str  # the same in words
    year: str
    first_when: str | None = None  # in words: when the line comes first


class Sides(Shown, frozen=True, kw_only=True):
    """Evidence for and against."""

    supports: tuple[Statement, ...] = ()
    against: tuple[Statement, ...] = ()
    conflict: bool = False
    against_first_when: str | None = None
    project_default: str | None = None


class Asked(Shown, frozen=True, kw_only=True):
    """One criterion: what is asked, and what a card then says."""

    check: str
    sentence: str
    card_says: str
    evidence: tuple[Link, ...] = ()
    mark: str
    checked: str
    note: str | None = None
    concepts: tuple[Link, ...] = ()
    thresholds: tuple[Link, ...] = ()


class InForce(Shown, frozen=True, kw_only=True):
    """One value of a number, from one day on."""

    since: date
    value: str
    mark: str
    checked: str
    evidence: tuple[Link, ...] = ()


class Number(Shown, frozen=True, kw_only=True):
    """One threshold in brief."""

    threshold: Link
    unit: str  # UCUM
    measure: str  # in words
    values: tuple[InForce, ...]
    minimum: str | None = None  # what a site may set
    maximum: str | None = None
    packaged: str | None = None  # the value before a site changed it


class Change(Shown, frozen=True, kw_only=True):
    """What a site has changed of the thing on the page."""

    what: str
    by: str
    on: date
    why: str | None = None
    about: Link | None = None


def sides(evidence: RuleEvidence, library: Library) -> Sides:
    """Both sides of a recommendation or guard."""
    first = evidence.against_first_when
    return Sides(
        supports=tuple(_statement(line, library) for line in evidence.supports),
        against=tuple(_statement(line, library) for line in evidence.against),
        conflict=evidence.conflict,
        against_first_when=None if first is None else _when(first, library),
        project_default=evidence.project_default,
    )


def _statement(line: EvidenceLine, library: Library) -> Statement:
    return Statement(
        source=library.link(Kind.SOURCE, line.source),
        says=line.says,
        strength=line.strength,
        certainty=line.certainty,
        mark=line.mark.value,
        checked=MARKS[line.mark],
        year=library.knowledge.evidence[line.source].year,
        first_when=None if line.first_when is None else _when(line.first_when, library),
    )


def _when(reference: str, library: Library) -> str:
    """A check reference after "when": "the pain is chronic"."""
    (asked,) = referenced((reference,), library.knowledge)
    return asked.sentence.removeprefix("Only when ")


def asked(uses: Iterable[CheckUse], library: Library) -> tuple[Asked, ...]:
    """Criteria in plain sentences."""
    found = []
    for use in uses:
        words = criterion(use.check, use.of, library.knowledge)
        found.append(
            Asked(
                check=words.reference,
                sentence=words.sentence,
                card_says=use.text,
                evidence=library.links(Kind.SOURCE, use.evidence),
                mark=use.mark.value,
                checked=MARKS[use.mark],
                note=use.note,
                concepts=library.links(Kind.CONCEPT, words.concepts),
                thresholds=library.links(Kind.THRESHOLD, words.thresholds),
            )
        )
    return tuple(found)


def numbers(names: Iterable[str], library: Library) -> tuple[Number, ...]:
    """Thresholds with their values."""
    return tuple(number(name, library) for name in names)


def number(name: str, library: Library) -> Number:
    """One threshold with its values, its bounds, and what it was before a site changed it."""
    threshold = library.knowledge.thresholds[name]
    changed = any(override.threshold == name for override in library.knowledge.overrides)
    return Number(
        threshold=library.link(Kind.THRESHOLD, name),
        unit=threshold.unit,
        measure=measure_words(threshold.unit),
        values=tuple(in_force(threshold, library)),
        minimum=None if threshold.minimum is None else figure(threshold.minimum),
        maximum=None if threshold.maximum is None else figure(threshold.maximum),
        packaged=packaged_value(library.knowledge, name) if changed else None,
    )


def in_force(threshold: Threshold, library: Library) -> Iterator[InForce]:
    """The values of a number by date."""
    for since, value in sorted(threshold.values.items()):
        yield InForce(
            since=since,
            value=figure(value.value),
            mark=value.mark.value,
            checked=MARKS[value.mark],
            evidence=library.links(Kind.SOURCE, value.evidence),
        )


def changes(name: str, library: Library) -> tuple[Change, ...]:
    """What a site has changed of a recommendation or guard; nothing in the packaged knowledge."""
    found = [
        Change(what="Switched off at this site", by=o.by, on=o.on, why=o.why)
        for o in library.knowledge.overrides
        if o.off == name
    ]
    for line in local_lines(library.knowledge, name):
        what = "Local setting" if line.is_setting else "Local note"
        found.append(Change(what=f"{what}: {line.text}", by=line.by, on=line.on))
    return tuple(found)


def changes_of_all(library: Library) -> tuple[Change, ...]:
    """Everything that a site has changed."""
    return tuple(_change(override, library) for override in library.knowledge.overrides)


def _change(override: Override, library: Library) -> Change:
    kind, name = override.changes
    if kind == "threshold":
        about = library.link(Kind.THRESHOLD, name)
        measure = measure_words(library.knowledge.thresholds[name].unit)
        value = "" if override.value is None else figure(override.value)
        what = f"{value} {measure}".strip() + f" instead of {packaged_value(library.knowledge, name)}"
    else:
        is_rule = name in library.knowledge.rules
        about = library.link(Kind.RECOMMENDATION if is_rule else Kind.GUARD, name)
        what = "switched off" if kind == "off" else f"local note: {override.says}"
    return Change(what=what, by=override.by, on=override.on, why=override.why, about=about)


def year_label(source: str, library: Library) -> str:
    """Publisher and year of a source in short."""
    return short_label(library.knowledge.evidence[source])
