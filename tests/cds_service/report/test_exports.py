"""The files tell the figures of the report: one a row, and as FHIR MeasureReports."""

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from fhir.resources.R4B.measurereport import MeasureReport

from cds_service.report.exports import HEADER, as_csv
from cds_service.report.figures import Report
from cds_service.report.measures import ABSENT, bundle
from tests.cds_service.report.making import START, Rows, a_busy_quarter, ms, one_card

ReportOn = Callable[..., Report]
MADE = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def rows_of(report: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(as_csv(report).splitlines()))


def reports_of(report: Report) -> dict[str, dict[str, Any]]:
    entries = json.loads(bundle(report, MADE), parse_float=Decimal)["entry"]
    return {entry["resource"]["measure"].rpartition(":")[2]: entry["resource"] for entry in entries}


def populations(counted: dict[str, Any]) -> dict[str, int | None]:
    return {p["code"]["coding"][0]["code"]: p.get("count") for p in counted["population"]}


def test_each_figure_is_a_row_of_its_own(busy_report: Report) -> None:
    rows = rows_of(busy_report)
    keys = [tuple(row[name] for name in HEADER[2:7]) for row in rows]

    assert len(set(keys)) == len(keys)
    assert {row["hidden"] for row in rows} <= {"true", "false"}
    told = {(r["subject"], r["name"], r["figure"]): r["value"] for r in rows}
    assert told["total", "all", "shown"] == "10000"
    assert told["total", "all", "acceptance"] == str(busy_report.total.cards.acceptance)


def test_a_hidden_figure_is_there_without_a_value(report_on: ReportOn) -> None:
    hidden = [row for row in rows_of(report_on(one_card())) if row["hidden"] == "true"]

    assert len(hidden) > 20
    assert {row["value"] for row in hidden} == {""}


def test_no_cell_is_a_formula(report_on: ReportOn) -> None:
    rows = Rows()
    for number in range(6):
        (card,) = rows.call(["nsaid"], patient=f"p{number}", tenant="=cmd")
        rows.override(card, "=HYPERLINK(1)", at=ms(START), tenant="=cmd", system="")

    told = rows_of(report_on(rows))

    assert {row["name"] for row in told if row["subject"] == "site"} == {"'=cmd"}
    assert [row["detail"] for row in told if row["subject"] == "override-reason" and row["detail"]] == [
        "'=HYPERLINK(1)"
    ]


@pytest.mark.parametrize("rows", [Rows(), one_card(), a_busy_quarter(300)], ids=["none", "one", "some"])
def test_every_measure_report_is_valid_fhir(report_on: ReportOn, rows: Rows) -> None:
    reports = reports_of(report_on(rows))

    assert set(reports) == {"firing", "acceptance", "override", "held-back", "alert-load", "time-to-feedback"}
    for resource in reports.values():
        checked = MeasureReport.model_validate(resource)
        assert (checked.status, checked.type) == ("complete", "summary")


@pytest.mark.parametrize(
    ("system", "code"), [("urn:x", " a"), ("urn:x", "a  b"), ("site reasons", "a"), ("", "a")]
)
def test_a_clients_code_that_fhir_does_not_allow_is_told_as_text(
    system: str, code: str, report_on: ReportOn
) -> None:
    rows = Rows()
    for number in range(12):
        (card,) = rows.call(["nsaid"], patient=f"p{number}")
        rows.override(card, code, at=ms(START), system=system)

    (group,) = reports_of(report_on(rows))["override"]["group"]

    strata = {s["code"][0]["text"]: s["stratum"] for s in group["stratifier"]}
    assert [stratum["value"] for stratum in strata["override-reason"]] == [{"text": code}]


def test_populations_are_the_figures_of_the_report(busy_report: Report) -> None:
    (group,) = reports_of(busy_report)["acceptance"]["group"]

    assert populations(group) == {
        "initial-population": 10000,
        "denominator": 10000,
        "numerator": busy_report.total.cards.accepted,
    }
    assert group["measureScore"] == {
        "value": busy_report.total.cards.acceptance,
        "unit": "%",
        "system": "http://unitsofmeasure.org",
        "code": "%",
    }


def test_strata_are_weeks_states_sites_recommendations_and_reasons(busy_report: Report) -> None:
    (group,) = reports_of(busy_report)["override"]["group"]
    strata = {s["code"][0]["text"]: s["stratum"] for s in group["stratifier"]}

    assert set(strata) == {"week", "state", "site", "recommendation", "override-reason"}
    assert [populations(stratum)["numerator"] for stratum in strata["week"]] == [
        week.cards.overridden for week in busy_report.weeks or ()
    ]
    codings = {
        stratum["value"]["coding"][0]["system"]
        for stratum in strata["override-reason"]
        if "coding" in stratum["value"]
    }
    assert "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes" in codings


def test_a_hidden_count_is_masked(report_on: ReportOn) -> None:
    (group,) = reports_of(report_on(one_card()))["acceptance"]["group"]

    assert set(populations(group).values()) == {None}
    assert "measureScore" not in group
    assert {p["_count"]["extension"][0]["url"] for p in group["population"]} == {ABSENT}
