from datetime import date
from typing import Any

import pytest

from fhir_mappings.charts import facts_of
from fhir_mappings.gathering import gather
from pathway.facts import Facts
from tests.fhir_mappings.making import (
    DAY,
    PATIENT,
    TERMINOLOGY,
    UTC,
    bundle,
    condition,
    facts,
    gaps_of,
    raw,
)


def read(*resources: dict[str, Any], patient_id: str = "p1", **entry: Any) -> Facts:
    chart = bundle(*resources)
    chart["entry"][0] |= entry
    found = gather(raw({"chart": chart}))
    return facts_of(found, patient_id=patient_id, as_of=DAY, zone=UTC, terminology=TERMINOLOGY)


@pytest.mark.parametrize(
    ("born", "day"),
    [
        ("1981-02-03", date(1981, 2, 3)),
        ("1961-11", date(1961, 11, 30)),
        ("1961", date(1961, 12, 31)),
        (None, None),
    ],
)
def test_a_partial_birth_date_is_its_last_day(born: str | None, day: date | None) -> None:
    assert read(PATIENT | {"birthDate": born}).patient.birth_date == day


@pytest.mark.parametrize(
    ("born", "gap"),
    [("2027-01-01", "future-date"), ("unknown", "unreadable"), (1981, "unreadable")],
)
def test_a_birth_date_that_cannot_be_is_missing(born: Any, gap: str) -> None:
    found = read(PATIENT | {"birthDate": born})

    assert found.patient.birth_date is None
    assert gaps_of(found) == [(gap, "Patient/p1", "birthDate")]


@pytest.mark.parametrize(
    ("elements", "deceased"),
    [
        ({}, False),
        ({"deceasedBoolean": True}, True),
        ({"deceasedBoolean": False}, False),
        ({"deceasedDateTime": "2026-01-01"}, True),
        ({"deceasedDateTime": "unclear"}, True),
        ({"deceasedBoolean": "yes"}, False),
    ],
)
def test_death_is_told_by_flag_or_date(elements: dict[str, Any], deceased: bool) -> None:
    assert read(PATIENT | elements).patient.deceased is deceased


@pytest.mark.parametrize(
    "reference",
    [
        "Patient/p1",
        "https://ehr.example/fhir/Patient/p1",
        "Patient/p1/_history/3",
        "urn:uuid:p1",
        "urn:uuid:1818afec-ef81-4c14-9ecf-0541f2e1d2c3",
        "p1",
        "#p1",
        None,
    ],
)
def test_a_resource_is_the_patients_by_any_form_of_reference(reference: str | None) -> None:
    own = condition(subject={"reference": reference} if reference else None)

    found = read(PATIENT, own, fullUrl="urn:uuid:1818afec-ef81-4c14-9ecf-0541f2e1d2c3")

    assert len(found.conditions) == 1


@pytest.mark.parametrize(
    "reference",
    ["Patient/p2", "Group/p1", "urn:uuid:p2", "#x", "https://ehr.example/Patient/p1/Patient/p2", ""],
)
def test_a_resource_of_another_patient_is_left_out_and_reported(reference: str) -> None:
    found = facts(condition(subject={"reference": reference}), condition("M54.50", own_id="c2"))

    assert [c.source.resource_id for c in found.conditions] == ["c2"]
    assert gaps_of(found) == [("other-patient", "Condition", None)]


@pytest.mark.parametrize("patient_id", ["p1", "Patient/p1", "https://ehr.example/fhir/Patient/p1"])
def test_the_context_may_name_the_patient_with_type(patient_id: str) -> None:
    found = facts(condition(), patient_id=patient_id)

    assert (found.patient.id, len(found.conditions), gaps_of(found)) == ("p1", 1, [])


def test_of_another_patient_there_are_no_facts() -> None:
    found = read(PATIENT, condition(), patient_id="p2")

    assert found.conditions == ()
    assert found.patient.birth_date is None
    assert gaps_of(found) == [("patient-mismatch", "Patient", "id")]


def test_a_patient_beside_the_right_one_is_reported() -> None:
    found = read(PATIENT | {"id": "p2"}, PATIENT, condition())

    assert len(found.conditions) == 1
    assert gaps_of(found) == [("other-patient", "Patient", None)]
