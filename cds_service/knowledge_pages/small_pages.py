"""The pages of override reasons, decision aids, statements of the seed, and lines of every card."""

from collections.abc import Iterator
from datetime import date

from cds_service.knowledge_pages.kinds import Kind, Link
from cds_service.knowledge_pages.library import Library
from cds_service.knowledge_pages.names import MARKS
from cds_service.knowledge_pages.parts import Shown
from pathway.decision_aids import Told
from pathway.rules import QuietPeriod


class Quiet(Shown, frozen=True, kw_only=True):
    """For how many days the reason keeps something quiet."""

    about: Link | None = None  # none: whatever is not named
    days: int
    note: str
    mark: str
    checked: str


class ReasonPage(Shown, frozen=True, kw_only=True):
    """One override reason."""

    code: str
    on_every_card: bool
    offered_by: tuple[Link, ...] = ()
    quiet: tuple[Quiet, ...] = ()


class ToldPatient(Shown, frozen=True, kw_only=True):
    """One thing that a patient should know."""

    says: str
    evidence: tuple[Link, ...] = ()
    mark: str
    checked: str


class DecisionAidPage(Shown, frozen=True, kw_only=True):
    """One decision aid."""

    last_reviewed: date
    recommendations: tuple[Link, ...]
    about: str
    benefits: tuple[ToldPatient, ...]
    harms: tuple[ToldPatient, ...]
    unknown: tuple[ToldPatient, ...]
    otherwise: str
    questions: tuple[str, ...]


class StatementPage(Shown, frozen=True, kw_only=True):
    """One statement of the seed."""

    caveat: str | None = None
    carried_by: tuple[Link, ...] = ()
    mechanisms: tuple[str, ...] = ()


class TextPage(Shown, frozen=True, kw_only=True):
    """One line of every card."""

    text: str


def reason_page(name: str, library: Library) -> ReasonPage:
    """What offers a reason, and how long it holds."""
    known = library.knowledge
    rules = (rule.id for rule in known.rules.values() if name in rule.override_reasons)
    guards = (guard.id for guard in known.guards.values() if name in guard.override_reasons)
    return ReasonPage(
        code=known.override_reasons[name].code,
        on_every_card=name in known.common_override_reasons,
        offered_by=(*library.links(Kind.RECOMMENDATION, rules), *library.links(Kind.GUARD, guards)),
        quiet=tuple(_quiet(name, library)),
    )


def _quiet(name: str, library: Library) -> Iterator[Quiet]:
    quiet = library.knowledge.quiet
    found: list[tuple[Link | None, QuietPeriod | None]] = [(None, quiet.periods.get(name))]
    for kind, ids in (
        (Kind.RECOMMENDATION, library.knowledge.rules),
        (Kind.GUARD, library.knowledge.guards),
    ):
        found += [
            (library.link(kind, item), quiet.differing(item, name, is_guard=kind is Kind.GUARD))
            for item in ids
        ]
    for about, period in found:
        if period is not None:
            mark = period.mark
            yield Quiet(about=about, days=period.days, note=period.note, mark=mark.value, checked=MARKS[mark])


def decision_aid_page(name: str, library: Library) -> DecisionAidPage:
    """A decision aid with its sources."""
    aid = library.knowledge.decision_aids[name]

    def told(items: tuple[Told, ...]) -> tuple[ToldPatient, ...]:
        return tuple(
            ToldPatient(
                says=item.says,
                evidence=library.links(Kind.SOURCE, item.evidence),
                mark=item.mark.value,
                checked=MARKS[item.mark],
            )
            for item in items
        )

    return DecisionAidPage(
        last_reviewed=aid.last_reviewed,
        recommendations=library.links(Kind.RECOMMENDATION, aid.recommendations),
        about=aid.about,
        benefits=told(aid.benefits),
        harms=told(aid.harms),
        unknown=told(aid.unknown),
        otherwise=aid.otherwise,
        questions=aid.questions,
    )


def statement_page(name: str, library: Library) -> StatementPage:
    """What carries a statement of the seed."""
    known = library.knowledge
    rules = (rule.id for rule in known.rules.values() if name in rule.seed)
    statement = known.seed[name]
    return StatementPage(
        caveat=statement.caveat,
        carried_by=(
            *library.links(Kind.RECOMMENDATION, rules),
            *library.links(Kind.STATE, statement.states),
        ),
        mechanisms=statement.mechanisms,
    )


def text_page(name: str, library: Library) -> TextPage:
    """A line that may stand on every card."""
    return TextPage(text=library.knowledge.texts[name])
