"""CORS: on every answer under /cds-services, nowhere else (C-CORS)."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.cds_service.making import URL, a_request, post

ORIGIN = {"Origin": "https://sandbox.cds-hooks.org"}


def allowed(response: Any) -> bool:
    return bool(response.headers.get("Access-Control-Allow-Origin") == "*")


def test_discovery_and_answers_allow_any_origin(client: FlaskClient) -> None:
    assert allowed(client.get("/cds-services", headers=ORIGIN))  # C-CORS-01
    assert allowed(post(client, a_request(), headers=ORIGIN))


@pytest.mark.parametrize(
    ("call", "status"),
    [
        (("POST", URL, b"{", "application/json"), 400),
        (("POST", URL, b"<a/>", "application/xml"), 415),
        (("POST", "/cds-services/unknown", b"{}", "application/json"), 404),
        (("POST", f"{URL}/feedback", b"{}", "application/json"), 400),
        (("PUT", URL, b"{}", "application/json"), 405),
        (("GET", URL, b"", None), 405),
    ],
)
def test_errors_allow_any_origin_too(
    client: FlaskClient, call: tuple[str, str, bytes, str | None], status: int
) -> None:
    method, path, body, kind = call

    response = client.open(path, method=method, data=body, content_type=kind, headers=ORIGIN)

    assert response.status_code == status
    assert allowed(response)


@pytest.mark.parametrize("path", ["/cds-services", URL])
def test_preflight_needs_no_token_and_names_what_browsers_ask(client: FlaskClient, path: str) -> None:
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }

    response = client.options(path, headers=ORIGIN | asked)

    assert response.status_code in (200, 204)  # C-CORS-02
    assert "POST" in response.headers["Access-Control-Allow-Methods"]  # C-CORS-03
    assert {"Content-Type", "Authorization"} <= set(
        response.headers["Access-Control-Allow-Headers"].split(", ")
    )  # C-CORS-04


def test_credentials_are_never_allowed(client: FlaskClient) -> None:
    response = client.get("/cds-services", headers=ORIGIN)

    assert "Access-Control-Allow-Credentials" not in response.headers  # C-CORS-05


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/samples", "/nothing", "/cds-servicesx"])
def test_no_other_path_has_the_headers(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers=ORIGIN)

    assert not any(name.startswith("Access-Control") for name in response.headers.keys())  # noqa: SIM118 - no mapping
