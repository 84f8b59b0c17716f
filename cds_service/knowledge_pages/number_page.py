"""The page of a threshold: its values by date, its bounds, and what uses it."""

from cds_service.knowledge_pages.kinds import Kind, Link
from cds_service.knowledge_pages.library import Library
from cds_service.knowledge_pages.parts import Change, Number, Shown, changes_of_all, number
from cds_service.knowledge_pages.relations import Relations


class ThresholdPage(Shown, frozen=True, kw_only=True):
    """One number, whole."""

    number: Number
    note: str | None = None
    at_most: tuple[Link, ...] = ()  # numbers that it never exceeds
    at_least: tuple[Link, ...] = ()  # numbers that never exceed it
    used_by: tuple[Link, ...] = ()
    changes: tuple[Change, ...] = ()


def threshold_page(name: str, library: Library, relations: Relations) -> ThresholdPage:
    """Everything about one number."""
    known = library.knowledge.thresholds
    return ThresholdPage(
        number=number(name, library),
        note=known[name].note,
        at_most=library.links(Kind.THRESHOLD, known[name].at_most),
        at_least=library.links(Kind.THRESHOLD, (n for n, other in known.items() if name in other.at_most)),
        used_by=relations.users_of_numbers.get(name, ()),
        changes=tuple(c for c in changes_of_all(library) if c.about is not None and c.about.id == name),
    )
