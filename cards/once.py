"""Texts that say some things once on a card: a source is linked where it first stands, then only named."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """A text with places that read otherwise the second time on a card."""

    form: str  # the text, with %s at every such place
    places: tuple[tuple[str, str], ...]  # of each: what stands there first, and what stands there again

    def shown(self, said: set[str]) -> str:
        """The text; `said` is what the card has said by now, and is added to."""
        told = []
        for first, again in self.places:
            told.append(again if first in said else first)
            said.add(first)
        return self.form % tuple(told)


def words(text: str) -> Once:
    """A text that is always the same."""
    return Once(form=text.replace("%", "%%"), places=())


def once(first: str, again: str) -> Once:
    """A text that is replaced where it stands again."""
    return Once(form="%s", places=((first, again),))


def joined(texts: Iterable[Once], separator: str) -> Once:
    """Several texts as one."""
    every = list(texts)
    return Once(
        form=separator.join(text.form for text in every),
        places=tuple(place for text in every for place in text.places),
    )
