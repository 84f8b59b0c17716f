from datetime import date
from typing import Any

import pytest

from tests.fhir_mappings.making import ICD, SNOMED, concept, facts, gaps_of, resource

HOSPICE = concept("305911006", SNOMED)
DISPOSITION = "http://terminology.hl7.org/CodeSystem/discharge-disposition"


def encounter(**elements: Any) -> dict[str, Any]:
    made = {"status": "finished", "period": {"start": "2026-10-01", "end": "2026-10-05"}}
    return resource("Encounter", "e1", **(made | elements))


@pytest.mark.parametrize(
    "elements",
    [
        {"type": [HOSPICE]},
        {"serviceType": HOSPICE},
        {"serviceType": [HOSPICE]},
        {"reasonCode": [concept("Z51.5", ICD)]},
        {"hospitalization": {"dischargeDisposition": concept("hosp", DISPOSITION)}},
        {"admission": {"dischargeDisposition": concept("hosp", DISPOSITION)}},
    ],
)
def test_hospice_is_told_by_type_service_reason_or_disposition(elements: dict[str, Any]) -> None:
    (fact,) = facts(encounter(**elements)).care

    assert (fact.concept, fact.kind, fact.in_progress, fact.last) == (
        "hospice-palliative",
        "encounter",
        False,
        date(2026, 10, 5),
    )


@pytest.mark.parametrize(
    ("elements", "in_progress"),
    [({"status": "in-progress", "period": {"start": "2026-10-01"}}, True), ({"status": "finished"}, False)],
)
def test_a_visit_is_running_or_over(elements: dict[str, Any], in_progress: bool) -> None:
    assert [c.in_progress for c in facts(encounter(type=[HOSPICE], **elements)).care] == [in_progress]


@pytest.mark.parametrize(
    "elements",
    [
        {"type": [concept("185349003", SNOMED)]},
        {"type": [HOSPICE], "status": "planned"},
        {"type": [HOSPICE], "status": "entered-in-error"},
    ],
)
def test_other_visits_are_none(elements: dict[str, Any]) -> None:
    assert facts(encounter(**elements)).care == ()


def test_an_undated_visit_is_a_missing_date() -> None:
    found = facts(encounter(type=[HOSPICE], period=None))

    assert found.care[0].last is None
    assert gaps_of(found) == [("missing-date", "Encounter/e1", "period")]


def test_hospice_care_under_way_since_an_unreadable_day_is_under_way() -> None:
    found = facts(encounter(status="in-progress", type=[HOSPICE], period={"start": "spring"}))

    assert [(c.in_progress, c.last) for c in found.care] == [(True, None)]
    assert ("unreadable", "Encounter/e1", "period.start") in gaps_of(found)
