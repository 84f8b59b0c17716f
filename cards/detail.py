"""The detail of a card: why this patient, what is proposed, for and against, gaps, what would change it.

GitHub flavoured markdown without HTML. The first card tells the patient's facts in full and what
would change the advice; the others repeat the problem in one line, so that each stands alone.
"""

from collections.abc import Iterable, Sequence

from cards import gaps, markdown, wording
from cards.item_texts import ItemTexts
from cards.lines import LineWriter
from cards.patient_facts import facts_in_full, headline
from cards.recommendations import Recommendation
from cards.suggestions import Item
from pathway.advice import Advice, CardKind, CardPlan, Filter, Withheld
from pathway.knowledge_base import KnowledgeBase

_WITHHELD = {  # why a candidate is not shown, for those filters that the reader should know of
    Filter.CONTRAINDICATED: "not suggested",
    Filter.UNKNOWN: "not shown, as the record does not settle it",
}


class DetailWriter:
    """Writes the details of an answer; built once from the knowledge."""

    def __init__(self, knowledge: KnowledgeBase, rules: dict[str, Recommendation]) -> None:
        """Make the texts ready that advice may quote as lines.

        Raises:
            KnowledgeError: a text has a brace that is no placeholder.
        """
        self._rules = rules
        self.lines = LineWriter(knowledge)
        self._changes = {
            state: f"**{wording.CHANGES}:** {markdown.escaped(entry.changes)}"
            for state, entry in knowledge.states.items()
        }

    def page(self, advice: Advice) -> "Page":
        """The writer of one answer, with what its cards share."""
        return Page(self, advice)

    def changes(self, state: str) -> str:
        """What would change the advice of a state; empty when the knowledge does not say."""
        return self._changes.get(state, "")

    def title(self, recommendation: str) -> str:
        """The title of a rule, as markdown."""
        return markdown.escaped(self._rules[recommendation].title)

    def kind(self, recommendation: str) -> CardKind:
        """The card that would carry a rule."""
        return self._rules[recommendation].kind


class Page:
    """The details of one answer."""

    def __init__(self, writer: DetailWriter, advice: Advice) -> None:
        """Render what several cards share."""
        self._writer = writer
        self._advice = advice
        kinds = [plan.kind for plan in advice.cards]
        self._first = kinds[0] if kinds else None
        self._gap_card = CardKind.EVIDENCE if CardKind.EVIDENCE in kinds else self._first
        self._headline = f"**{wording.WHY}:** {headline(advice.situation)}."
        self._closing = [
            gaps.not_seen(advice.situation.facts),
            *(writer.lines.line(note) for note in advice.notes),
        ]
        self._withheld = _by_kind(advice.withheld, writer, kinds, self._first)

    def detail(self, plan: CardPlan, items: Sequence[Item]) -> str:
        """The detail of one card."""
        first = plan.kind is self._first
        texts = ItemTexts(self._writer.lines).of(plan.kind, items)
        sections = [
            self._facts() if first else self._headline,
            _bullets(self._withheld.get(plan.kind, ())),
            *texts,
            self._seed(texts) if plan.kind is self._gap_card else "",
            self._gaps() if plan.kind is self._gap_card else "",
            self._writer.changes(self._advice.situation.state) if first else "",
            *self._closing,
        ]
        return "\n\n".join(filter(None, sections))

    def _facts(self) -> str:
        return f"**{wording.WHY}**\n\n{_bullets(facts_in_full(self._advice.situation))}"

    def _seed(self, texts: Sequence[str]) -> str:
        """What "seed text" means, on the card that tells how sure all is."""
        return wording.SEED_EXPLAINED if any(wording.SEED_NAMED in text for text in texts) else ""

    def _gaps(self) -> str:
        lines = gaps.gap_lines(self._advice.gaps)
        return f"**{wording.GAPS}**\n\n{_bullets(lines)}" if lines else ""


def _by_kind(
    withheld: Iterable[Withheld], writer: DetailWriter, kinds: Sequence[CardKind], first: CardKind | None
) -> dict[CardKind, list[str]]:
    """Why candidates are not shown, on the card where they would stand, else on the first."""
    titles: dict[tuple[CardKind, str], list[str]] = {}
    for candidate in withheld:
        words = _WITHHELD.get(candidate.by)
        if words is None or not candidate.lines or first is None:
            continue
        kind = writer.kind(candidate.id)
        reasons = "; ".join(writer.lines.line(line) for line in candidate.lines)
        key = (kind if kind in kinds else first, f"{words}: {reasons}")
        titles.setdefault(key, []).append(writer.title(candidate.id))
    by_kind: dict[CardKind, list[str]] = {}
    for (kind, reason), named in titles.items():
        by_kind.setdefault(kind, []).append(f"{', '.join(named)} {reason}")
    return by_kind


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
