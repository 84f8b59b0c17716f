"""Tables that the pages for clinicians have in common: evidence, and thresholds."""

from collections.abc import Iterator

from docs.markdown import table
from pathway.knowledge_base import KnowledgeBase
from pathway.rules import EvidenceLine, Mark, RuleEvidence, Threshold

MARKS = {
    Mark.VERIFIED: "V",
    Mark.SEED: "V seed",
    Mark.UNVERIFIED: "U",
    Mark.PROJECT: "P",
}
HOW_CHECKED = """\
How a statement was checked: **V** in a source opened while writing; **V seed** stated in the
project's seed text, not checked otherwise; **U** general clinical knowledge, not verified here;
**P** a decision of this project, which a site may want to review.
"""
THRESHOLD_HEADINGS = ("Threshold", "Value", "Unit (UCUM)", "In force from", "Evidence", "Mark", "Note")


def evidence_table(evidence: RuleEvidence, knowledge: KnowledgeBase, page: str = "") -> Iterator[str]:
    """Both sides, and the project's default; `page` is where the sources stand, empty for the same."""
    rows = [
        *(("For", line) for line in evidence.supports),
        *(("Against", line) for line in evidence.against),
    ]
    if rows:
        yield from table(
            ("", "Source", "What it says", "Strength", "Certainty", "Mark"),
            [(side, *_evidence_cells(line, knowledge, page)) for side, line in rows],
        )
    if evidence.project_default:
        yield f"**Project default:** {evidence.project_default}\n"


def _evidence_cells(line: EvidenceLine, knowledge: KnowledgeBase, page: str) -> tuple[str, ...]:
    source = knowledge.evidence[line.source]
    link = f"[{source.publisher} {source.year}]({page}#source-{line.source})"
    return (link, line.says, line.strength or "", line.certainty or "", MARKS[line.mark])


def threshold_rows(name: str, threshold: Threshold, page: str = "") -> Iterator[tuple[str, ...]]:
    """A row for each value of one threshold, under THRESHOLD_HEADINGS."""
    for begins, value in sorted(threshold.values.items()):
        yield (
            f"{threshold.title} (`{name}`)",
            str(value.value),
            f"`{threshold.unit}`",
            begins.isoformat(),
            ", ".join(f"[{source}]({page}#source-{source})" for source in value.evidence),
            MARKS[value.mark],
            threshold.note or "",
        )
