from datetime import date
from typing import Any

import pytest

from tests.fhir_mappings.making import CPT, SNOMED, concept, condition, facts, gaps_of, resource

DICOM = "http://dicom.nema.org/resources/ontology/DCM"


def report(**elements: Any) -> dict[str, Any]:
    made = {"status": "final", "code": concept("72148", CPT), "effectiveDateTime": "2026-10-01"}
    return resource("DiagnosticReport", "d1", **(made | elements))


def study(**elements: Any) -> dict[str, Any]:
    made = {"status": "available", "started": "2026-10-01T10:00:00Z"}
    return resource("ImagingStudy", "i1", **(made | elements))


def series(modality: str, site: str | None = "Lumbar spine") -> dict[str, Any]:
    body_site = {"bodySite": {"system": SNOMED, "code": "1", "display": site}} if site else {}
    return {"series": [{"uid": "1", "modality": {"system": DICOM, "code": modality}} | body_site]}


@pytest.mark.parametrize("status", ["final", "amended", "corrected", "appended"])
def test_a_reported_study_is_done(status: str) -> None:
    (fact,) = facts(report(status=status)).imaging

    assert (fact.modality, fact.on, fact.source.resource_type) == (
        "mri-lumbar",
        date(2026, 10, 1),
        "DiagnosticReport",
    )


@pytest.mark.parametrize(
    "status", ["registered", "partial", "preliminary", "cancelled", "entered-in-error", None]
)
def test_a_report_that_is_not_final_is_none(status: str | None) -> None:
    assert facts(report(status=status)).imaging == ()


def test_a_report_may_be_dated_by_its_publication() -> None:
    assert facts(report(effectiveDateTime=None, issued="2026-10-02T08:00:00Z")).imaging[0].on == date(
        2026, 10, 2
    )


def test_a_report_on_the_spine_is_lumbar_by_its_words() -> None:
    of_spine = concept("241645008", SNOMED)

    assert facts(report(code=of_spine)).imaging == ()
    assert len(facts(report(code=of_spine | {"text": "MRI lumbar spine"})).imaging) == 1


@pytest.mark.parametrize(
    ("elements", "modality"),
    [
        ({"procedureCode": [concept("72148", CPT)]}, "mri-lumbar"),
        ({"procedureCode": concept("72131", CPT)}, "ct-lumbar"),
        (series("MR"), "mri-lumbar"),
        (series("CT"), "ct-lumbar"),
        (series("DX"), "xray-lumbar"),
        ({"modality": [{"system": DICOM, "code": "MR"}], "description": "MRI LUMBAR SPINE"}, "mri-lumbar"),
        ({"modality": [concept("MR", DICOM)], "description": "lumbar spine"}, "mri-lumbar"),
        ({"modality": [{"code": "MR"}], "reasonCode": [concept("M54.16")]}, "mri-lumbar"),
        ({"modality": [{"code": "MR"}], "reasonReference": [{"reference": "Condition/c1"}]}, "mri-lumbar"),
        ({"procedureCode": [concept("241645008", SNOMED)], "description": "Lumbar"}, "mri-lumbar"),
    ],
)
def test_a_study_is_lumbar_by_code_or_by_modality_and_region(elements: dict[str, Any], modality: str) -> None:
    (fact,) = facts(condition(), study(**elements)).imaging

    assert (fact.modality, fact.on) == (modality, date(2026, 10, 1))


@pytest.mark.parametrize(
    "elements",
    [
        {},
        series("MR", "Ankle"),
        series("US"),
        series("MR", None),
        series("MR") | {"status": "registered"},
        {"procedureCode": [concept("241645008", SNOMED)]},
    ],
)
def test_other_studies_are_none(elements: dict[str, Any]) -> None:
    found = facts(study(**elements))

    assert (found.imaging, gaps_of(found)) == ((), [])


def test_a_study_ahead_is_ignored_and_a_gap() -> None:
    found = facts(study(started="2027-01-01", **series("MR")))

    assert found.imaging == ()
    assert gaps_of(found) == [("future-date", "ImagingStudy/i1", "started")]


def test_an_undated_study_is_a_missing_date() -> None:
    found = facts(study(started=None, **series("MR")), report(effectiveDateTime=None))

    assert [i.on for i in found.imaging] == [None, None]
    assert gaps_of(found) == [
        ("missing-date", "DiagnosticReport/d1", "effective[x]"),
        ("missing-date", "ImagingStudy/i1", "started"),
    ]


@pytest.mark.parametrize("value", ["in May", 5])
def test_a_study_of_an_unreadable_day_has_none(value: Any) -> None:
    found = facts(report(effectiveDateTime=value))

    assert [i.on for i in found.imaging] == [None]
    assert [code for code, _, _ in gaps_of(found)] == ["missing-date", "unreadable"]
