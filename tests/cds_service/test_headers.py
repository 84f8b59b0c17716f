"""Security headers: on whatever is answered."""

from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from cds_service import headers
from cds_service.settings import Settings
from tests.cds_service.making import URL, a_request, an_app
from tests.cds_service.signing import PUBLIC_URL, signed, tenants_file

NOTHING = "default-src 'none'; frame-ancestors 'none'"
USUAL = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
HSTS = "Strict-Transport-Security"


@pytest.mark.parametrize(
    ("method", "path", "how", "status"),
    [
        ("GET", "/cds-services", {}, 200),
        ("POST", URL, {"json": a_request()}, 200),
        ("OPTIONS", URL, {"headers": {"Origin": "https://ehr.example.org"}}, 200),
        ("POST", URL, {"data": b"{", "content_type": "application/json"}, 400),
        ("POST", "/cds-services/x", {"json": a_request()}, 404),
        ("GET", "/nowhere", {}, 404),
        ("PUT", URL, {}, 405),
        ("POST", URL, {"json": a_request(prefetch={})}, 412),
        ("POST", URL, {"data": "x", "content_type": "text/plain"}, 415),
        ("GET", "/healthz", {}, 200),
        ("GET", "/readyz", {}, 200),
        ("GET", "/samples", {}, 200),
        ("GET", "/", {}, 200),
    ],
)
def test_every_answer_has_them(
    client: FlaskClient, method: str, path: str, how: dict[str, Any], status: int
) -> None:
    response = client.open(path, method=method, **how)

    assert response.status_code == status
    assert {name: response.headers.get(name) for name in USUAL} == USUAL
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    response.close()


def test_a_defect_has_them() -> None:
    app = an_app()

    @app.get("/broken")
    def broken() -> Response:
        raise ZeroDivisionError

    response = app.test_client().get("/broken")

    assert response.status_code == 500
    assert USUAL.items() <= dict(response.headers).items()
    assert response.headers["Content-Security-Policy"] == NOTHING


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    place = tenants_file(tmp_path_factory.mktemp("headers"), {"slow": "requests_per_minute = 1"})
    return an_app(settings=Settings(tenants=place, public_url=PUBLIC_URL)).test_client()


def test_refusals_of_a_client_have_them(site: FlaskClient) -> None:
    stranger = site.get("/cds-services")
    first, second = (signed(site, "slow", "GET", "/cds-services") for _ in range(2))

    assert [answer.status_code for answer in (stranger, first, second)] == [401, 200, 429]
    for answer in (stranger, first, second):
        assert USUAL.items() <= dict(answer.headers).items()
        assert answer.headers["Content-Security-Policy"] == NOTHING


@pytest.mark.parametrize(
    ("public_url", "told"),
    [
        ("https://cds.example.org", True),
        ("https://cds.example.org:8443/backpath", True),
        ("http://cds.example.org", False),
        (None, False),
    ],
)
@pytest.mark.parametrize("path", ["/cds-services", "/healthz", "/nowhere"])
def test_browsers_are_told_to_stay_with_https_only_where_clients_call_it(
    public_url: str | None, told: bool, path: str
) -> None:
    response = an_app(settings=Settings(public_url=public_url)).test_client().get(path)

    assert (HSTS in response.headers) is told
    assert not told or int(response.headers[HSTS].removeprefix("max-age=")) >= 31_536_000


def test_a_page_may_set_its_own_policy_and_nothing_is_set_twice() -> None:
    app = Flask("pages")
    headers.init_app(app, public_url=None)
    own = "default-src 'none'; style-src 'self'"

    @app.get("/page")
    def page() -> Response:
        return Response("<p>x</p>", headers={"Content-Security-Policy": own, "Cache-Control": "max-age=60"})

    response = app.test_client().get("/page")

    assert response.headers.getlist("Content-Security-Policy") == [own]
    assert response.headers.getlist("Cache-Control") == ["max-age=60"]
    assert response.headers.getlist("X-Content-Type-Options") == ["nosniff"]
