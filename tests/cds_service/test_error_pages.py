"""Who opens an address in a browser gets a page, whatever is wrong; a client gets an OperationOutcome."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cds_service.errors import InvalidRequestError, Problem
from tests.cds_service.answer_schemas import check_outcome
from tests.cds_service.making import an_app

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}


@pytest.fixture(scope="module")
def app() -> Flask:
    app = an_app(demo=True)

    @app.route("/broken", methods=["GET", "POST"])
    def broken() -> str:
        raise ZeroDivisionError("patient Ada Lovelace")

    @app.get("/ill-formed")
    def ill_formed() -> str:
        raise InvalidRequestError(Problem(code="value", text="since must be a <day>.", element="since"))

    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.mark.parametrize(
    ("method", "path", "status", "told"),
    [
        ("GET", "/nothing", 404, "There is no such page"),
        ("POST", "/nothing", 404, "There is no such page"),
        ("POST", "/knowledge", 405, "This page is opened in another way"),
        ("GET", "/broken", 500, "Something is wrong here"),
        ("POST", "/broken", 500, "Something is wrong here"),
        ("GET", "/ill-formed", 400, "since must be a &lt;day&gt;."),
        ("GET", "/report?since=yesterday", 400, "This address cannot be read"),
        ("GET", "/?asOf=yesterday&sample=esi-waiting", 400, "YYYY-MM-DD"),
    ],
)
def test_a_browser_gets_a_page(client: FlaskClient, method: str, path: str, status: int, told: str) -> None:
    response = client.open(path, method=method, headers=BROWSER)

    assert (response.status_code, response.mimetype) == (status, "text/html")
    assert told in response.text
    assert "Lovelace" not in response.text
    assert "script-src" not in response.headers["Content-Security-Policy"] or path.startswith("/?")
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/fhir+json, */*;q=0.1"])
@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/broken", 500), ("/ill-formed", 400)])
def test_a_client_gets_an_outcome(client: FlaskClient, path: str, status: int, accept: str | None) -> None:
    response = client.get(path, headers={"Accept": accept} if accept else {})

    assert response.status_code == status
    check_outcome(response.json)


@pytest.mark.parametrize("path", ["/cds-services/a/b/c", "/samples/nobody", "/knowledge/state/nothing.json"])
def test_documents_stay_documents_whoever_asks(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers=BROWSER)

    assert (response.status_code, response.mimetype) == (404, "application/json")
    check_outcome(response.json)


def test_a_405_still_says_what_is_allowed(client: FlaskClient) -> None:
    assert "GET" in client.post("/knowledge", headers=BROWSER).headers["Allow"]
