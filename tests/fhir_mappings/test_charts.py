import json
import random
from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_mappings.charts import facts_of
from fhir_mappings.gathering import gather
from pathway.facts import GAP_CODES, Facts
from tests.fhir_mappings.making import (
    CPT,
    DAY,
    ICD,
    LOINC,
    PATIENT,
    RXNORM,
    SNOMED,
    SUBJECT,
    TERMINOLOGY,
    UTC,
    Json,
    bundle,
    concept,
    condition,
    facts,
    observation,
    order,
    procedure,
    raw,
    request,
    resource,
)

ACTIVE = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
}
MARK = "sEcReT"

CHART: list[Json] = [
    condition(
        clinicalStatus=ACTIVE, verificationStatus=ACTIVE, recordedDate="2026-07", bodySite=[{"text": "x"}]
    ),
    condition(
        "R20.0", own_id="c2", onsetDateTime=None, onsetPeriod={"start": "2026"}, bodySite=[{"text": "saddle"}]
    ),
    condition("E11.9", own_id="c3", clinicalStatus=None, abatementDateTime="2020"),
    request(
        dosageInstruction=[
            {
                "sequence": 1,
                "timing": {
                    "repeat": {
                        "frequency": 2,
                        "period": 1,
                        "periodUnit": "d",
                        "boundsPeriod": {"end": "2026-12-01"},
                    },
                    "code": {"text": "BID"},
                },
                "doseAndRate": [
                    {"doseQuantity": {"value": 1, "unit": "tablet"}, "doseRange": {"high": {"value": 2}}}
                ],
                "maxDosePerPeriod": {
                    "numerator": {"value": 4, "unit": "tablet"},
                    "denominator": {"value": 1, "unit": "d"},
                },
            }
        ],
        dispenseRequest={"quantity": {"value": 28}, "expectedSupplyDuration": {"value": 14, "unit": "d"}},
        statusReason={"text": "side effects"},
    ),
    request(
        own_id="m2",
        medicationCodeableConcept=None,
        medicationReference={"reference": "#x"},
        contained=[{"resourceType": "Medication", "id": "x", "code": concept("7258", RXNORM)}],
    ),
    resource(
        "MedicationStatement",
        status="active",
        effectivePeriod={"start": "2026-10"},
        dosage=[{"text": "x"}],
        medicationCodeableConcept={"text": "warfarin"},
    ),
    resource(
        "MedicationDispense",
        status="completed",
        whenHandedOver="2026-10-01",
        daysSupply={"value": 10},
        quantity={"value": 20},
        medication={"concept": {"text": "gabapentin"}},
    ),
    procedure(
        outcome=concept("385669000", SNOMED),
        statusReason={"text": "x"},
        performedDateTime=None,
        performedPeriod={"start": "2026-09-01", "end": "2026-10-01"},
    ),
    procedure(
        "387731002",
        SNOMED,
        "pr2",
        bodySite=[{"text": "lumbar"}],
        reasonCode=[{"text": "x"}],
        reasonReference=[{"reference": "Condition/c1"}],
    ),
    procedure("62323", own_id="pr3"),
    observation(),
    observation(
        "91148-7",
        own_id="o2",
        valueQuantity=None,
        component=[{"code": concept("75893-8", LOINC), "valueQuantity": {"value": 5, "unit": "{score}"}}],
    ),
    observation("82810-3", own_id="o3", valueQuantity=None, valueCodeableConcept=concept("77386006", SNOMED)),
    observation(
        own_id="o4",
        valueQuantity=None,
        valueString="7",
        effectiveDateTime=None,
        effectivePeriod={"end": "2026-10-01"},
    ),
    order(reasonCode=[concept("M54.16")]),
    resource("DiagnosticReport", status="final", code=concept("72148", CPT), issued="2026-10-01T00:00:00Z"),
    resource(
        "ImagingStudy",
        status="available",
        started="2026-10-01",
        description="lumbar",
        modality=[{"code": "MR"}],
        procedureCode=[{"text": "x"}],
        series=[{"modality": {"code": "MR"}, "bodySite": {"display": "Lumbar"}}],
    ),
    resource(
        "AllergyIntolerance", subject=None, patient=SUBJECT, code={"text": "NSAID"}, clinicalStatus=ACTIVE
    ),
    resource(
        "Encounter",
        status="finished",
        type=[concept("305911006", SNOMED)],
        period={"start": "2026-10-01"},
        diagnosis=[{"condition": {"reference": "Condition/c1"}}],
        hospitalization={"dischargeDisposition": {"text": "x"}},
    ),
]

UNRELATED: list[Json] = [
    condition("I10", own_id="u1"),
    request("617314", "u2", medicationCodeableConcept={"text": "Atorvastatin 20 MG Oral Tablet"}),
    procedure("99213", own_id="u3"),
    observation("2339-0", own_id="u4"),
    {"resourceType": "CarePlan", "id": "u5", "subject": SUBJECT},
    {"resourceType": "FamilyMemberHistory", "id": "u6", "condition": [{"code": concept("C50.911")}]},
]


def without_noise(found: Facts) -> bytes:
    return msgspec.json.encode(found)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in members:
        yield (*path, key)
        yield from places(inner, (*path, key))


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    changed = deepcopy(value)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return changed


PLACES = [(index, path) for index, made in enumerate([PATIENT, *CHART]) for path in places(made)]
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", MARK, "NaN", "1e999999", "2026-02-30", "Patient/p1", "#", "x" * 3000, "é\u2028"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["coding", "code", "value", "reference", "repeat", "a"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


def test_the_chart_of_these_tests_is_read_whole() -> None:
    found = facts(*CHART)

    assert [name for name in found.__struct_fields__ if getattr(found, name) == ()] == ["gaps"]


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(place=st.sampled_from(PLACES), value=ANY_JSON)
def test_any_value_in_place_of_any_element_is_a_fact_or_a_gap(
    place: tuple[int, tuple[Any, ...]], value: Any
) -> None:
    index, path = place
    chart = [PATIENT, *CHART]
    chart[index] = put(chart[index], path, value)

    found = facts_of(
        gather(raw({"x": bundle(*chart)})), patient_id="p1", as_of=DAY, zone=UTC, terminology=TERMINOLOGY
    )

    assert {g.code for g in found.gaps} <= set(GAP_CODES)
    assert not any(MARK in (g.element or "") or MARK in (g.text or "") for g in found.gaps)
    assert all(day is None or day <= DAY for day in days_of(found))


def days_of(found: Facts) -> Iterator[date | None]:
    for fact in found.conditions:
        yield from (fact.onset, fact.recorded, fact.listed)
    yield from (d.start for d in found.drugs)
    yield from (d for t in found.therapies for d in (t.first, t.last))
    yield from (i.on for i in found.injections)
    yield from (i.on for i in found.imaging)
    yield from (o.on for o in found.operations)
    yield from (s.on for s in found.scores)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_the_order_of_the_resources_changes_nothing(seed: int) -> None:
    shuffled = random.Random(seed).sample(CHART, len(CHART))  # noqa: S311 - no secret

    assert without_noise(facts(*shuffled)) == without_noise(facts(*CHART))


def test_the_order_of_resources_without_ids_changes_nothing() -> None:
    nameless = [{k: v for k, v in made.items() if k != "id"} for made in CHART]

    assert without_noise(facts(*reversed(nameless))) == without_noise(facts(*nameless))


def test_unrelated_resources_change_nothing() -> None:
    assert without_noise(facts(*CHART, *UNRELATED)) == without_noise(facts(*CHART))


def test_the_same_resources_again_change_nothing() -> None:
    assert without_noise(facts(*CHART, *CHART)) == without_noise(facts(*CHART))


def in_error(made: Json, own_id: str) -> Json:
    kinds = ("Condition", "AllergyIntolerance")
    status = {"verificationStatus": {"coding": [{"code": "entered-in-error"}]}}
    return (
        made | {"id": own_id} | (status if made["resourceType"] in kinds else {"status": "entered-in-error"})
    )


@pytest.mark.parametrize("rename", [lambda own_id: own_id, lambda own_id: own_id + "-copy"])
def test_copies_entered_in_error_change_nothing(rename: Any) -> None:
    copies = [in_error(made, rename(made["id"])) for made in CHART]

    assert without_noise(facts(*copies, *CHART)) == without_noise(facts(*CHART))


def test_of_two_versions_the_later_counts() -> None:
    old = condition(meta={"lastUpdated": "2026-01-01T00:00:00Z"})
    new = condition(clinicalStatus="resolved", meta={"lastUpdated": "2026-02-01T00:00:00Z"})

    for pair in ((old, new), (new, old)):
        assert [c.active for c in facts(*pair).conditions] == [False]


def test_facts_do_not_depend_on_the_container() -> None:
    apart = {f"item{n}": {"response": {}, "resource": made} for n, made in enumerate([PATIENT, *CHART])}

    found = facts_of(gather(raw(apart)), patient_id="p1", as_of=DAY, zone=UTC, terminology=TERMINOLOGY)

    assert without_noise(found) == without_noise(facts(*CHART))


def test_types_that_came_from_nowhere_are_facts_and_gaps() -> None:
    found = facts(condition())

    named = {g.resource for g in found.gaps if g.code == "not-provided"}
    assert named == found.not_provided
    assert {"MedicationRequest", "AllergyIntolerance"} <= named
    assert not {"Patient", "Condition"} & named


def test_every_gap_says_in_our_words_what_it_is() -> None:
    found = facts(condition(onsetDateTime=MARK), observation(value=99), subjectless())

    assert all(gap.text for gap in found.gaps)
    assert MARK not in json.dumps([msgspec.to_builtins(g) for g in found.gaps])


def subjectless() -> Json:
    return order(subject={"reference": f"Patient/{MARK}"})


def test_both_names_of_a_system_give_the_same_facts() -> None:
    by_oid = json.loads(
        json.dumps(CHART)
        .replace(f'"{ICD}"', '"urn:oid:2.16.840.1.113883.6.90"')
        .replace(f'"{SNOMED}"', '"urn:oid:2.16.840.1.113883.6.96"')
        .replace(f'"{LOINC}"', '"2.16.840.1.113883.6.1"')
        .replace(f'"{RXNORM}"', '"urn:oid:2.16.840.1.113883.6.88"')
        .replace(f'"{CPT}"', '"urn:oid:2.16.840.1.113883.6.12"')
    )

    assert without_noise(facts(*by_oid)) == without_noise(facts(*CHART))


def test_the_zone_decides_the_day_of_an_instant() -> None:
    late = observation(effectiveDateTime="2026-11-20T02:00:00Z")

    assert facts(late, zone=ZoneInfo("America/Denver")).scores[0].on == date(2026, 11, 19)
    assert facts(late).scores[0].on == date(2026, 11, 20)
