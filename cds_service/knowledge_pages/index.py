"""The index of all pages, and the search in it: by id, title, words and codes."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from cds_service.knowledge_pages.kinds import HEADINGS, Kind, Link
from cds_service.knowledge_pages.library import Library
from cds_service.knowledge_pages.names import measure_words, system_words
from cds_service.knowledge_pages.parts import Shown
from cds_service.knowledge_pages.placeholders import plain
from pathway.codelists import CodeRow
from pathway.number_words import figure, texts_of

LONGEST_QUERY = 200  # characters; what is longer is cut
BEFORE, AROUND = 40, 160  # characters of an excerpt before what was found, and in all


class Entry(Shown, frozen=True, kw_only=True):
    """A page within the index."""

    page: Link
    summary: str
    excerpt: str | None = None  # where the search has found it, if its title and summary do not say it


class Group(Shown, frozen=True, kw_only=True):
    """The pages of one kind."""

    kind: Kind
    heading: str
    lead: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Indexed:
    """An entry with all that can be searched in it."""

    entry: Entry
    head: str  # id and title, folded
    said: str  # what the index shows, folded
    texts: tuple[str, ...]
    folded: str
    prefixes: tuple[str, ...]  # codes that stand for all below them, folded, without dots

    def holds(self, word: str) -> bool:
        """Whether a folded word stands here, or is a code below one that stands here."""
        return word in self.folded or word.replace(".", "").startswith(self.prefixes)


class Index:
    """All pages of a library."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._pages = {kind: [*self._of_kind(kind)] for kind in Kind}

    def found(self, query: str, only: Kind | None = None) -> tuple[Group, ...]:
        """The pages in which every word of the query stands, the best first; without words all pages.

        Args:
            query: Words, ids or codes; case and accents do not matter.
            only: Pages of this kind only.
        """
        words = folded(query[:LONGEST_QUERY]).split()
        kinds = [kind for kind in Kind if only in (None, kind)]
        groups = []
        for kind in kinds:
            entries = tuple(self._matching(self._pages[kind], words))
            if entries:
                heading = HEADINGS[kind]
                groups.append(Group(kind=kind, heading=heading.many, lead=heading.lead, entries=entries))
        return tuple(groups)

    def _matching(self, pages: Iterable[Indexed], words: list[str]) -> Iterator[Entry]:
        found = [page for page in pages if all(map(page.holds, words))]
        found.sort(key=lambda page: _rank(page, words))  # stable: the order of the knowledge else
        for page in found:
            hidden = [word for word in words if word not in page.said]
            if hidden:
                link, summary = page.entry.page, page.entry.summary
                yield Entry(page=link, summary=summary, excerpt=_excerpt(page.texts, hidden[0]))
            else:
                yield page.entry

    def _of_kind(self, kind: Kind) -> Iterator[Indexed]:
        library = self._library
        describe = _DESCRIBED[kind]
        for name, title in library.titles[kind].items():
            summary, texts = describe(name, library)
            link = Link(kind=kind, id=name, title=title, href=library.link(kind, name).href)
            every = (title, name, summary, *texts)
            yield Indexed(
                entry=Entry(page=link, summary=summary),
                head=folded(f"{name} {title}"),
                said=folded(f"{name} {title} {summary}"),
                texts=every,
                folded=folded("\n".join(every)),
                prefixes=tuple(_prefixes(library.concepts[name])) if kind is Kind.CONCEPT else (),
            )


def folded(text: str) -> str:
    """Without case and accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in apart if not unicodedata.combining(character))


def _rank(page: Indexed, words: list[str]) -> int:
    if words and " ".join(words) == folded(page.entry.page.id):
        return 0
    return 1 if all(word in page.head for word in words) else 2


def _excerpt(texts: Iterable[str], word: str) -> str | None:
    for text in texts:
        place = folded(text).find(word)  # near enough: folding may change the length by a little
        if place >= 0:
            start = max(0, place - BEFORE)
            cut = text[start : start + AROUND].strip()
            return f"{'… ' if start else ''}{cut}{' …' if start + AROUND < len(text) else ''}"
    return None


_Described = tuple[str, tuple[str, ...]]  # the summary, and further texts to search in


def _words(item: object) -> tuple[str, ...]:
    return tuple(plain(text) for text in texts_of(item))


def _state(name: str, library: Library) -> _Described:
    entry = library.knowledge.states[name]
    return entry.entry, _words(entry)


def _rule(name: str, library: Library) -> _Described:
    rule = library.knowledge.rules[name]
    return plain(rule.summary), _words(rule)


def _guard(name: str, library: Library) -> _Described:
    guard = library.knowledge.guards[name]
    first = next(iter(guard.levels.values()))
    return plain(first.summary), _words(guard)


def _threshold(name: str, library: Library) -> _Described:
    threshold = library.knowledge.thresholds[name]
    values = " or ".join(dict.fromkeys(figure(v.value) for v in threshold.values.values()))
    return f"{values} {measure_words(threshold.unit)}".strip(), _words(threshold)


def _source(name: str, library: Library) -> _Described:
    source = library.knowledge.evidence[name]
    return f"{source.publisher}, {source.year}", _words(source)


def _codes(rows: tuple[CodeRow, ...]) -> tuple[str, ...]:
    """Each code as it is written, and without its dot."""
    return tuple(
        f"{system_words(row.system)} {row.code}{_dotless(row.code)} {row.display}" for row in rows if row.code
    )


def _prefixes(rows: tuple[CodeRow, ...]) -> Iterator[str]:
    yield from (folded(row.code).replace(".", "") for row in rows if row.match == "prefix" and row.code)


def _dotless(code: str) -> str:
    return f" ({code.replace('.', '')})" if "." in code else ""


def _concept(name: str, library: Library) -> _Described:
    rows = library.concepts[name]
    systems = ", ".join(dict.fromkeys(system_words(row.system) for row in rows))
    return f"{len(rows)} {'code' if len(rows) == 1 else 'codes'}: {systems}", _codes(rows)


def _code_list(name: str, library: Library) -> _Described:
    rows = library.code_lists[name]
    return f"{len(rows)} rows", (f"{name}.csv",)


def _reason(name: str, library: Library) -> _Described:
    period = library.knowledge.quiet.periods.get(name)
    return ("" if period is None else f"quiet for {period.days} days"), (
        () if period is None else (period.note,)
    )


def _aid(name: str, library: Library) -> _Described:
    aid = library.knowledge.decision_aids[name]
    return aid.about, _words(aid)


def _statement(name: str, library: Library) -> _Described:
    statement = library.knowledge.seed[name]
    return statement.caveat or "", _words(statement)


def _text(name: str, library: Library) -> _Described:
    return "", (plain(library.knowledge.texts[name]),)


_DESCRIBED: Mapping[Kind, Callable[[str, Library], _Described]] = {
    Kind.STATE: _state,
    Kind.RECOMMENDATION: _rule,
    Kind.GUARD: _guard,
    Kind.THRESHOLD: _threshold,
    Kind.SOURCE: _source,
    Kind.CODE_LIST: _code_list,
    Kind.CONCEPT: _concept,
    Kind.OVERRIDE_REASON: _reason,
    Kind.DECISION_AID: _aid,
    Kind.STATEMENT: _statement,
    Kind.TEXT: _text,
}
