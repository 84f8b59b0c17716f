"""How a card may be declined, and for how long each answer keeps its advice quiet."""

from collections.abc import Collection

from cds_service.knowledge_pages.kinds import Kind, Link
from cds_service.knowledge_pages.library import Library
from cds_service.knowledge_pages.names import MARKS
from cds_service.knowledge_pages.parts import Shown
from pathway.rules import ACCEPTED, QuietPeriod


class Answer(Shown, frozen=True, kw_only=True):
    """One answer to a card."""

    answer: str
    reason: Link | None = None  # None: a suggestion was accepted
    own: bool = False  # offered by this card beyond the common ones
    days: int
    note: str
    mark: str
    checked: str


def answers_to(name: str, own: Collection[str], library: Library) -> tuple[Answer, ...]:
    """Accepting, then the reasons that the card of a recommendation or guard offers, its own first."""
    known = library.knowledge
    if not known.quiet.periods:
        return ()
    offered = dict.fromkeys((ACCEPTED, *own, *known.common_override_reasons))
    return tuple(_answer(reason, name, library, own=reason in own) for reason in offered)


def _answer(reason: str, name: str, library: Library, *, own: bool) -> Answer:
    period = period_of(reason, name, library)
    link = None if reason == ACCEPTED else library.link(Kind.OVERRIDE_REASON, reason)
    return Answer(
        answer="A suggestion was accepted" if link is None else link.title,
        reason=link,
        own=own,
        days=period.days,
        note=period.note,
        mark=period.mark.value,
        checked=MARKS[period.mark],
    )


def period_of(reason: str, name: str, library: Library) -> QuietPeriod:
    """What is said of the recommendation goes before what is said in general."""
    quiet = library.knowledge.quiet
    own = quiet.differing(name, reason, is_guard=name in library.knowledge.guards)
    return quiet.periods[reason] if own is None else own
