"""Health, readiness and the start page."""

import re
from importlib.metadata import version

import pytest
from flask.testing import FlaskClient

from cds_service.decision import Decider
from tests.cds_service.making import an_app


def test_healthz_tells_versions_and_mode(client: FlaskClient, decider: Decider) -> None:
    assert client.get("/healthz").get_json() == {
        "status": "ok",
        "version": version("backpath"),
        "knowledgeVersion": decider.knowledge.version,
        "mode": "development",
        "open": True,
    }


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_head_is_answered(client: FlaskClient, path: str) -> None:
    assert client.head(path).status_code == 200


def test_readyz_says_that_the_knowledge_is_loaded(client: FlaskClient) -> None:
    assert client.get("/readyz").get_json() == {
        "status": "ready",
        "knowledge": "ok",
        "store": "ok",
    }


def test_the_start_page_lists_services_and_samples(client: FlaskClient) -> None:
    page = client.get("/")

    assert page.status_code == 200
    assert page.mimetype == "text/html"
    assert "low-back-pain-patient-view" in page.text
    assert "/samples/esi-repeat-window" in page.text


def test_every_link_of_the_start_page_leads_somewhere(client: FlaskClient) -> None:
    page = client.get("/").text

    for link in set(re.findall(r'href="([^"#]+)"', page)):
        with client.get(link, follow_redirects=True) as response:
            assert response.status_code == 200, link


def test_the_start_page_allows_no_inline_code(client: FlaskClient) -> None:
    response = client.get("/")

    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<script" not in response.text
    assert "style=" not in response.text


def test_without_the_demo_there_are_no_samples() -> None:
    client = an_app().test_client()

    assert client.get("/samples").status_code == 404
    assert client.get("/samples/esi-repeat-window").status_code == 404
    assert "/samples" not in client.get("/").text
