"""What a hook call must look like: C-REQ, C-CTX, C-AUTH-01, C-AUTH-02, C-EXT."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.cds_service.answer_schemas import check_answer, check_outcome
from tests.cds_service.making import (
    a_bundle,
    a_context,
    a_prefetch,
    a_request,
    advice_of,
    post,
    state_of,
    without,
)

AUTHORIZATION = {
    "access_token": "opaque",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "patient/Patient.rs user/Observation.read",
    "subject": "cds-service",
}
SERVER = "https://fhir.example/r4"


def refused(client: FlaskClient, request: dict[str, Any]) -> list[str]:
    """The elements that a 400 names."""
    response = post(client, request)
    assert response.status_code == 400
    check_outcome(response.json)
    return [element for issue in response.json["issue"] for element in issue.get("expression", ())]


def accepted(client: FlaskClient, request: dict[str, Any]) -> Any:
    response = post(client, request)
    assert response.status_code == 200, response.text
    check_answer(response.json, "p1")
    return response.json


def test_a_call_is_answered_at_the_advertised_url(client: FlaskClient) -> None:
    assert state_of(accepted(client, a_request())) == "initial-conservative"  # C-REQ-01, C-RESP-01


@pytest.mark.parametrize("hook", ["order-sign", "order-select", "patient-View", "encounter-start", "x"])
def test_another_hook_is_400(client: FlaskClient, hook: str) -> None:
    assert refused(client, a_request(hook=hook)) == ["hook"]  # C-REQ-02


@pytest.mark.parametrize("instance", ["", "not-a-uuid", "d1577c69dfbe44adba6d3e05e953b2ea", 7])
def test_a_hook_instance_that_is_no_uuid_is_400(client: FlaskClient, instance: object) -> None:
    assert refused(client, a_request(hookInstance=instance)) == ["hookInstance"]  # C-REQ-03


@pytest.mark.parametrize(
    "instance", ["D1577C69-DFBE-44AD-BA6D-3E05E953B2EA", "018f6b2e-7c3a-7d70-8a5b-3f0e1d2c4b5a"]
)
def test_any_version_and_case_of_uuid_is_accepted(client: FlaskClient, instance: str) -> None:
    accepted(client, a_request(hookInstance=instance))


def test_a_retry_with_the_same_instance_is_answered_alike(client: FlaskClient) -> None:
    first, second = (accepted(client, a_request()) for _ in range(2))

    assert advice_of(first) == advice_of(second)  # C-REQ-05


@pytest.mark.parametrize(
    "server", ["file:///etc/passwd", "fhir.example", "", "http://", "ftp://x/y", 3, "http://[::1", "{{base}}"]
)
def test_an_unusable_fhir_server_is_400(client: FlaskClient, server: object) -> None:
    assert refused(client, a_request(fhirServer=server)) == ["fhirServer"]  # C-REQ-04


@pytest.mark.parametrize("missing", ["hook", "hookInstance", "context"])
def test_a_missing_member_is_400(client: FlaskClient, missing: str) -> None:
    assert refused(client, without(a_request(), missing)) == [missing]  # C-REQ-10


@pytest.mark.parametrize("missing", ["patientId", "userId"])
def test_a_missing_context_member_is_400(client: FlaskClient, missing: str) -> None:
    request = a_request(context=without(a_context(), missing))

    assert refused(client, request) == [f"context.{missing}"]


def test_every_problem_is_named_at_once(client: FlaskClient) -> None:
    assert refused(client, {}) == ["hook", "hookInstance", "context"]


@pytest.mark.parametrize("value", [None, 3, True, [], {}, "", "  "])
@pytest.mark.parametrize("member", ["hook", "hookInstance"])
def test_an_ill_typed_or_blank_member_is_400(client: FlaskClient, member: str, value: object) -> None:
    assert refused(client, a_request(**{member: value})) == [member]  # C-REQ-11


@pytest.mark.parametrize("value", [None, 3, True, [], {}, "", "  "])
@pytest.mark.parametrize("member", ["patientId", "userId"])
def test_an_ill_typed_or_blank_context_member_is_400(client: FlaskClient, member: str, value: object) -> None:
    assert refused(client, a_request(context=a_context(**{member: value}))) == [f"context.{member}"]


@pytest.mark.parametrize("context", [None, 3, "p1", []])
def test_a_context_that_is_no_object_is_400(client: FlaskClient, context: object) -> None:
    assert refused(client, a_request(context=context)) == ["context"]


@pytest.mark.parametrize("prefetch", [[], "text", 3, True])
def test_a_prefetch_that_is_no_object_is_400(client: FlaskClient, prefetch: object) -> None:
    assert refused(client, a_request(prefetch=prefetch)) == ["prefetch"]  # C-REQ-12


@pytest.mark.parametrize("extension", [[], "text", 3])
def test_an_extension_that_is_no_object_is_400(client: FlaskClient, extension: object) -> None:
    assert refused(client, a_request(extension=extension)) == ["extension"]  # C-EXT-01


@pytest.mark.parametrize("kind", ["Practitioner", "PractitionerRole", "Patient", "RelatedPerson"])
def test_every_permitted_kind_of_user_is_accepted(client: FlaskClient, kind: str) -> None:
    accepted(client, a_request(context=a_context(userId=f"{kind}/p1")))  # C-CTX-01


@pytest.mark.parametrize("user", ["example", "Practitioner/", "/x", "Practitioner/a/b", "Practitioner/a b"])
def test_a_user_that_is_no_reference_is_400(client: FlaskClient, user: str) -> None:
    assert refused(client, a_request(context=a_context(userId=user))) == ["context.userId"]  # C-CTX-02


@pytest.mark.parametrize("user", ["Device/x", "Organization/x", "practitioner/x"])
def test_a_user_of_another_kind_is_400(client: FlaskClient, user: str) -> None:
    assert refused(client, a_request(context=a_context(userId=user))) == ["context.userId"]  # C-CTX-03


@pytest.mark.parametrize("patient", ["a b", "a/b", "Practitioner/p1", "x" * 65, "p1\n", "é", "../p1"])
def test_a_patient_that_is_no_fhir_id_is_400(client: FlaskClient, patient: str) -> None:
    request = a_request(context=a_context(patientId=patient))

    assert refused(client, request) == ["context.patientId"]  # C-CTX-04


def test_a_patient_reference_is_read_as_its_id(client: FlaskClient) -> None:
    accepted(client, a_request(context=a_context(patientId="Patient/p1")))


@pytest.mark.parametrize("encounter", ["e1", "Encounter/e1", None])
def test_an_encounter_is_optional(client: FlaskClient, encounter: str | None) -> None:
    accepted(client, a_request(context=a_context(encounterId=encounter)))


@pytest.mark.parametrize("encounter", [3, True, [], {}])
def test_an_encounter_of_the_wrong_type_is_400(client: FlaskClient, encounter: object) -> None:
    request = a_request(context=a_context(encounterId=encounter))

    assert refused(client, request) == ["context.encounterId"]  # C-CTX-05


def test_drafts_in_a_patient_view_context_are_left_alone(client: FlaskClient) -> None:
    accepted(client, a_request(context=a_context(draftOrders={"entry": 7}, selections="x")))


def test_an_authorization_is_accepted_with_its_server(client: FlaskClient) -> None:
    accepted(client, a_request(fhirServer=SERVER, fhirAuthorization=AUTHORIZATION))


def test_an_authorization_without_a_server_is_400(client: FlaskClient) -> None:
    assert refused(client, a_request(fhirAuthorization=AUTHORIZATION)) == ["fhirServer"]  # C-AUTH-01


@pytest.mark.parametrize("member", AUTHORIZATION)
def test_an_authorization_without_one_of_its_members_is_400(client: FlaskClient, member: str) -> None:
    request = a_request(fhirServer=SERVER, fhirAuthorization=without(AUTHORIZATION, member))

    assert refused(client, request) == [f"fhirAuthorization.{member}"]  # C-AUTH-02


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("access_token", ""),
        ("access_token", 3),
        ("token_type", "Basic"),
        ("expires_in", "300"),
        ("expires_in", True),
        ("expires_in", 1.5),
        ("scope", []),
        ("subject", None),
        ("patient", 3),
    ],
)
def test_an_ill_typed_authorization_is_400(client: FlaskClient, member: str, value: object) -> None:
    request = a_request(fhirServer=SERVER, fhirAuthorization=AUTHORIZATION | {member: value})

    assert refused(client, request) == [f"fhirAuthorization.{member}"]


@pytest.mark.parametrize("value", [[], "token", 3])
def test_an_authorization_that_is_no_object_is_400(client: FlaskClient, value: object) -> None:
    assert refused(client, a_request(fhirServer=SERVER, fhirAuthorization=value)) == ["fhirAuthorization"]


def test_a_token_is_not_echoed(client: FlaskClient) -> None:
    token = "SECRET-TOKEN"  # noqa: S105 - invented
    good = a_request(fhirServer=SERVER, fhirAuthorization=AUTHORIZATION | {"access_token": token})
    bad = a_request(fhirAuthorization=AUTHORIZATION | {"access_token": token, "scope": 3})

    assert token not in post(client, good).text  # C-AUTH-07
    assert token not in post(client, bad).text


def test_a_refusal_never_quotes_a_value(client: FlaskClient) -> None:
    request = a_request(
        hook="MARKED",
        hookInstance="MARKED",
        fhirServer="MARKED",
        context=a_context(userId="MARKED", patientId="MARKED MARKED"),
    )

    assert "MARKED" not in post(client, request).text


@pytest.mark.parametrize(
    "extension",
    [{}, {"com.epic.cdshooks.request.bpa-trigger-action": "23"}, {"com.example": [1, {"a": None}]}, None],
)
def test_an_extension_with_anything_is_accepted(client: FlaskClient, extension: object) -> None:
    accepted(client, a_request(extension=extension))  # C-EXT-03


def test_unknown_members_are_ignored(client: FlaskClient) -> None:
    request = a_request(user="x", other={"a": 1}, context=a_context(location="ward 1"))

    accepted(client, request)


def test_null_for_optional_members_is_read_as_absent(client: FlaskClient) -> None:
    accepted(client, a_request(fhirServer=None, fhirAuthorization=None, extension=None))


def test_development_mode_takes_the_day_from_the_request(client: FlaskClient) -> None:
    answer = accepted(client, a_request(extension={"org.backpath": {"asOf": "2028-02-29"}}))

    assert answer["extension"]["org.backpath"]["asOf"] == "2028-02-29"


def test_without_a_day_today_counts(client: FlaskClient) -> None:
    for extension in ({}, {"org.backpath": {}}, {"org.backpath": None}):
        answer = accepted(client, a_request(extension=extension))
        assert answer["extension"]["org.backpath"]["asOf"] == "2026-11-22"


@pytest.mark.parametrize(
    "day",
    [
        "2026-02-29",
        "20261122",
        "22.11.2026",
        "2026-11-22T10:00:00Z",
        "",
        20261122,
        None,
        "0001-01-01",
        "²026-01-01",
    ],
)
def test_a_malformed_day_is_400(client: FlaskClient, day: object) -> None:
    request = a_request(extension={"org.backpath": {"asOf": day}})

    assert refused(client, request) == ["extension['org.backpath'].asOf"]


@pytest.mark.parametrize("ours", ["2026-11-22", [], 3])
def test_our_extension_must_be_an_object(client: FlaskClient, ours: object) -> None:
    assert refused(client, a_request(extension={"org.backpath": ours})) == ["extension['org.backpath']"]


def test_the_order_of_members_changes_nothing(client: FlaskClient) -> None:
    request = a_request()
    turned = dict(reversed(request.items())) | {"prefetch": dict(reversed(request["prefetch"].items()))}

    assert advice_of(accepted(client, request)) == advice_of(accepted(client, turned))  # C-ROB-01


def test_keys_that_a_site_chose_itself_serve_as_well(client: FlaskClient) -> None:
    renamed = {f"item-{number}": value for number, value in enumerate(a_prefetch().values())}
    answer = accepted(client, a_request(prefetch=renamed | {"other": a_bundle()}))

    assert state_of(answer) == "initial-conservative"  # C-PRE-27
