"""The terminology files as typed rows: knowledge/terminology/*.csv.

Which FHIR code means what is looked up in `fhir_mappings.terminology`; here the rows are only read
and checked, so that `backpath knowledge check` can vouch for them.
"""

import csv
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path

from pathway.errors import KnowledgeError
from pathway.facts import Fact

CONDITION_FILES = (
    "conditions-problem.csv",
    "red-flags.csv",
    "patient-factors.csv",
    "labelled-indications.csv",
)
FILES = (
    *CONDITION_FILES,
    "esi.csv",
    "imaging.csv",
    "medications-ingredients.csv",
    "medications-scd.csv",
    "medications-suggested.csv",
    "observations.csv",
    "opioid-mme.csv",
    "override-reasons.csv",
    "surgery-referral.csv",
    "therapies.csv",
)
MATCHES = ("exact", "prefix", "ingredient", "text")


class CodeRow(Fact, frozen=True, kw_only=True):
    """One row: a code, what it means here, and where that was checked."""

    file: str
    line: int
    concept: str  # concept_id; for clinical drugs the class, for MME factors the ingredient
    role: str  # role; for clinical drugs the ingredient, for MME factors the factor
    system: str
    code: str
    match: str
    display: str
    verified: bool
    source: str
    note: str


def load_rows(directory: Path) -> tuple[CodeRow, ...]:
    """All rows of all files, in file order.

    Raises:
        KnowledgeError: a file is missing, or a row has an unknown `match`, an unclear `verified`,
            a code without a source, or a factor that is no number.
    """
    return tuple(row for name in FILES for row in _rows_of(directory / name))


def _rows_of(path: Path) -> list[CodeRow]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise KnowledgeError(f"terminology/{path.name}: cannot be read; the file is required") from error
    reader = csv.DictReader(text.splitlines(keepends=True))
    return [_row(path.name, reader.line_num, fields) for fields in reader]


def _row(file: str, line: int, fields: Mapping[str, str]) -> CodeRow:
    concept_column, role_column = {
        "medications-scd.csv": ("class", "ingredient"),
        "opioid-mme.csv": ("ingredient", "mme_factor"),
    }.get(file, ("concept_id", "role"))
    place = f"terminology/{file}: line {line}"
    verified = _field(fields, "verified", place)
    if verified not in ("yes", "no"):
        raise KnowledgeError(f"{place}: verified is {verified!r}; allowed: yes, no")
    match = fields.get("match") or "exact"
    if match not in MATCHES:
        raise KnowledgeError(f"{place}: match is {match!r}; allowed: {', '.join(MATCHES)}")
    row = CodeRow(
        file=file,
        line=line,
        concept=_field(fields, concept_column, place),
        role=_field(fields, role_column, place),
        system=_field(fields, "system", place),
        code=fields.get("code") or "",
        match=match,
        display=fields.get("display") or "",
        verified=verified == "yes",
        source=fields.get("source") or "",
        note=fields.get("note") or "",
    )
    if row.verified and not (row.code and row.source):
        raise KnowledgeError(f"{place}: a verified row needs a code and a source")
    if file == "opioid-mme.csv" and row.role != "none":
        _factor(row.role, place)
    return row


def _field(fields: Mapping[str, str], column: str, place: str) -> str:
    value = fields.get(column)
    if not value:
        raise KnowledgeError(f"{place}: column {column} is empty")
    return value


def _factor(text: str, place: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise KnowledgeError(f"{place}: mme_factor is not a number; allowed: a decimal or 'none'") from error
