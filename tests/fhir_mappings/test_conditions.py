from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pathway.facts import ConditionFact
from tests.fhir_mappings.making import ICD, SNOMED, concept, condition, facts, gaps_of, resource


def one(code: str = "M54.16", system: str = ICD, **elements: Any) -> ConditionFact:
    (fact,) = facts(condition(code, system, **elements)).conditions
    return fact


def status(code: str) -> dict[str, Any]:
    return {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/x", "code": code}]}


def test_a_condition_becomes_its_meaning_with_dates_and_source() -> None:
    named = concept("M54.16", text="Radiculopathy")

    (fact,) = facts(condition() | {"code": named, "recordedDate": "2026-06-30T08:00:00Z"}).conditions

    assert (fact.concept, fact.role, fact.code) == ("radicular", "problem", "M5416")
    assert (fact.onset, fact.recorded) == (date(2026, 6, 25), date(2026, 6, 30))
    assert fact.source.text == "Radiculopathy"
    assert (fact.source.resource_type, fact.source.resource_id) == ("Condition", "c1")


def test_a_code_with_two_meanings_makes_two_facts() -> None:
    found = facts(condition("M48.062")).conditions

    assert [c.concept for c in found] == ["neurogenic-claudication", "spinal-stenosis"]


@pytest.mark.parametrize(
    ("elements", "active"),
    [
        ({"clinicalStatus": status("active")}, True),
        ({"clinicalStatus": status("recurrence")}, True),
        ({"clinicalStatus": status("relapse")}, True),
        ({"clinicalStatus": status("resolved")}, False),
        ({"clinicalStatus": status("remission")}, False),
        ({"clinicalStatus": status("inactive")}, False),
        ({"clinicalStatus": "resolved"}, False),
        ({"clinicalStatus": {"text": "Active"}}, True),
        ({"clinicalStatus": None}, True),
        ({"clinicalStatus": None, "abatementDateTime": "2026-08"}, False),
        ({"clinicalStatus": None, "abatementAge": {"value": 45}}, False),
        ({"clinicalStatus": status("unknown")}, True),
    ],
)
def test_active_is_what_the_status_says_else_what_has_not_abated(
    elements: dict[str, Any], active: bool
) -> None:
    assert one(**elements).active is active


@pytest.mark.parametrize("verification", ["entered-in-error", "refuted"])
def test_what_is_not_so_is_dropped(verification: str) -> None:
    assert facts(condition(verificationStatus=status(verification))).conditions == ()


@pytest.mark.parametrize("verification", ["confirmed", "provisional", "unconfirmed", "differential"])
def test_differential_diagnoses_are_marked_and_the_others_count(verification: str) -> None:
    assert one(verificationStatus=status(verification)).differential is (verification == "differential")


def test_the_onset_may_be_a_period() -> None:
    assert one(onsetDateTime=None, onsetPeriod={"start": "2025-03"}).onset == date(2025, 3, 31)


def test_a_partial_date_is_never_after_the_evaluation_day() -> None:
    found = facts(condition(onsetDateTime="2026"))

    assert found.conditions[0].onset == date(2026, 11, 22)
    assert gaps_of(found) == []


def test_a_date_ahead_counts_as_the_evaluation_day_and_is_a_gap() -> None:
    found = facts(condition(onsetDateTime="2027-01-01"))

    assert found.conditions[0].onset == date(2026, 11, 22)
    assert gaps_of(found) == [("future-date", "Condition/c1", "onsetDateTime")]


def test_an_offset_is_converted_to_the_zone_of_the_site() -> None:
    late = condition(onsetDateTime="2026-11-20T03:00:00Z")

    assert facts(late, zone=ZoneInfo("America/New_York")).conditions[0].onset == date(2026, 11, 19)


@pytest.mark.parametrize("value", ["last tuesday", "2026-11-20T25:00:00Z", "2026-02-30", 5, ["x"]])
@pytest.mark.parametrize("element", ["onsetDateTime", "recordedDate", "onsetPeriod"])
def test_an_unreadable_date_is_read_as_none_and_the_condition_stands(element: str, value: Any) -> None:
    broken = condition("G83.4", onsetDateTime=None) | {element: value}

    found = facts(broken)

    assert [(c.code, c.onset, c.recorded) for c in found.conditions] == [("G834", None, None)]
    ((code, resource_id, place),) = gaps_of(found)
    assert (code, resource_id) == ("unreadable", "Condition/c1")
    assert place is not None
    assert place.startswith(element)


def test_two_unreadable_dates_are_two_gaps_and_no_loss() -> None:
    found = facts(condition(onsetDateTime=5) | {"recordedDate": ["x"]})

    assert len(found.conditions) == 1
    assert [place for _, _, place in gaps_of(found)] == ["onsetDateTime", "recordedDate"]


def test_beside_an_unreadable_onset_the_day_of_recording_stands() -> None:
    found = facts(condition(onsetDateTime="long ago") | {"recordedDate": "2026-11-01"})

    assert [(c.onset, c.recorded) for c in found.conditions] == [(None, date(2026, 11, 1))]


@pytest.mark.parametrize("value", ["soon", 5, ["x"]])
def test_an_end_that_cannot_be_read_is_still_an_end(value: Any) -> None:
    found = facts(condition(clinicalStatus=None, abatementDateTime=value))

    assert [c.active for c in found.conditions] == [False]


def test_an_unreadable_status_leaves_the_condition_out() -> None:
    element = "clinicalStatus"
    broken = condition() | {element: ["x"]}

    found = facts(broken, condition("M54.50", own_id="c2"))

    assert [c.source.resource_id for c in found.conditions] == ["c2"]
    ((code, resource_id, place),) = gaps_of(found)
    assert (code, resource_id) == ("unreadable", "Condition/c1")
    assert place is not None
    assert place.startswith(element)


@pytest.mark.parametrize(
    ("elements", "counts"),
    [
        ({}, False),
        ({"code": concept("R20.0", text="Saddle anaesthesia")}, True),
        ({"bodySite": [{"text": "Perineum"}]}, True),
        ({"bodySite": {"text": "perineal region"}}, True),
        ({"bodySite": [{"text": "Left arm"}]}, False),
    ],
)
def test_numb_skin_is_a_flag_only_where_it_is_the_saddle(elements: dict[str, Any], counts: bool) -> None:
    made = condition("R20.0") | elements

    assert [c.concept for c in facts(made).conditions] == (["cauda-equina-symptom"] if counts else [])


@pytest.mark.parametrize(("code", "weeks"), [("Z3A.24", 24), ("Z3A.00", None), ("Z34.90", None)])
def test_the_week_of_pregnancy_is_in_the_code(code: str, weeks: int | None) -> None:
    assert one(code).gestation_weeks == weeks


def test_a_code_that_names_the_region_wins_over_one_that_does_not() -> None:
    both = {"coding": [{"system": ICD, "code": "M54.9"}, {"system": SNOMED, "code": "279039007"}]}

    assert [c.role for c in facts(condition() | {"code": both}).conditions] == ["problem"]


def test_a_contrast_allergy_on_the_problem_list_is_an_allergy_too() -> None:
    found = facts(condition("Z91.041"))

    assert [a.drug_classes for a in found.allergies] == [("contrast",)]


def test_an_undated_infection_is_a_missing_date() -> None:
    found = facts(condition("A41.9", onsetDateTime=None))

    assert gaps_of(found) == [("missing-date", "Condition/c1", "onset[x]")]


def test_the_earliest_encounter_that_lists_a_condition_dates_it() -> None:
    visits = [
        resource(
            "Encounter",
            f"e{month}",
            status=state,
            period={"start": f"2026-0{month}-01"},
            diagnosis=[{"condition": {"reference": reference}}],
        )
        for month, state, reference in (
            (3, "cancelled", "Condition/c1"),
            (4, "finished", "https://ehr.example/fhir/Condition/c1"),
            (5, "finished", "Condition/c1/_history/2"),
        )
    ]

    found = facts(condition(onsetDateTime=None), *visits)

    assert found.conditions[0].listed == date(2026, 4, 1)


def test_an_r5_encounter_lists_conditions_as_codeable_references() -> None:
    visit = resource(
        "Encounter",
        status="completed",
        actualPeriod={"start": "2026-04-01"},
        diagnosis=[{"condition": [{"reference": {"reference": "Condition/c1"}}]}],
    )

    assert facts(condition(), visit).conditions[0].listed == date(2026, 4, 1)
