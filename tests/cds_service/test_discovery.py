"""GET /cds-services: conformance C-DISC and C-PRE."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from pathway.loading import load_code_rows

PATIENT = "{{context.patientId}}"


@pytest.fixture
def services(client: FlaskClient) -> list[dict[str, Any]]:
    response = client.get("/cds-services")
    assert response.status_code == 200  # C-DISC-01
    assert response.mimetype == "application/json"  # C-HTTP-02
    found = response.get_json()["services"]  # C-DISC-02
    assert isinstance(found, list)
    return found


def test_three_services_are_listed_as_the_contract_says(services: list[dict[str, Any]]) -> None:
    found = [(service["id"], service["hook"], service["hookVersion"]) for service in services]

    assert found == [  # C-DISC-04, C-DISC-11
        ("low-back-pain-patient-view", "patient-view", "1.1"),
        ("low-back-pain-order-select", "order-select", "1.0"),
        ("low-back-pain-order-sign", "order-sign", "1.0"),
    ]
    for service in services:
        assert service["version"] == "3.0.0-ballot"  # C-DISC-10
        for key in ("title", "description", "usageRequirements"):  # C-DISC-05, C-DISC-07, C-DISC-09
            assert service[key].strip()


def test_ids_fit_into_one_path_segment_and_are_unique(services: list[dict[str, Any]]) -> None:
    ids = [service["id"] for service in services]

    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", id_) for id_ in ids)  # C-DISC-06, C-DISC-13
    assert len({(service["id"], service["hook"]) for service in services}) == len(services)  # C-DISC-12


@pytest.mark.parametrize("place", [0, 1, 2])
def test_prefetch_is_the_contract_s_table(services: list[dict[str, Any]], place: int) -> None:
    prefetch = services[place]["prefetch"]

    observations = prefetch.pop("observations")
    assert prefetch == {
        "patient": f"Patient/{PATIENT}",
        "conditions": f"Condition?patient={PATIENT}",
        "medicationRequests": f"MedicationRequest?patient={PATIENT}",
        "procedures": f"Procedure?patient={PATIENT}",
        "diagnosticReports": f"DiagnosticReport?patient={PATIENT}",
        "imagingStudies": f"ImagingStudy?patient={PATIENT}",
        "allergies": f"AllergyIntolerance?patient={PATIENT}",
        "serviceRequests": f"ServiceRequest?patient={PATIENT}&status=active",
    }
    codes = [row.code for row in load_code_rows() if row.file == "observations.csv" and row.verified]
    assert observations == f"Observation?patient={PATIENT}&code={','.join(codes)}"


def test_templates_use_plain_tokens_once_each(services: list[dict[str, Any]]) -> None:
    for template in services[0]["prefetch"].values():  # C-PRE-01 to C-PRE-05
        assert re.findall(r"\{\{(.*?)\}\}", template) == ["context.patientId"]
        assert re.fullmatch(r"[A-Z][A-Za-z]+(/|\?)[^/?\s]+", template)
        names = re.findall(r"[?&]([^=]+)=", template)
        assert len(names) == len(set(names))  # the sandbox merges repeated parameters


def test_two_reads_agree(client: FlaskClient) -> None:
    assert client.get("/cds-services").data == client.get("/cds-services").data  # C-DISC-16


def test_a_trailing_slash_is_harmless(client: FlaskClient) -> None:
    assert client.get("/cds-services/").data == client.get("/cds-services").data  # C-DISC-18


def test_head_is_answered(client: FlaskClient) -> None:
    response = client.head("/cds-services")

    assert response.status_code == 200
    assert response.data == b""


@pytest.mark.parametrize("accept", ["application/json+fhir", "text/html", "*/*"])
def test_json_is_answered_whatever_is_accepted(client: FlaskClient, accept: str) -> None:
    assert client.get("/cds-services", headers={"Accept": accept}).mimetype == "application/json"
