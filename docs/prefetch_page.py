"""The parts of docs/prefetch.md that are made from the code lists."""

from collections.abc import Iterable

from docs.markdown import table, with_part
from pathway.codelists import CodeRow

ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
PROBLEM_CONCEPTS = {
    "radicular": "radiculopathy, sciatica",
    "spinal-stenosis": "lumbar stenosis",
    "lbp-axial": "low back pain, lumbar discs and joints",
    "spinal-cord-injury": "spinal cord injury",
}


def prefetch_page(page: str, rows: Iterable[CodeRow]) -> str:
    """The page with its made parts written again."""
    verified = [row for row in rows if row.verified]
    page = with_part(page, "observation codes", f"```\n{_observation_codes(verified)}\n```")
    return with_part(page, "native filter", _native_filter(verified))


def _observation_codes(rows: Iterable[CodeRow]) -> str:
    return ",".join(row.code for row in rows if row.file == "observations.csv")


def _native_filter(rows: list[CodeRow]) -> str:
    return "\n".join(
        table(
            ("problem", "ICD-10-CM"),
            [(words, ", ".join(_codes(rows, concept))) for concept, words in PROBLEM_CONCEPTS.items()],
        )
    )


def _codes(rows: Iterable[CodeRow], concept: str) -> list[str]:
    """The concept's ICD-10-CM codes; a final `x` stands for all that begin so."""
    return [
        f"`{row.code}{'x' if row.match == 'prefix' else ''}`"
        for row in rows
        if row.concept == concept and row.file == "conditions-problem.csv" and row.system == ICD_10_CM
    ]
