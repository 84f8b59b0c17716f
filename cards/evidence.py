"""What sources say for and against a recommendation, as markdown: rendered once at start.

The order of lines may depend on the patient (a line or a side that comes first when a check is
met), so every combination that can occur is rendered, and a call only looks one up.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, zip_longest

from cards import evidence_lines, wording
from cards.once import Once, joined, words
from pathway.errors import KnowledgeError
from pathway.rules import Evidence, EvidenceLine, RuleEvidence

HEADINGS = (wording.FOR, wording.AGAINST)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceText:
    """The evidence of one rule: a bullet list, or a table of two columns where sources are in conflict."""

    is_table: bool
    references: frozenset[str]  # the checks on which the order depends
    in_full_by_met: Mapping[frozenset[str], Once]
    briefly_by_met: Mapping[frozenset[str], Once]

    def in_full(self, met: frozenset[str]) -> Once:
        """The text for a patient of whom these checks are met; empty when there is nothing to say."""
        return self.in_full_by_met[met & self.references]

    def briefly(self, met: frozenset[str]) -> Once:
        """The same as one line for each side, or with short cells."""
        return self.briefly_by_met[met & self.references]


def evidence_text(
    evidence: RuleEvidence,
    sources: Mapping[str, Evidence],
    place: str,
    headings: tuple[str, str] = HEADINGS,
) -> EvidenceText:
    """All texts of a rule's evidence.

    Args:
        evidence: What the knowledge gives for and against.
        sources: All sources, by id.
        place: Where the evidence stands, for messages.
        headings: What the two sides are called.

    Raises:
        KnowledgeError: a line names an unknown source.
    """
    lines = (*evidence.supports, *evidence.against)
    unknown = sorted({line.source for line in lines} - set(sources))
    if unknown:
        raise KnowledgeError(f"{place}: evidence names unknown sources: {', '.join(unknown)}")
    references = references_of(evidence)
    subsets = [
        frozenset(met)
        for met in chain.from_iterable(
            combinations(sorted(references), size) for size in range(len(references) + 1)
        )
    ]
    sides = _Sides(evidence, sources, headings)
    return EvidenceText(
        is_table=evidence.conflict,
        references=references,
        in_full_by_met={met: sides.in_full(met) for met in subsets},
        briefly_by_met={met: sides.briefly(met) for met in subsets},
    )


def with_evidence(
    opening: str, before: Sequence[str], evidence: str, after: Sequence[str], *, is_table: bool
) -> str:
    """A paragraph, then bullets before and after the evidence.

    A table of evidence stands apart, a list of it joins the bullets.
    """
    if is_table:
        parts = [opening, "\n".join(before), evidence, "\n".join(after)]
    else:
        parts = [opening, "\n".join(filter(None, [*before, evidence, *after]))]
    return "\n\n".join(filter(None, parts))


def references_of(evidence: RuleEvidence) -> frozenset[str]:
    """The checks on which the order of the lines depends."""
    lines = (*evidence.supports, *evidence.against)
    asked = {line.first_when for line in lines} | {evidence.against_first_when}
    return frozenset(reference for reference in asked if reference)


@dataclass(frozen=True, slots=True)
class _Sides:
    """Writes both sides of one rule's evidence."""

    evidence: RuleEvidence
    sources: Mapping[str, Evidence]
    headings: tuple[str, str]

    def in_full(self, met: frozenset[str]) -> Once:
        supports, against = (evidence_lines.in_full(lines, self.sources) for lines in self._ordered(met))
        return self._shown(met, supports, against)

    def briefly(self, met: frozenset[str]) -> Once:
        supporting, opposing = self._ordered(met)
        supports = evidence_lines.briefly(supporting, self.sources, against=False)
        against = evidence_lines.briefly(opposing, self.sources, against=True)
        lines = [[joined(side, " ")] if side else [] for side in (supports, against)]
        return self._shown(met, *lines)

    def _ordered(self, met: frozenset[str]) -> tuple[list[EvidenceLine], list[EvidenceLine]]:
        return _ordered(self.evidence.supports, met), _ordered(self.evidence.against, met)

    def _shown(self, met: frozenset[str], supports: list[Once], against: list[Once]) -> Once:
        columns = list(zip(self.headings, (supports, against), strict=True))
        if self.evidence.against_first_when in met:
            columns.reverse()
        if self.evidence.conflict:
            return _table(columns)
        return joined(
            (joined((words(f"- {heading}: "), line), "") for heading, lines in columns for line in lines),
            "\n",
        )


def _ordered(lines: Iterable[EvidenceLine], met: frozenset[str]) -> list[EvidenceLine]:
    return sorted(lines, key=lambda line: line.first_when not in met)  # stable: the file's order else


def _table(columns: list[tuple[str, list[Once]]]) -> Once:
    (left, left_lines), (right, right_lines) = columns
    rows = zip_longest(left_lines, right_lines, fillvalue=words(""))
    return joined(
        [
            words(f"| {left} | {right} |\n| --- | --- |"),
            *(joined((words("| "), one, words(" | "), other, words(" |")), "") for one, other in rows),
        ],
        "\n",
    )
