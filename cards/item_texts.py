"""One recommendation within a card's detail: in full, or briefly as one option of many.

In full: why, what is proposed, blockers and cautions, and both sides of the evidence, each source
with what it says. Briefly: a sentence or two, and a line for each side.
"""

from collections.abc import Sequence

from cards import wording
from cards.evidence import with_evidence
from cards.filling import Template
from cards.lines import LineWriter
from cards.recommendations import Wording
from cards.suggestions import Item
from pathway.advice import Advised, CardKind, Values

MOST_IN_FULL = 2  # items of a card; with more, the options are told briefly
# The cards whose first item is a step of its own, told in full whatever stands beside it; the others
# beside it are told in full only where their sources are in conflict.
_LED = frozenset({CardKind.STATE, CardKind.INTERVENTION, CardKind.EVIDENCE})


class ItemTexts:
    """The items of one card, in order; knows what the card has said already."""

    def __init__(self, lines: LineWriter) -> None:
        self._lines = lines
        self._said: set[str] = set()
        self._shared: set[str] = set()
        self._has_patient_words = False

    def of(self, kind: CardKind, items: Sequence[Item]) -> list[str]:
        """The markdown of each item."""
        first, *others = items
        if not others:
            return [self._in_full(first, titled=False)]
        has_few = len(items) <= MOST_IN_FULL
        if kind not in _LED:
            write = self._one_of_two if has_few else self._option
            return [write(item) for item in items]
        told = [self._leading(first)]
        for item in others:
            is_in_full = has_few and item.recommendation.evidence.is_table
            told.append(self._one_of_two(item) if is_in_full else self._option(item))
        return told

    def _one_of_two(self, item: Item) -> str:
        return self._in_full(item, titled=True)

    def _in_full(self, item: Item, *, titled: bool) -> str:
        """The only item, or one of two."""
        proposed = [proposal.proposed.filled(values) for proposal, values in item.proposals]
        return self._whole(item, proposed, titled=titled)

    def _leading(self, item: Item) -> str:
        """The main item where options follow: its proposals as short as theirs."""
        proposed = [(p.briefly or p.named).filled(values) for p, values in item.proposals]
        return self._whole(item, proposed, titled=True)

    def _whole(self, item: Item, proposed: Sequence[str], *, titled: bool) -> str:
        rule, advised = item.recommendation, item.advised
        opening = _sentences(_wording(item).opening, advised.values)
        return with_evidence(
            f"{rule.heading} {opening}" if titled else opening,
            [*_bulleted(proposed), *self._warnings(advised)],
            rule.evidence.in_full(advised.checks).shown(self._said),
            [*self._once(rule.default, *rule.local), *self._patient_words(rule.patient_words)],
            is_table=rule.evidence.is_table,
        )

    def _option(self, item: Item) -> str:
        """One of many: what its label says is not said again."""
        rule, advised = item.recommendation, item.advised
        opening = _sentences(_wording(item).brief, advised.values)
        proposed = [p.briefly.filled(values) for p, values in item.proposals if p.briefly]
        default = rule.default if rule.evidence.is_table else None
        return with_evidence(
            f"{rule.heading} {opening}",
            [*_bulleted(proposed), *self._warnings(advised)],
            rule.evidence.briefly(advised.checks).shown(self._said),
            [*self._once(default, *rule.local), *self._patient_words(rule.patient_words)],
            is_table=rule.evidence.is_table,
        )

    def _warnings(self, advised: Advised) -> list[str]:
        if not advised.blockers and not advised.cautions:
            return []
        return [
            *(f"- {wording.BLOCKER}: {self._lines.line(line)}" for line in advised.blockers),
            *(f"- {wording.CAUTION}: {self._lines.line(line)}" for line in advised.cautions),
        ]

    def _once(self, *texts: str | None) -> list[str]:
        """The project default and what the site has set, once where several options share it."""
        new = [text for text in texts if text is not None and text not in self._shared]
        self._shared.update(new)
        return [f"- {text}" for text in new]

    def _patient_words(self, text: str | None) -> list[str]:
        """Words for the patient: those of the first item that has some, not of every option."""
        if text is None or self._has_patient_words:
            return []
        self._has_patient_words = True
        return [f"- {text}"]


def _wording(item: Item) -> Wording:
    return item.recommendation.wordings[item.advised.variant]


def _sentences(texts: Sequence[Template], values: Values) -> str:
    """The first, which must be complete, and of the others those whose values are known."""
    opening = wording.sentence(texts[0].filled(values))
    if len(texts) == 1:
        return opening
    return " ".join(filter(None, [opening, *[text.filled_if_known(values) for text in texts[1:]]]))


def _bulleted(lines: Sequence[str]) -> list[str]:
    return [f"- {line}" for line in lines]
