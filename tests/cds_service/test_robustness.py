"""Whatever arrives, the answer is a card answer or an OperationOutcome: C-HTTP-05, C-ROB."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cds_service.answer_schemas import check_answer, check_outcome
from tests.cds_service.making import (
    ICD10,
    a_bundle,
    a_condition,
    a_context,
    a_patient,
    a_prefetch,
    a_request,
    post,
    state_of,
)

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | st.text(max_size=20)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
ODD_DATES = st.sampled_from(
    ["2026-11-12", "2026-11", "2026", "0001-01-01", "9999-12-31", "2026-13-45", "", "today", 7, None, []]
)
KINDS = st.sampled_from(
    ["Condition", "Procedure", "Observation", "MedicationRequest", "ServiceRequest", "AllergyIntolerance"]
)
ELEMENTS = st.sampled_from(
    [
        "code",
        "status",
        "subject",
        "onsetDateTime",
        "performedDateTime",
        "performedPeriod",
        "valueQuantity",
        "effectiveDateTime",
        "medicationCodeableConcept",
        "dosageInstruction",
        "dispenseRequest",
        "authoredOn",
        "clinicalStatus",
    ]
)
CODES = st.sampled_from(["M54.50", "M54.16", "G83.4", "62323", "97110", "72514-3", "198014", "M48.062", "x"])
RELAXED = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def coded(code: str) -> dict[str, Any]:
    systems = (ICD10, "http://www.ama-assn.org/go/cpt", "http://loinc.org")
    return {"coding": [{"system": system, "code": code} for system in systems]}


@st.composite
def odd_resources(draw: st.DrawFn) -> dict[str, Any]:
    """A resource that is about backs, with some elements replaced by anything."""
    day = draw(ODD_DATES)
    resource: dict[str, Any] = {
        "resourceType": draw(KINDS),
        "id": draw(st.sampled_from(["r1", "r2", "", None])),
        "subject": {"reference": "Patient/p1"},
        "status": draw(st.sampled_from(["active", "completed", "final", "stopped", None])),
        "intent": "order",
        "code": coded(draw(CODES)),
        "medicationCodeableConcept": coded("198014"),
        "onsetDateTime": day,
        "performedDateTime": day,
        "effectiveDateTime": day,
        "authoredOn": day,
        "valueQuantity": {"value": draw(st.integers(-5, 200) | NUMBERS), "unit": "{score}"},
    }
    return resource | draw(st.dictionaries(ELEMENTS, JSON, max_size=3))


def check_any(response: Any) -> None:
    assert response.status_code in (200, 400, 412)
    if response.status_code == 200:
        check_answer(response.json)
    else:
        check_outcome(response.json)


@RELAXED
@given(body=JSON)
def test_any_json_is_answered_or_refused(client: FlaskClient, body: object) -> None:
    check_any(post(client, body))


@RELAXED
@given(body=st.binary(max_size=200))
def test_any_bytes_are_refused(client: FlaskClient, body: bytes) -> None:
    check_any(post(client, body))


@RELAXED
@given(members=st.dictionaries(st.sampled_from(list(a_request())), JSON, max_size=3))
def test_any_member_of_the_envelope_may_be_odd(client: FlaskClient, members: dict[str, Any]) -> None:
    check_any(post(client, a_request(**members)))


@RELAXED
@given(values=st.dictionaries(st.sampled_from(list(a_prefetch())), JSON, max_size=4))
def test_any_prefetch_value_may_be_odd(client: FlaskClient, values: dict[str, Any]) -> None:
    check_any(post(client, a_request(prefetch=a_prefetch(**values))))


@RELAXED
@given(resources=st.lists(odd_resources(), max_size=6), birth=ODD_DATES)
def test_any_resource_may_be_odd(client: FlaskClient, resources: list[dict[str, Any]], birth: object) -> None:
    prefetch = a_prefetch(more=a_bundle(*resources), patient=a_patient(birthDate=birth))

    response = post(client, json.dumps(a_request(prefetch=prefetch)).encode())

    assert response.status_code == 200, response.text
    check_answer(response.json, "p1")


def test_depth_that_nobody_reads_does_no_harm(client: FlaskClient) -> None:
    deep: Any = {}
    for _ in range(200):
        deep = {"a": [deep]}

    check_any(post(client, a_request(prefetch=a_prefetch(other=deep))))  # C-ROB-13
    check_any(post(client, a_request(context=a_context(other=deep))))
    check_any(post(client, a_request(extension={"com.example": deep})))


def test_duplicate_members_do_no_harm(client: FlaskClient) -> None:
    body = json.dumps(a_request())[:-1] + ', "hook": "patient-view"}'

    check_any(post(client, body.encode()))  # C-ROB-14


def test_odd_numbers_do_no_harm(client: FlaskClient) -> None:
    for number in ("1e400", "-0", "9" * 400, "0.1e-400", "1e-7"):
        observation = {
            "resourceType": "Observation",
            "status": "final",
            "subject": {"reference": "Patient/p1"},
            "code": {"coding": [{"system": "http://loinc.org", "code": "72514-3"}]},
            "effectiveDateTime": "2026-11-20",
            "valueQuantity": {"value": "NUMBER", "unit": "{score}"},
        }
        body = json.dumps(a_request(prefetch=a_prefetch(observations=a_bundle(observation))))
        check_any(post(client, body.replace('"NUMBER"', number).encode()))


def test_patients_are_not_mixed_up_under_concurrency(app: Flask) -> None:
    onsets = {"initial-conservative": "M54.50", "red-flag-emergency": "G83.4"}

    def ask(number: int) -> bool:
        state, code = list(onsets.items())[number % 2]
        patient = f"p{number}"
        subject = {"reference": f"Patient/{patient}"}
        back = a_condition(id="c0", subject=subject)
        own = a_condition(code, id=f"c{number}", subject=subject)
        prefetch = a_prefetch(patient=a_patient(id=patient), conditions=a_bundle(back, own))
        answer = post(
            app.test_client(), a_request(prefetch=prefetch, context=a_context(patientId=patient))
        ).json
        check_answer(answer, patient)
        return state_of(answer) == state

    with ThreadPoolExecutor(max_workers=8) as pool:
        assert all(pool.map(ask, range(64)))  # C-ROB-02
