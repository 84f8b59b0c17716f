"""One state of the knowledge with all that its pages need: titles, links, and what uses what."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from cards.sources import short_label
from cds_service.knowledge_pages.case_files import CasesOf
from cds_service.knowledge_pages.kinds import Kind, Link, link
from cds_service.knowledge_pages.names import CODE_LISTS, concept_words, titled
from cds_service.knowledge_pages.placeholders import plain
from pathway.codelists import CodeRow
from pathway.knowledge_base import KnowledgeBase

OVERRIDES = "override-reasons"  # the code list whose rows are pages of their own kind


@dataclass(frozen=True)
class Library:
    """The knowledge of the package or of a site, read-only."""

    knowledge: KnowledgeBase
    rows: tuple[CodeRow, ...]
    cases_of_file: CasesOf  # golden cases; they prove the packaged knowledge

    @cached_property
    def titles(self) -> Mapping[Kind, Mapping[str, str]]:
        """What everything is called, kind by kind, in the order of the knowledge."""
        known = self.knowledge
        return {
            Kind.STATE: {name: state.title for name, state in known.states.items()},
            Kind.RECOMMENDATION: {name: rule.title for name, rule in known.rules.items()},
            Kind.GUARD: {
                guard.id: guard.title for guard in sorted(known.guards.values(), key=lambda g: g.place)
            },
            Kind.THRESHOLD: _threshold_titles(known),
            Kind.SOURCE: {name: source.title for name, source in known.evidence.items()},
            Kind.CODE_LIST: {name: CODE_LISTS.get(name, name) for name in self.code_lists},
            Kind.CONCEPT: {name: titled(concept_words(name)) for name in self.concepts},
            Kind.OVERRIDE_REASON: {name: reason.display for name, reason in known.override_reasons.items()},
            Kind.DECISION_AID: {name: aid.title for name, aid in known.decision_aids.items()},
            Kind.STATEMENT: {name: statement.statement for name, statement in known.seed.items()},
            Kind.TEXT: {name: plain(text) for name, text in known.texts.items()},
        }

    @cached_property
    def code_lists(self) -> Mapping[str, tuple[CodeRow, ...]]:
        """The rows of each file, by its name without ending."""
        return _grouped((row.file.removesuffix(".csv"), row) for row in self.rows)

    @cached_property
    def concepts(self) -> Mapping[str, tuple[CodeRow, ...]]:
        """The rows of each concept, in the order of its name; override reasons have pages of their own."""
        rows = sorted(self.rows, key=lambda row: row.concept)
        return _grouped((row.concept, row) for row in rows if row.file != f"{OVERRIDES}.csv")

    @cached_property
    def concept_of_code(self) -> Mapping[tuple[str, str], str]:
        """The concept of a coding, as the order templates use it."""
        return {(row.system, row.code): row.concept for row in self.rows if row.concept in self.concepts}

    def has(self, kind: Kind, name: str) -> bool:
        """Whether there is such a page."""
        return name in self.titles[kind]

    def link(self, kind: Kind, name: str, note: str | None = None) -> Link:
        """The way to a page; the title of a source is its short name."""
        title = self.titles[kind][name]
        if kind is Kind.SOURCE:
            title = short_label(self.knowledge.evidence[name])
        return link(kind, name, title, note)

    def links(self, kind: Kind, names: Iterable[str]) -> tuple[Link, ...]:
        """The ways to pages of one kind, each once; names without a page are left out."""
        return tuple(self.link(kind, name) for name in dict.fromkeys(names) if self.has(kind, name))


def _threshold_titles(knowledge: KnowledgeBase) -> dict[str, str]:
    """Titles that stand by themselves: "or sessions" goes on with the title before it."""
    titles: dict[str, str] = {}
    before = ""
    for name, threshold in knowledge.thresholds.items():
        title = threshold.title
        if title[:1].islower():
            title = f"{before}, {title}"
        else:
            before = title
        titles[name] = title
    return titles


def _grouped(pairs: Iterable[tuple[str, CodeRow]]) -> dict[str, tuple[CodeRow, ...]]:
    groups: dict[str, list[CodeRow]] = {}
    for name, row in pairs:
        groups.setdefault(name, []).append(row)
    return {name: tuple(rows) for name, rows in groups.items()}
