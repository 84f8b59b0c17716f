"""Every override reason has its place among HL7's codes, or is said to have none."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from cards.overrides import SYSTEM
from cds_service.decision import Decider
from cds_service.report.cells import HIDDEN
from cds_service.report.figures import Report
from cds_service.report.reasons import HL7, OTHERS, UNMAPPED, concepts, mapping
from tests.cds_service.report.making import START, Rows, ms

ReportOn = Callable[..., Report]
AT = ms(START)
# https://hl7.org/fhir/uv/cds-hooks: the codes meant for clinicians
CLINICAL = {
    *("cds-not-applicable", "cds-suboptimal-context", "recipient-disagrees-evidence"),
    *("recipient-concerns-outcomes", "does-not-align-preferences", "not-convenient-feasible"),
    *("action-completed", "patient-contraindication", "patient-refuses", "too-costly-uncovered"),
    *("service-not-available", "recipient-does-not-understand"),
}


def overridden(reasons: dict[tuple[str, str] | None, int]) -> Rows:
    """So many patients with each reason."""
    rows = Rows()
    for reason, patients in reasons.items():
        for number in range(patients):
            (card,) = rows.call(["nsaid"], patient=f"{reason} {number}")
            system, code = reason or (SYSTEM, None)
            rows.override(card, code, at=AT, system=system)
    return rows


def test_every_reason_of_ours_is_mapped_or_said_not_to_be(decider: Decider) -> None:
    assert set(decider.knowledge.override_reasons) == set(mapping())
    assert [code for code, mapped in mapping().items() if mapped.hl7 is None and not mapped.note] == []


def test_only_codes_of_hl7_are_named() -> None:
    assert len(concepts()) == 35
    assert set(concepts()) >= CLINICAL
    assert {mapped.hl7 for mapped in mapping().values()} - {None} <= set(concepts())
    assert {concept.category for concept in concepts().values()} <= set(concepts())


@pytest.mark.parametrize("name", ["non-adherence.csv", "hl7-reasons.csv"])
def test_no_code_stands_twice(name: str) -> None:
    file = Path(__file__).parents[3] / "cds_service" / "report" / name
    codes = [row["code"] for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines())]

    assert sorted(set(codes)) == sorted(codes)


def test_reasons_with_the_same_code_of_hl7_are_one_figure_with_its_parts(report_on: ReportOn) -> None:
    report = report_on(overridden({(SYSTEM, "not-tolerated"): 7, (SYSTEM, "contraindicated"): 9, None: 6}))

    told = [(group.code, group.cards, [r.cards for r in group.reasons]) for group in report.reasons or ()]
    assert told == [("patient-contraindication", 16, [9, 7]), (None, 6, [])]


def test_a_code_of_hl7_that_a_client_sends_is_taken_as_it_is(report_on: ReportOn) -> None:
    report = report_on(overridden({(HL7, "patient-refuses"): 8}))

    assert [(group.code, group.cards) for group in report.reasons or ()] == [("patient-refuses", 8)]


def test_a_code_of_a_site_is_shown_as_such_and_not_by_name_where_few_are_behind_it(
    report_on: ReportOn,
) -> None:
    report = report_on(
        overridden({("urn:site", "45"): 20, ("urn:site", "Jane Roe"): 2, ("urn:site", "x"): 4})
    )

    (group,) = report.reasons or ()
    assert (group.display, group.cards) == (UNMAPPED, 26)
    assert {reason.code: reason.cards for reason in group.reasons} == {"45": 20, OTHERS: 6}


def test_a_code_that_only_claims_to_be_ours_is_a_code_of_a_site(report_on: ReportOn) -> None:
    report = report_on(overridden({(SYSTEM, "Jane Roe"): 2, (SYSTEM, "other"): 20}))

    (group,) = report.reasons or ()
    assert "Jane Roe" not in {reason.code for reason in group.reasons}


def test_reasons_of_few_patients_are_hidden_with_another(report_on: ReportOn) -> None:
    report = report_on(
        overridden({(SYSTEM, "patient-preference"): 3, (SYSTEM, "already-tried"): 9, None: 30})
    )

    assert {group.code: group.cards for group in report.reasons or ()} == {
        "prefers-alternative": HIDDEN,
        "action-completed": HIDDEN,
        None: 30,
    }
