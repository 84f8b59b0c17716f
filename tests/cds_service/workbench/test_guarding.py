"""Who may use the pages, and as whom."""

import base64
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from msgspec.structs import replace

from cds_service.app import EXTENSION
from cds_service.settings import Settings
from tests.cds_service.making import an_app
from tests.cds_service.signing import PUBLIC_URL, tenants_file
from tests.cds_service.workbench.bench import Bench

OPERATOR = {"Authorization": f"Basic {base64.b64encode(b'operator:long enough').decode()}"}
SITES = {"epic": 'dialect = "epic"\n', "viewonly": 'services = ["low-back-pain-patient-view"]\n'}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),  # not a browser
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
        ({"Origin": "http://localhost"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://localhost:81"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_forms_of_other_sites_are_refused(bench: Bench, headers: dict[str, str], status: int) -> None:
    bench.open("esi-waiting")

    response = bench.client.post(
        "/workbench/day", data={"state": bench.packed, "step": "+1"}, headers=headers
    )

    assert response.status_code == status
    assert ("The form was sent by another site." in response.text) == (status == 403)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:5000", 200),
        ("localhost", 200),
        ("[::1]:5000", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example:5000", 403),
    ],
)
def test_another_name_for_this_machine_is_refused(demo: Flask, host: str, status: int) -> None:
    response = demo.test_client().get("/", headers={"Host": host})

    assert response.status_code == status


def test_a_public_url_is_our_name_too_and_an_open_service_has_any() -> None:
    named = an_app(settings=Settings(public_url="https://cds.example.org")).test_client()
    opened = an_app(settings=Settings(allow_open=True)).test_client()

    assert named.get("/", headers={"Host": "cds.example.org"}).status_code == 200
    assert named.get("/", headers={"Host": "evil.example"}).status_code == 403
    assert opened.get("/", headers={"Host": "anything.example"}).status_code == 200


@pytest.mark.parametrize("state", ["", "no base64!", "aGVsbG8=", "eJyrrgUAAXUA+Q=="])
def test_a_state_that_is_none_is_a_clear_page(bench: Bench, state: str) -> None:
    response = bench.client.post("/workbench/day", data={"state": state, "step": "+1"})

    assert response.status_code == 400
    assert "Choose the patient again." in response.text


def test_a_state_that_unpacks_to_too_much_is_refused(bench: Bench) -> None:
    state = bench.open("esi-waiting").state
    state.request["extension"] = {"padding": "x" * 17_000_000}

    response = bench.client.post("/workbench/day", data={"state": state.packed(), "step": "+1"})

    assert response.status_code == 400


def test_a_form_that_is_too_large_is_refused(bench: Bench) -> None:
    response = bench.client.post("/workbench/day", data={"state": "x" * 17_000_000})

    assert (response.status_code, response.mimetype) == (413, "text/html")


@pytest.fixture(scope="module")
def operated(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """A service with tenants and an operator."""
    folder: Path = tmp_path_factory.mktemp("tenants")
    settings = Settings(
        tenants=tenants_file(folder, SITES),
        public_url=PUBLIC_URL,
        operator_token="long enough",  # noqa: S106
        store=f"sqlite:///{folder}/store.sqlite3",
    )
    return an_app(settings=settings)


@pytest.fixture
def operator(operated: Flask) -> FlaskClient:
    client = operated.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = OPERATOR["Authorization"]
    return client


def test_with_tenants_only_the_operator_comes_in(operated: Flask) -> None:
    client = operated.test_client()

    assert client.get("/").status_code == 401
    assert client.post("/workbench/day").status_code == 401
    assert client.post("/workbench/patient").status_code == 401


def test_the_operator_chooses_the_site_and_no_server(operator: FlaskClient) -> None:
    page = operator.get("/", query_string={"site": "viewonly"}).text
    refused = operator.post("/workbench/patient", data={"server": "http://127.0.0.1:1/fhir", "patient": "p1"})

    assert "<option selected>viewonly</option>" in page
    assert "low-back-pain-order-sign" not in page
    assert 'name="server"' not in page
    assert refused.status_code == 403


def test_the_operator_sees_what_the_site_sees_and_nothing_is_kept(
    operated: Flask, operator: FlaskClient, bench: Bench
) -> None:
    chosen = bench.open("second-line-noninvasive").state
    as_epic = Bench(operator, whole=True)
    state = replace(chosen, site="epic", request=chosen.request | {"fhirServer": "http://127.0.0.1:1/fhir"})

    as_epic.took(operator.post("/workbench/day", data={"state": state.packed(), "step": "+1"}))
    as_epic.post("accept", suggestion=as_epic.state.answer.cards[0].suggestions[0].uuid)

    assert "lbpNextStep" in as_epic.text
    assert "There is no FHIR server" in as_epic.done
    assert "Feedback is not kept here" in as_epic.done
    assert operated.extensions[EXTENSION].remembrance.outbox.depth() == 0


def test_a_site_without_order_hooks_drafts_none(operator: FlaskClient, bench: Bench) -> None:
    chosen = replace(bench.open("esi-waiting").state, site="viewonly")
    page = Bench(operator)

    page.took(operator.post("/workbench/day", data={"state": chosen.packed(), "step": "+1"}))

    assert "Draft an order" not in page.text
    assert page.post("order", order="esi").status == 404
