"""The page of a source: what it is, how much of it was read, and all that rests on it."""

from collections.abc import Iterator
from datetime import date

from cards.sources import short_label
from cds_service.knowledge_pages.kinds import Kind, Link
from cds_service.knowledge_pages.library import Library
from cds_service.knowledge_pages.names import MARKS
from cds_service.knowledge_pages.parts import Shown
from cds_service.knowledge_pages.relations import uses_of
from pathway.rules import RuleEvidence


class Cited(Shown, frozen=True, kw_only=True):
    """One place where the source is cited."""

    by: Link
    side: str  # "for", "against", "criterion", "threshold", "decision aid", "main source"
    says: str
    strength: str | None = None
    certainty: str | None = None
    checked: str | None = None


class SourcePage(Shown, frozen=True, kw_only=True):
    """One source, whole."""

    short: str
    publisher: str
    year: str
    url: str | None = None  # none: a text of the project's own
    opened: str
    retrieved: date
    cited: tuple[Cited, ...] = ()


def source_page(name: str, library: Library) -> SourcePage:
    """Everything about one source."""
    source = library.knowledge.evidence[name]
    return SourcePage(
        short=short_label(source),
        publisher=source.publisher,
        year=source.year,
        url=source.url if source.url.startswith(("https://", "http://")) else None,
        opened=source.opened,
        retrieved=source.retrieved,
        cited=(*_by_items(name, library), *_by_numbers(name, library), *_by_aids(name, library)),
    )


def _by_items(name: str, library: Library) -> Iterator[Cited]:
    known = library.knowledge
    for rule in known.rules.values():
        link = library.link(Kind.RECOMMENDATION, rule.id)
        yield from _lines(name, link, rule.evidence, primary=rule.primary_source)
        for use in uses_of(rule):
            if name in use.evidence:
                yield Cited(by=link, side="criterion", says=use.text, checked=MARKS[use.mark])
    for guard in known.guards.values():
        link = library.link(Kind.GUARD, guard.id)
        yield from _lines(name, link, guard.evidence, primary=guard.primary_source)


def _lines(name: str, by: Link, evidence: RuleEvidence, *, primary: str) -> Iterator[Cited]:
    found = [("for", line) for line in evidence.supports] + [("against", line) for line in evidence.against]
    cited = [(side, line) for side, line in found if line.source == name]
    if not cited and primary == name:
        yield Cited(by=by, side="main source", says="Main source of the card.")
    for side, line in cited:
        yield Cited(
            by=by,
            side=side,
            says=line.says,
            strength=line.strength,
            certainty=line.certainty,
            checked=MARKS[line.mark],
        )


def _by_numbers(name: str, library: Library) -> Iterator[Cited]:
    for number, threshold in library.knowledge.thresholds.items():
        for since, value in sorted(threshold.values.items()):
            if name in value.evidence:
                yield Cited(
                    by=library.link(Kind.THRESHOLD, number),
                    side="threshold",
                    says=f"{value.value} {threshold.unit} from {since.isoformat()}",
                    checked=MARKS[value.mark],
                )


def _by_aids(name: str, library: Library) -> Iterator[Cited]:
    for aid_id, aid in library.knowledge.decision_aids.items():
        for told in (*aid.benefits, *aid.harms, *aid.unknown):
            if name in told.evidence:
                link = library.link(Kind.DECISION_AID, aid_id)
                yield Cited(by=link, side="decision aid", says=told.says, checked=MARKS[told.mark])
