"""Data gaps: in the answer's extension, and in words."""

from collections.abc import Iterable, Sequence

from cards import markdown, wording
from cards.wire import Gap
from pathway.facts import DataGap, Facts

MOST_PLACES = 3  # named per gap
NOT_PROVIDED = "not-provided"


def wire_gaps(gaps: Iterable[DataGap]) -> tuple[Gap, ...]:
    """The gaps as the contract spells them, each once."""
    spelled = (
        Gap(
            code=gap.code,
            resource=markdown.printable(gap.resource) if gap.resource else None,
            element=gap.element or None,
            text=gap.text or None,
        )
        for gap in gaps
    )
    return tuple(dict.fromkeys(spelled))


def gap_lines(gaps: Iterable[DataGap]) -> list[str]:
    """One markdown line per kind of gap, with the places where it was found.

    What was not provided at all is left out: `not_seen` says that on every card.
    """
    places: dict[str, list[str]] = {}
    for gap in gaps:
        if gap.code != NOT_PROVIDED:
            text = gap.text or wording.GAP_TEXTS.get(gap.code) or gap.code
            places.setdefault(markdown.escaped_line(text), []).append(_place(gap))
    return [f"{text}{_places(list(dict.fromkeys(filter(None, found))))}" for text, found in places.items()]


def not_seen(facts: Facts) -> str:
    """The line that names the parts of the record that came from nowhere, or in part; empty when all came."""
    if not (facts.not_provided or facts.gaps):
        return ""
    told = ((wording.NOT_SEEN, facts.not_provided), (wording.SEEN_IN_PART, facts.partly_seen))
    return " ".join(
        f"{words}: {markdown.escaped(', '.join(sorted(types)))}." for words, types in told if types
    )


def _place(gap: DataGap) -> str:
    resource = markdown.from_chart(gap.resource) if gap.resource else ""
    return ", ".join(filter(None, (resource, markdown.escaped(gap.element or ""))))


def _places(found: Sequence[str]) -> str:
    if not found:
        return ""
    more = len(found) - MOST_PLACES
    return f" ({'; '.join(found[:MOST_PLACES])}{f' and {more} more' if more > 0 else ''})"
