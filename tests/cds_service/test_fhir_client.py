"""Reading a record from a FHIR server: pages, limits, failures, and never another origin."""

import json
from typing import Any

import pytest

from cds_service.errors import InvalidRequestError
from cds_service.fhir_client import FhirClient
from tests.cds_service.making import a_bundle, a_condition, a_patient
from tests.cds_service.processes import FhirStub, free_port

pytestmark = pytest.mark.integration

TEMPLATES = {
    "patient": "Patient/{{context.patientId}}",
    "conditions": "Condition?patient={{context.patientId}}",
}
CONDITIONS = "/fhir/Condition?patient=p1"


def fetched(base: str) -> tuple[dict[str, Any], dict[str, str]]:
    with FhirClient(base) as client:
        found = client.fetch(TEMPLATES, "p1")
    return {key: json.loads(bytes(raw)) for key, raw in found.prefetch.items()}, dict(found.failures)


def test_reads_and_searches_come_as_a_prefetch() -> None:
    answers = {"/fhir/Patient/p1": (200, a_patient()), CONDITIONS: (200, a_bundle(a_condition()))}

    with FhirStub(answers) as server:
        found, failures = fetched(server.base + "/")

    assert found["patient"] == a_patient()
    assert found["conditions"]["entry"] == [{"resource": a_condition()}]
    assert failures == {}


def test_pages_are_joined() -> None:
    with FhirStub({"/fhir/Patient/p1": (200, a_patient())}) as server:
        second = f"{server.base}/page/2"
        server.answers[CONDITIONS] = (
            200,
            a_bundle(a_condition(id="c1"), link=[{"relation": "next", "url": second}]),
        )
        server.answers["/fhir/page/2"] = (200, a_bundle(a_condition(id="c2")))

        found, _ = fetched(server.base)

    assert [entry["resource"]["id"] for entry in found["conditions"]["entry"]] == ["c1", "c2"]
    assert "link" not in found["conditions"]


@pytest.mark.parametrize("following", [(500, {}), (200, b"<html>"), (200, {"resourceType": "Patient"})])
def test_a_page_that_cannot_be_had_stays_a_next_link(following: tuple[int, Any]) -> None:
    with FhirStub({"/fhir/Patient/p1": (200, a_patient()), "/fhir/page/2": following}) as server:
        link = [{"relation": "next", "url": f"{server.base}/page/2"}]
        server.answers[CONDITIONS] = (200, a_bundle(a_condition(), link=link))

        found, failures = fetched(server.base)

    assert found["conditions"]["link"] == link
    assert failures == {}


def test_a_page_on_another_server_is_not_asked_for() -> None:
    with FhirStub({}) as other, FhirStub({"/fhir/Patient/p1": (200, a_patient())}) as server:
        link = [{"relation": "next", "url": f"{other.base}/page/2"}]
        server.answers[CONDITIONS] = (200, a_bundle(a_condition(), link=link))

        found, _ = fetched(server.base)

        assert other.asked == []
    assert found["conditions"]["link"] == link


def test_pages_that_lead_in_circles_end() -> None:
    with FhirStub({"/fhir/Patient/p1": (200, a_patient())}) as server:
        link = [{"relation": "next", "url": f"{server.base}/Condition?patient=p1"}]
        server.answers[CONDITIONS] = (200, a_bundle(a_condition(), link=link))

        found, _ = fetched(server.base)

    assert found["conditions"]["link"] == link


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((401, {}), "the server answered 401"),
        ((404, {}), "the server answered 404"),
        ((302, {}), "the server answered 302"),
        ((200, b"<html>"), "not a FHIR Bundle"),
        ((200, {"resourceType": "OperationOutcome"}), "not a Bundle"),
    ],
)
def test_a_search_that_fails_is_told_without_its_url(answer: tuple[int, Any], told: str) -> None:
    with FhirStub({"/fhir/Patient/p1": (200, a_patient()), CONDITIONS: answer}) as server:
        found, failures = fetched(server.base)

    assert "conditions" not in found
    assert told in failures["conditions"]
    assert "p1" not in failures["conditions"]


def test_a_server_that_is_not_there_is_told() -> None:
    found, failures = fetched(f"http://127.0.0.1:{free_port()}/fhir")

    assert found == {}
    assert all("cannot be reached" in why for why in failures.values())


@pytest.mark.parametrize("base", ["file:///etc", "fhir.example", "http://"])
def test_only_http_servers_are_talked_to(base: str) -> None:
    with pytest.raises(InvalidRequestError, match="http or https"):
        FhirClient(base)
