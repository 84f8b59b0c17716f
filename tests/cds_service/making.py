"""Requests and records for the tests of the service."""

import io
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from functools import cache
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from msgspec.structs import replace

from cds_service.app import create_app
from cds_service.hooks import PATIENT_VIEW
from cds_service.logs import log_to
from cds_service.settings import Settings

TODAY = date(2026, 11, 22)
URL = f"/cds-services/{PATIENT_VIEW}"
INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
LOINC, ICD10, CPT = "http://loinc.org", "http://hl7.org/fhir/sid/icd-10-cm", "http://www.ama-assn.org/go/cpt"


def an_app(
    *, settings: Settings | None = None, demo: bool = False, stream: io.StringIO | None = None
) -> Flask:
    """The app as it is on TODAY, with a store of the test run's own where `settings` name none."""
    settings = settings or Settings()
    if settings.store is None:
        settings = replace(settings, store=f"sqlite:///{store_folder().name}/store.sqlite3")
    return create_app(
        settings,
        demo=demo,
        log=log_to(stream or io.StringIO()),
        clock=lambda: datetime.combine(TODAY, time(12), UTC),
    )


@cache
def store_folder() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="backpath-tests-")


def a_patient(**changes: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": "p1", "birthDate": "1981-05-04"} | changes


def a_condition(code: str = "M54.50", onset: str | None = "2026-11-12", **changes: Any) -> dict[str, Any]:
    condition = {
        "resourceType": "Condition",
        "id": "c1",
        "subject": {"reference": "Patient/p1"},
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"coding": [{"system": ICD10, "code": code, "display": "Low back pain"}]},
        "onsetDateTime": onset,
    }
    return {key: value for key, value in (condition | changes).items() if value is not None}


def a_bundle(*resources: Any, **changes: Any) -> dict[str, Any]:
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset"}
    if resources:
        bundle["entry"] = [{"resource": resource} for resource in resources]
    return bundle | changes


def a_prefetch(**changes: Any) -> dict[str, Any]:
    """The patient of worked case 1 under our keys, everything else answered and empty."""
    empty = ("medicationRequests", "procedures", "diagnosticReports", "imagingStudies", "allergies")
    prefetch: dict[str, Any] = {"patient": a_patient(), "conditions": a_bundle(a_condition())}
    prefetch |= {key: a_bundle() for key in (*empty, "observations", "serviceRequests")}
    return prefetch | changes


def a_request(**changes: Any) -> dict[str, Any]:
    request = {
        "hook": "patient-view",
        "hookInstance": INSTANCE,
        "context": {"userId": "Practitioner/example", "patientId": "p1"},
        "prefetch": a_prefetch(),
    }
    return request | changes


def a_context(**changes: Any) -> dict[str, Any]:
    return {"userId": "Practitioner/example", "patientId": "p1"} | changes


def without(mapping: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key not in keys}


def post(client: FlaskClient, request: object, **options: Any) -> Any:
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    return client.post(URL, data=body, **({"content_type": "application/json"} | options))


def ids_of(answer: dict[str, Any]) -> list[str]:
    """Every recommendation on every card, in order."""
    return [
        recommendation
        for card in answer["cards"]
        for recommendation in card["extension"]["org.backpath"]["recommendations"]
    ]


def state_of(answer: dict[str, Any]) -> str:
    return str(answer["extension"]["org.backpath"]["state"])


def gaps_of(answer: dict[str, Any]) -> set[str]:
    return {gap["code"] for gap in answer["extension"]["org.backpath"].get("dataGaps", ())}


def advice_of(answer: dict[str, Any]) -> Any:
    """An answer without its uuids, which are new every time."""

    def stripped(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: stripped(below) for key, below in value.items() if key != "uuid"}
        return [stripped(below) for below in value] if isinstance(value, list) else value

    return stripped(answer)


def bundled(resources: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return a_bundle(*resources, type="collection")
