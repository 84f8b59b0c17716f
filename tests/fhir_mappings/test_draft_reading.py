"""Whose a draft is, and for when."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from tests.fhir_mappings.drafting import (
    dosage,
    drafted,
    drug_order,
    every,
    gaps_in,
    pieces,
    service_order,
    the_drug,
    the_service,
)
from tests.fhir_mappings.making import (
    DAY,
    Json,
)

NEXT_WEEK = "2026-11-29"


@pytest.mark.parametrize(
    "subject",
    [
        None,
        {"reference": "Patient/p1"},
        {"reference": "p1"},
        {"reference": "https://ehr/fhir/Patient/p1/_history/3"},
        {"display": "A person"},
    ],
)
def test_a_draft_is_for_the_patient_in_context(subject: Json | None) -> None:
    found = drafted(drug_order(subject=subject), patient_id="Patient/p1")

    assert (len(found.facts), found.gaps) == (1, ())


@pytest.mark.parametrize("reference", ["Patient/p2", "https://ehr/fhir/Patient/p2", "Group/g1"])
def test_another_patients_draft_is_left_out_with_a_gap(reference: str) -> None:
    found = drafted(drug_order(subject={"reference": reference}))

    assert (found.orders, gaps_in(found)) == ((), [("other-patient", "MedicationRequest", None)])


@pytest.mark.parametrize(
    ("subject", "element"),
    [({"reference": "m1"}, "subject.reference"), ("p1", "subject"), ({"reference": 5}, "subject.reference")],
)
def test_a_subject_that_names_nobody_does_not_silence_the_guards(subject: object, element: str) -> None:
    found = drafted(drug_order(subject=subject))

    assert len(found.facts) == 1
    assert gaps_in(found) == [("unreadable", "MedicationRequest/m1", element)]


@pytest.mark.parametrize(
    ("elements", "day"),
    [
        ({}, "2026-11-22"),
        ({"occurrenceDateTime": NEXT_WEEK}, NEXT_WEEK),
        ({"occurrenceDateTime": "2026-11-29T09:00:00+01:00"}, NEXT_WEEK),
        ({"occurrencePeriod": {"start": NEXT_WEEK, "end": "2026-12-24"}}, NEXT_WEEK),
        ({"occurrencePeriod": {"end": "2026-12-24"}}, "2026-11-22"),
        ({"occurrenceTiming": {"event": [NEXT_WEEK, "2026-12-24"]}}, NEXT_WEEK),
        ({"occurrenceTiming": {"repeat": {"frequency": 1}}}, "2026-11-22"),
        ({"occurrenceDateTime": "2026-11-21"}, "2026-11-22"),
        ({"occurrenceDateTime": "2026"}, "2026-11-22"),
        ({"occurrenceDateTime": "2026-11"}, "2026-11-22"),
        ({"occurrenceDateTime": "2027-02"}, "2027-02-28"),
        ({"occurrenceDateTime": "2028"}, "2028-12-31"),
    ],
)
def test_the_order_day_of_a_service_is_when_it_is_to_be_done(elements: Json, day: str) -> None:
    found = drafted(service_order(**elements))

    assert ([fact.order_day.isoformat() for fact in found.facts], found.gaps) == ([day], ())


@pytest.mark.parametrize(("zone", "day"), [("UTC", 29), ("Asia/Tokyo", 30), ("America/New_York", 29)])
def test_the_order_day_is_taken_in_the_configured_zone(zone: str, day: int) -> None:
    order = service_order(occurrenceDateTime="2026-11-29T23:30:00Z")

    assert the_service(order, zone=ZoneInfo(zone)).order_day == date(2026, 11, day)


@pytest.mark.parametrize(
    ("elements", "gap"),
    [
        ({"occurrenceDateTime": "soon"}, ("unreadable", "occurrenceDateTime")),
        ({"occurrenceDateTime": 5}, ("unreadable", "occurrenceDateTime")),
        ({"occurrencePeriod": "next week"}, ("unreadable", "occurrencePeriod")),
        ({"occurrenceDateTime": "9999-12-31"}, ("future-date", "occurrenceDateTime")),
    ],
)
def test_a_day_that_cannot_be_one_is_a_gap_and_the_order_counts_as_for_today(
    elements: Json, gap: tuple[str, str]
) -> None:
    found = drafted(service_order(**elements))

    assert [fact.order_day for fact in found.facts] == [DAY]
    assert gaps_in(found) == [(gap[0], "ServiceRequest/s1", gap[1])]


def test_a_drug_is_ordered_for_the_start_of_its_first_dosage() -> None:
    bounds = {"boundsPeriod": {"start": NEXT_WEEK, "end": "2026-12-06"}}
    later = dosage(pieces(1), every(boundsPeriod={"start": "2026-12-24"}))

    draft = the_drug(drug_order(dosageInstruction=[dosage(pieces(1), every(**bounds)), later]))

    expected = date(2026, 11, 29)
    assert (draft.order_day, draft.drug.start, draft.drug.stop) == (expected, expected, date(2026, 12, 6))
