"""Statuses and bodies of refusals: C-HTTP."""

import gzip
import json

import pytest
from flask.testing import FlaskClient

from cds_service.settings import Settings
from tests.cds_service.answer_schemas import check_outcome
from tests.cds_service.making import URL, a_request, an_app, post


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/nothing", "GET", 404),
        ("/cds-services/unknown", "POST", 404),
        ("/cds-services/unknown/feedback", "POST", 404),
        (f"{URL}/feedback", "POST", 400),
        (URL, "GET", 405),
        (URL, "PUT", 405),
        (URL, "DELETE", 405),
        ("/cds-services", "POST", 405),
        ("/healthz", "POST", 405),
    ],
)
def test_refusals_are_operation_outcomes(client: FlaskClient, path: str, method: str, status: int) -> None:
    response = client.open(path, method=method, json=a_request())

    assert response.status_code == status  # C-HTTP-06
    check_outcome(response.json)
    assert response.mimetype == "application/json"
    if status == 405:
        assert response.headers["Allow"]  # C-HTTP-07


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON;CHARSET=UTF-8",
        "application/fhir+json",
        None,
    ],
)
def test_json_under_any_of_its_names_is_read(client: FlaskClient, kind: str | None) -> None:
    assert post(client, a_request(), content_type=kind).status_code == 200  # C-HTTP-14


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data"])
def test_another_type_is_415(client: FlaskClient, kind: str) -> None:
    response = post(client, a_request(), content_type=kind)

    assert response.status_code == 415
    check_outcome(response.json)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b"{} x",
        b"{}{}",
        b'{"hook": NaN}',
        b'{"hook": Infinity}',
        b'{"hook": -Infinity}',
        b'{"hook": "\\ud800"}',
        b'{"hook": "\xff"}',
        '{"hook": "patient-view"}'.encode("utf-16"),
        b"// comment\n{}",
        b'{"hook": "patient-view",}',
        b"[]",
        b'"text"',
        b"null",
        b"3",
        b'{"hook":' + b"[" * 100_000,
        b'{"prefetch":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    ],
)
def test_what_is_not_a_json_object_is_400(client: FlaskClient, body: bytes) -> None:
    response = post(client, body)

    assert response.status_code == 400  # C-HTTP-12, C-HTTP-13, C-ROB-13, C-ROB-14
    check_outcome(response.json)


def test_a_byte_order_mark_is_tolerated(client: FlaskClient) -> None:
    body = b"\xef\xbb\xbf" + json.dumps(a_request()).encode()

    assert post(client, body).status_code == 200  # C-ROB-14


def test_a_gzip_body_is_read(client: FlaskClient) -> None:
    body = gzip.compress(json.dumps(a_request()).encode())

    assert post(client, body, headers={"Content-Encoding": "gzip"}).status_code == 200


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip"])
def test_another_encoding_is_415(client: FlaskClient, encoding: str) -> None:
    response = post(client, a_request(), headers={"Content-Encoding": encoding})

    assert response.status_code == 415
    check_outcome(response.json)


def test_a_megabyte_is_accepted_and_more_than_the_limit_is_413() -> None:
    client = an_app(settings=Settings(max_body_mb=2)).test_client()
    padding = "x" * (1024 * 1024)

    assert post(client, a_request(padding=padding)).status_code == 200  # C-ROB-15
    response = post(client, a_request(padding=padding * 2))
    assert response.status_code == 413
    check_outcome(response.json)


def test_gzip_that_unpacks_beyond_the_limit_is_413() -> None:
    client = an_app(settings=Settings(max_body_mb=1)).test_client()
    bomb = gzip.compress(b" " * (2 * 1024 * 1024))

    response = post(client, bomb, headers={"Content-Encoding": "gzip"})

    assert response.status_code == 413
    check_outcome(response.json)


def test_a_trailing_slash_is_harmless(client: FlaskClient) -> None:
    response = client.post(f"{URL}/", json=a_request())

    assert response.status_code == 200


def test_a_doubled_slash_is_not_redirected(client: FlaskClient) -> None:
    response = client.post(URL.replace("s/", "s//"), json=a_request())

    assert response.status_code == 404
    assert "Location" not in response.headers
