"""What the pathway page says of each recommendation: words, warnings and both sides of the evidence.

The knowledge's texts are filled as on a card, as plain text: nothing is shortened; the template escapes all.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cards import markdown, wording
from cards.filling import PLAIN, template
from cards.gaps import NOT_PROVIDED
from cards.sources import short_label
from pathway.advice import Advice, Advised, Filter, Line, Urgency, Values
from pathway.decision_aids import DecisionAid, Told, aids_for
from pathway.facts import DataGap, Facts
from pathway.knowledge_base import KnowledgeBase
from pathway.local_lines import local_lines
from pathway.rules import EvidenceLine, Mark, Rule

PLACE = "the pathway page"
MARKS = {
    Mark.SEED: wording.SEED,
    Mark.UNVERIFIED: wording.UNVERIFIED,
    Mark.PROJECT: wording.PROJECT_DECISION,
}
OWN_SEED = "seed"  # of evidence.yaml
MOST_PLACES = 3  # named per gap


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A source as it is named, and where it is to be read."""

    label: str
    title: str
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a source says."""

    says: str
    grade: str  # strength, certainty and how it was checked; may be empty
    sources: tuple[Citation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """For, or against."""

    title: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommended:
    """One recommendation for this patient."""

    id: str
    title: str
    summary: str
    why: str
    orders: tuple[str, ...]  # what is proposed, in words
    warnings: tuple[tuple[str, str], ...]  # kind and words
    sides: tuple[Side, ...]  # both, in the order for this patient; () where no source says anything
    default: str  # what the project made of the evidence; may be empty
    local: tuple[str, ...]  # what the site says or has set
    patient_words: str
    urgency: Urgency
    is_best: bool  # the one best next step
    is_focus: bool  # of the card that led here
    is_lead: bool  # printed with its evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class NotShown:
    """A candidate that is not proposed, and why."""

    title: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One sentence of a decision aid."""

    says: str
    note: str  # how it was checked, where it was not
    sources: tuple[Citation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aid:
    """One choice, for the conversation with the patient."""

    title: str
    about: str
    parts: tuple[tuple[str, tuple[Point, ...]], ...]
    otherwise: str
    questions: tuple[str, ...]


def recommended(advice: Advice, knowledge: KnowledgeBase, focus: Sequence[str]) -> tuple[Recommended, ...]:
    """All that is proposed, in the order of the cards."""
    items = [item for plan in advice.cards for item in plan.items]
    focused = [item.id for item in items if item.id in focus]
    lead = (focused or [item.id for item in items])[:1]
    return tuple(
        _recommended(
            item,
            knowledge.rules[item.id],
            knowledge,
            is_focus=item.id in focus,
            is_lead=item.id in lead,
        )
        for item in items
    )


def not_shown(advice: Advice, knowledge: KnowledgeBase) -> tuple[NotShown, ...]:
    """What a reader may miss: candidates that something speaks against, or that are not settled."""
    telling = (Filter.CONTRAINDICATED, Filter.UNKNOWN)
    return tuple(
        NotShown(
            title=knowledge.rules[candidate.id].title,
            why="; ".join(map(_line, candidate.lines)),
        )
        for candidate in advice.withheld
        if candidate.by in telling and candidate.lines
    )


def lacks(facts: Facts, gaps: Iterable[DataGap]) -> tuple[str, ...]:
    """What the record lacks, one sentence each."""
    told = []
    for words, kinds in ((wording.NOT_SEEN, facts.not_provided), (wording.SEEN_IN_PART, facts.partly_seen)):
        if kinds:
            told.append(f"{words}: {', '.join(sorted(kinds))}.")
    places: dict[str, list[str]] = {}
    for gap in gaps:
        if gap.code != NOT_PROVIDED:
            text = gap.text or wording.GAP_TEXTS.get(gap.code) or gap.code
            places.setdefault(text, []).append(_place(gap))
    told += [f"{text}{_places(found)}" for text, found in places.items()]
    return tuple(told)


def notes(advice: Advice) -> tuple[str, ...]:
    """What stands on every card."""
    return tuple(map(_line, advice.notes))


def aids(advice: Advice, knowledge: KnowledgeBase) -> tuple[Aid, ...]:
    """The decision aids of what is proposed."""
    ids = [item.id for plan in advice.cards for item in plan.items]
    return tuple(_aid(aid, knowledge) for aid in aids_for(knowledge.decision_aids, ids))


def _recommended(
    advised: Advised, rule: Rule, knowledge: KnowledgeBase, *, is_focus: bool, is_lead: bool
) -> Recommended:
    variant = rule.variants.get(advised.variant) if advised.variant is not None else None
    values = advised.values
    why = (variant.why if variant else None) or rule.why
    sentences = (_if_known(text, values) for text in rule.says)
    proposals = {proposal.id: proposal for proposal in rule.proposals}
    blocking = [(wording.BLOCKER, _line(line)) for line in advised.blockers]
    warning = [(wording.CAUTION, _line(line)) for line in advised.cautions]
    return Recommended(
        id=rule.id,
        title=rule.title,
        summary=_filled((variant.summary if variant else None) or rule.summary, values),
        why=" ".join(filter(None, (_filled(why, values), *sentences))),
        orders=tuple(_filled(proposals[name].description, values) for name in advised.proposals),
        warnings=(*blocking, *warning),
        sides=_sides(rule, advised.checks, knowledge),
        default=rule.evidence.project_default or "",
        local=tuple(
            f"{one.text} ({one.by}, {one.on.isoformat()})" for one in local_lines(knowledge, rule.id)
        ),
        patient_words=rule.patient_text or "",
        urgency=advised.urgency,
        is_best=advised.recommended,
        is_focus=is_focus,
        is_lead=is_lead,
    )


def _sides(rule: Rule, met: frozenset[str], knowledge: KnowledgeBase) -> tuple[Side, ...]:
    evidence = rule.evidence
    if not (evidence.supports or evidence.against):
        return ()
    sides = [
        Side(title=title, statements=tuple(_statements(lines, met, knowledge)))
        for title, lines in ((wording.FOR, evidence.supports), (wording.AGAINST, evidence.against))
    ]
    if evidence.against_first_when in met:
        sides.reverse()
    return tuple(sides)


def _statements(
    lines: Iterable[EvidenceLine], met: frozenset[str], knowledge: KnowledgeBase
) -> Iterator[Statement]:
    """One for each statement; sources that say the same share it."""
    said: dict[tuple[str, str], list[Citation]] = {}
    for line in sorted(lines, key=lambda line: line.first_when not in met):
        said.setdefault((line.says, _grade(line)), []).append(_citation(line.source, knowledge))
    for (says, grade), sources in said.items():
        yield Statement(says=says, grade=grade, sources=tuple(sources))


def _grade(line: EvidenceLine) -> str:
    certainty = f"certainty: {line.certainty}" if line.certainty else None
    return "; ".join(filter(None, (line.strength, certainty, _checked(line.mark, (line.source,)))))


def _checked(mark: Mark, sources: Sequence[str]) -> str:
    """How a statement was checked, where its source's name does not say it."""
    return "" if mark is Mark.SEED and OWN_SEED in sources else MARKS.get(mark, "")


def _citation(source: str, knowledge: KnowledgeBase) -> Citation:
    found = knowledge.evidence[source]
    return Citation(label=short_label(found), title=found.title, url=markdown.absolute_url(found.url))


def _aid(aid: DecisionAid, knowledge: KnowledgeBase) -> Aid:
    parts = (
        ("What it can do for you", aid.benefits),
        ("What can go wrong", aid.harms),
        ("What we do not know", aid.unknown),
    )
    return Aid(
        title=aid.title,
        about=aid.about,
        parts=tuple((title, tuple(_point(told, knowledge) for told in lines)) for title, lines in parts),
        otherwise=aid.otherwise,
        questions=aid.questions,
    )


def _point(told: Told, knowledge: KnowledgeBase) -> Point:
    sources = tuple(_citation(source, knowledge) for source in told.evidence)
    return Point(says=told.says, note=_checked(told.mark, told.evidence), sources=sources)


def _filled(text: str, values: Values) -> str:
    return template(text, PLAIN, PLACE).filled_as_far_as_known(values)


def _if_known(text: str, values: Values) -> str | None:
    return template(text, PLAIN, PLACE).filled_if_known(values)


def _line(line: Line) -> str:
    return _filled(line.text, line.values)


def _place(gap: DataGap) -> str:
    resource = markdown.plain(gap.resource) if gap.resource else ""
    return ", ".join(filter(None, (resource, gap.element)))


def _places(found: Sequence[str]) -> str:
    named = list(dict.fromkeys(filter(None, found)))
    if not named:
        return ""
    more = len(named) - MOST_PLACES
    return f" ({'; '.join(named[:MOST_PLACES])}{f' and {more} more' if more > 0 else ''})"
