"""How a source of evidence is named: in a card's `source`, and in one word within its detail."""

from collections.abc import Mapping

from cards import markdown, wording
from cards.wire import Coding, Source
from pathway.errors import KnowledgeError
from pathway.rules import Evidence

TOPIC_SYSTEM = "urn:backpath:recommendation"
_UNDATED = "n.d."


def primary_source(
    sources: Mapping[str, Evidence], key: str, *, topic: str, title: str, place: str
) -> Source:
    """The guideline behind a card, in full, with the recommendation or guard as its topic.

    Raises:
        KnowledgeError: `key` is no source; the message begins with `place`.
    """
    source = sources.get(key)
    if source is None:
        raise KnowledgeError(f"{place}: primary_source '{key}' is no source")
    return Source(
        label=f"{_with_year(source.publisher, source)}: {source.title}",
        url=markdown.absolute_url(source.url),
        topic=Coding(system=TOPIC_SYSTEM, code=topic, display=title),
    )


def short_label(source: Evidence) -> str:
    """Publisher, by the short name that clinicians use, and year; our own sources by what they are."""
    own = wording.OWN_SOURCES.get(source.url)
    if own is not None:
        return own
    return _with_year(wording.PUBLISHERS.get(source.publisher, source.publisher), source)


def link(source: Evidence) -> str:
    """The short label as a markdown link; the label alone where the source has no web address."""
    return markdown.link(short_label(source), markdown.absolute_url(source.url))


def _with_year(publisher: str, source: Evidence) -> str:
    return publisher if source.year == _UNDATED else f"{publisher}, {source.year}"
