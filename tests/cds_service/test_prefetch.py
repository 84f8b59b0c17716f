"""Prefetch as it comes: C-PRE-20 to C-PRE-27, and what is indispensable."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.cds_service.answer_schemas import check_answer, check_outcome
from tests.cds_service.making import (
    LOINC,
    a_bundle,
    a_condition,
    a_patient,
    a_prefetch,
    a_request,
    gaps_of,
    ids_of,
    post,
    state_of,
    without,
)

OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "processing", "diagnostics": "down"}],
}
NOTHING_FOUND = {
    "resourceType": "Bundle",
    "type": "searchset",
    "total": 0,
    "entry": [{"search": {"mode": "outcome"}, "resource": OUTCOME}],
}


def answered(client: FlaskClient, prefetch: object) -> Any:
    response = post(client, a_request(prefetch=prefetch))
    assert response.status_code == 200, response.text
    check_answer(response.json, "p1")
    return response.json


def missing(client: FlaskClient, prefetch: object, *types: str) -> None:
    response = post(client, a_request(prefetch=prefetch))
    assert response.status_code == 412
    check_outcome(response.json)
    for kind in types:
        assert kind in response.text


@pytest.mark.parametrize("prefetch", [None, {}, {"other": {}}, {"patient": None, "conditions": None}])
def test_without_a_patient_the_answer_is_412(client: FlaskClient, prefetch: object) -> None:
    missing(client, prefetch, "Patient")


def test_a_412_says_why_the_fhir_server_gave_nothing(client: FlaskClient) -> None:
    unknown = a_request(prefetch={}, fhirServer="https://fhir.not-listed.example/r4")

    response = post(client, unknown)

    assert response.status_code == 412
    (issue,) = response.json["issue"]
    assert "Patient: The FHIR server that was named may not be called" in issue["details"]["text"]
    assert "not-listed.example" not in response.text


def test_without_any_prefetch_the_answer_is_412(client: FlaskClient) -> None:
    response = post(client, without(a_request(), "prefetch"))

    assert response.status_code == 412  # C-PRE-20
    check_outcome(response.json)
    assert "Patient" in response.text
    assert "Condition" in response.text


def test_a_patient_alone_is_412_and_says_that_conditions_are_missing(client: FlaskClient) -> None:
    missing(client, {"patient": a_patient()}, "Condition")


def test_a_bare_outcome_is_no_answer_for_conditions(client: FlaskClient) -> None:
    missing(client, {"patient": a_patient(), "conditions": OUTCOME}, "Condition")


def test_an_outcome_in_place_of_the_patient_is_412(client: FlaskClient) -> None:
    missing(client, a_prefetch(patient=OUTCOME), "Patient")


@pytest.mark.parametrize("conditions", [None, a_bundle(), NOTHING_FOUND, a_bundle(total=0)])
def test_looked_for_and_not_found_is_an_answer(client: FlaskClient, conditions: object) -> None:
    answer = answered(client, a_prefetch(conditions=conditions))  # C-PRE-21, C-PRE-22

    assert state_of(answer) == "not-applicable"
    assert answer["cards"] == []  # C-RESP-03


def test_a_bare_resource_serves(client: FlaskClient) -> None:
    assert state_of(answered(client, a_prefetch(conditions=a_condition()))) == "initial-conservative"


def test_an_entry_object_serves(client: FlaskClient) -> None:
    entry = {"response": {"status": "200"}, "resource": a_condition()}

    assert state_of(answered(client, a_prefetch(conditions=entry))) == "initial-conservative"


def test_the_patient_in_a_bundle_serves(client: FlaskClient) -> None:
    assert state_of(answered(client, a_prefetch(patient=a_bundle(a_patient())))) == "initial-conservative"


def test_one_bundle_of_everything_serves(client: FlaskClient) -> None:
    answer = answered(client, {"all": a_bundle(a_patient(), a_condition())})

    assert state_of(answer) == "initial-conservative"
    assert "not-provided" in gaps_of(answer)  # C-PRE-26


def test_a_page_with_more_behind_it_is_a_data_gap(client: FlaskClient) -> None:
    page = a_bundle(a_condition(), link=[{"relation": "next", "url": "https://fhir.example/r4?page=2"}])

    answer = answered(client, a_prefetch(conditions=page))  # C-PRE-25

    assert "incomplete" in gaps_of(answer)
    assert state_of(answer) == "initial-conservative"


def test_what_was_not_provided_is_a_data_gap(client: FlaskClient) -> None:
    answer = answered(client, without(a_prefetch(), "medicationRequests"))

    gaps = answer["extension"]["org.backpath"]["dataGaps"]
    assert {"code": "not-provided", "resource": "MedicationRequest"}.items() <= gaps[0].items()
    recommended = [s for c in answer["cards"] for s in c.get("suggestions", ()) if "isRecommended" in s]
    assert not any(s["actions"][0]["resource"]["resourceType"] == "MedicationRequest" for s in recommended)


def test_whole_data_has_no_gap(client: FlaskClient) -> None:
    answer = answered(client, a_prefetch())

    assert "dataGaps" not in answer["extension"]["org.backpath"]


def test_another_patient_s_record_gives_no_advice(client: FlaskClient) -> None:
    answer = answered(client, a_prefetch(patient=a_patient(id="p2")))

    assert answer["cards"] == []  # C-ROB-03
    assert state_of(answer) == "not-applicable"
    assert "patient-mismatch" in gaps_of(answer)
    assert "birth-date-missing" not in gaps_of(answer)  # nobody looked


def test_another_patient_s_resource_is_ignored_and_told(client: FlaskClient) -> None:
    stranger = a_condition("G83.4", id="c2", subject={"reference": "Patient/p2"})

    answer = answered(client, a_prefetch(conditions=a_bundle(a_condition(), stranger)))

    assert state_of(answer) == "initial-conservative"
    assert "other-patient" in gaps_of(answer)


@pytest.mark.parametrize(
    "dates",
    [{}, {"onsetDateTime": "last tuesday"}, {"recordedDate": "2026-11-20T25:00:00Z"}, {"recordedDate": 5}],
)
def test_a_red_flag_does_not_vanish_for_a_date_that_cannot_be_read(
    client: FlaskClient, dates: dict[str, Any]
) -> None:
    flag = a_condition("G83.4", id="c2", onset=None) | dates

    answer = answered(client, a_prefetch(conditions=a_bundle(a_condition(), flag)))

    assert ids_of(answer) == ["red-flag-emergency"]
    assert ("unreadable" in gaps_of(answer)) == bool(dates)


@pytest.mark.parametrize(
    ("code", "limit", "shown", "invented"),
    [
        ("33914-3", 15, "(eGFR below 15 on 2026-11-15)", "14.9"),
        ("72514-3", 3, "Pain below 3/10 on 2026-11-15", "2.9"),
    ],
)
def test_a_limit_is_shown_as_the_limit(
    client: FlaskClient, code: str, limit: int, shown: str, invented: str
) -> None:
    measured = an_observation(code, {"value": limit, "comparator": "<"})

    answer = answered(client, a_prefetch(observations=a_bundle(measured)))

    assert shown in "".join(str(card["detail"]) for card in answer["cards"])
    assert invented not in str(answer)


def an_observation(code: str, value: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "effectiveDateTime": "2026-11-15",
        "valueQuantity": value,
    } | changes


def test_a_bad_resource_is_left_out_and_told_without_its_value(client: FlaskClient) -> None:
    bad = a_condition("M54.16", id="c2", clinicalStatus=["MARKED"])

    answer = answered(client, a_prefetch(conditions=a_bundle(a_condition(), bad)))

    assert "unreadable" in gaps_of(answer)
    assert "MARKED" not in str(answer)


@pytest.mark.parametrize(
    "junk",
    [
        3,
        "text",
        True,
        [],
        {},
        [a_condition()],
        {"resourceType": 7},
        {"resourceType": "Nothing"},
        {"resourceType": "Bundle", "entry": None},
        {"resourceType": "Bundle", "entry": 3},
        {"resourceType": "Bundle", "entry": [None, 3, "x", {}, {"resource": None}, {"resource": []}]},
        {"resourceType": "Condition"},
        {"resourceType": "Patient", "id": None},
        {"resource": {"resource": {"resourceType": "Condition"}}},
    ],
)
def test_junk_beside_good_data_does_no_harm(client: FlaskClient, junk: object) -> None:
    answer = answered(client, a_prefetch(procedures=junk))  # C-ROB-11

    assert "self-care-activity" in ids_of(answer)


def test_chart_text_cannot_bring_markup_onto_the_page(client: FlaskClient) -> None:
    evil = a_condition()
    evil["code"]["text"] = "<img src=x onerror=alert(1)> [x](javascript:alert(1)) ```"
    evil["code"]["coding"][0]["display"] = evil["code"]["text"]

    answered(client, a_prefetch(conditions=a_bundle(evil)))  # C-MD-01, C-MD-02: check_answer looks
