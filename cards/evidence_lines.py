"""Single statements of sources as markdown: in full for a card's main item, briefly for an option.

In full: source, grade and what it says. Briefly: what a source for an option says is left out where
it grades the option, since the option's title says the same; what speaks against is always said.
"""

from collections.abc import Iterable, Mapping

import msgspec

from cards import markdown, sources, wording
from cards.once import Once, joined, once, words
from pathway.rules import Evidence, EvidenceLine, Mark

_MARKS = {
    Mark.VERIFIED: None,
    Mark.SEED: wording.SEED,
    Mark.UNVERIFIED: wording.UNVERIFIED,
    Mark.PROJECT: wording.PROJECT_DECISION,
}
_SCOPE_LENGTH = 40  # characters before a colon; what is longer is no scope


def in_full(lines: Iterable[EvidenceLine], known: Mapping[str, Evidence]) -> list[Once]:
    """One line for each statement; sources that say the same share one."""
    said: dict[str, list[Once]] = {}
    for line in lines:
        source = known[line.source]
        told = f"{_in_brackets(_grade(line, source))}: {markdown.escaped(line.says)}"
        said.setdefault(told, []).append(_cited(source))
    return [joined([joined(cited, ", "), words(told)], "") for told, cited in said.items()]


def briefly(lines: Iterable[EvidenceLine], known: Mapping[str, Evidence], *, against: bool) -> list[Once]:
    """A sentence or more for each source; what another option has been told of says "as above"."""
    by_source: dict[str, list[EvidenceLine]] = {}
    for line in lines:
        by_source.setdefault(line.source, []).append(line)
    said: dict[tuple[str, str], list[Once]] = {}
    for name, own in by_source.items():
        told = _told(known[name], own, against=against)
        said.setdefault(told, []).append(_cited(known[name]))
    return [
        joined([joined(cited, ", "), words(grades), _statements(text)], "")
        for (grades, text), cited in said.items()
    ]


def _cited(source: Evidence) -> Once:
    """A source: linked where it first stands on a card."""
    return once(sources.link(source), markdown.escaped(sources.short_label(source)))


def _told(source: Evidence, lines: list[EvidenceLine], *, against: bool) -> tuple[str, str]:
    """What follows a source's name: its grades of the option, then what else it says."""
    graded = [] if against else [line for line in lines if line.strength]
    scopes: dict[str, list[str]] = {}
    for line in graded:
        scopes.setdefault(_in_brackets(_grade(line, source)), []).append(_scope(line))
    grades = ", ".join(", ".join(filter(None, named)) + grade for grade, named in scopes.items())
    said = " ".join(_statement(line, source) for line in lines if line not in graded)
    if not grades:
        return "", f": {said}"
    return f" {grades.strip()}.", f" {said}" if said else ""


def _statements(text: str) -> Once:
    return once(text, f": {wording.AS_ABOVE}.") if text.startswith(": ") else words(text)


def _statement(line: EvidenceLine, source: Evidence) -> str:
    """What a source says, its grade at the end unless the words have it."""
    certainty = (line.certainty or "").casefold().split()
    if certainty and certainty[0] in line.says.casefold():
        line = msgspec.structs.replace(line, certainty=None)
    return f"{markdown.escaped(line.says).rstrip('.')}{_in_brackets(_grade(line, source))}."


def _scope(line: EvidenceLine) -> str:
    """For whom a source grades the option, where it says so before a colon: "chronic pain"."""
    scope, colon, _ = line.says.partition(":")
    if not colon or len(scope) > _SCOPE_LENGTH:
        return ""
    return markdown.escaped(wording.lowered(scope))


def _grade(line: EvidenceLine, source: Evidence) -> str:
    certainty = f"certainty: {line.certainty}" if line.certainty else None
    mark = _MARKS[line.mark]
    if mark == sources.short_label(source).casefold():  # the source's name says it
        mark = None
    return markdown.escaped("; ".join(filter(None, (line.strength, certainty, mark))))


def _in_brackets(grade: str) -> str:
    return f" ({grade})" if grade else ""
