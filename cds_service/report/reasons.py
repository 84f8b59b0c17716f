"""Override reasons under HL7's non-adherence codes, so that figures can be compared between products.

Our reading, reason by reason with a note, is non-adherence.csv; HL7's codes are hl7-reasons.csv.
All 35 of https://build.fhir.org/ig/HL7/cds-hooks/CodeSystem-non-adherence-reason-codes.html (3.0.0-ballot).
"""

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cards.overrides import SYSTEM
from cds_service.report.cells import HIDDEN, Cell, Figure, column, hidden_of_sum, published, rank
from cds_service.report.figures import Reason, ReasonGroup
from cds_service.report.tally import Reason as Given

HL7 = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
FOLDER = Path(__file__).parent
UNMAPPED, NOT_GIVEN = "No code of HL7 fits", "No reason was given"
OTHERS = "(others)"  # codes of sites that few patients are behind: not even the code is told


@dataclass(frozen=True, slots=True)
class Mapped:
    """One of our reasons."""

    hl7: str | None
    note: str


@dataclass(frozen=True, slots=True)
class Concept:
    """One of HL7's codes."""

    category: str
    display: str


@cache
def mapping() -> Mapping[str, Mapped]:
    """By our code."""
    return {row["code"]: Mapped(row["hl7"] or None, row["note"]) for row in _rows("non-adherence.csv")}


@cache
def concepts() -> Mapping[str, Concept]:
    """By HL7's code."""
    return {row["code"]: Concept(row["category"], row["display"]) for row in _rows("hl7-reasons.csv")}


def grouped(cells: Mapping[Given, Cell]) -> tuple[ReasonGroup, ...] | None:
    """The reasons of a report whose number of overridden cards is told; None: they cannot be told too."""
    groups: dict[tuple[str | None, str], dict[Given, Cell]] = defaultdict(dict)
    for reason, cell in _folded(cells).items():
        groups[_group_of(reason)][reason] = cell
    sums = [_sum(cells) for cells in groups.values()]
    hidden = hidden_of_sum(sums)
    if hidden is None:
        return None
    told = [
        _reason_group(*key, figure, groups[key])
        for key, figure in zip(groups, published(sums, hidden), strict=True)
    ]
    return tuple(sorted(told, key=lambda group: rank(group.cards, group.display)))


def _reason_group(code: str | None, display: str, cards: Figure, cells: Mapping[Given, Cell]) -> ReasonGroup:
    # what cannot be told beside its sum is left out: the names alone would tell that there is one each
    figures = () if cards is HIDDEN else column(cards, list(cells.values())) or ()
    told = (
        Reason(system=reason[0], code=reason[1], cards=figure, note=_note(reason))
        for reason, figure in zip(cells, figures, strict=False)
        if reason is not None
    )
    return ReasonGroup(
        code=code,
        display=display,
        category=concepts()[code].category if code else None,
        cards=cards,
        reasons=tuple(sorted(told, key=lambda reason: rank(reason.cards, reason.code))),
    )


def _group_of(reason: Given) -> tuple[str | None, str]:
    if reason is None:
        return None, NOT_GIVEN
    system, code = reason
    found = mapping().get(code) if system == SYSTEM else None
    hl7 = found.hl7 if found else code if system == HL7 and code in concepts() else None
    return (hl7, concepts()[hl7].display) if hl7 else (None, UNMAPPED)


def _folded(cells: Mapping[Given, Cell]) -> Mapping[Given, Cell]:
    """Codes of sites by themselves only where enough patients are behind them: a client may send any text."""
    folded: defaultdict[Given, Cell] = defaultdict(Cell)
    for reason, cell in cells.items():
        folded[("", OTHERS) if cell.is_small and not _is_known(reason) else reason].include(cell)
    return folded


def _is_known(reason: Given) -> bool:
    if reason is None:
        return True
    system, code = reason
    return (system == SYSTEM and code in mapping()) or (system == HL7 and code in concepts())


def _note(reason: tuple[str, str]) -> str:
    return mapping()[reason[1]].note if reason[0] == SYSTEM and reason[1] in mapping() else ""


def _sum(cells: Mapping[Given, Cell]) -> Cell:
    whole = Cell()
    for cell in cells.values():
        whole.include(cell)
    return whole


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
