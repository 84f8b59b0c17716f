"""The page on which a patient is chosen."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cds_service.samples import Samples
from pathway.loading import load_code_rows
from tests.cds_service.making import an_app
from tests.cds_service.workbench.bench import Bench, Markup

SAMPLES = Samples.load(load_code_rows()).by_id


@pytest.fixture
def client(demo: Flask) -> FlaskClient:
    return demo.test_client()


def test_every_sample_can_be_chosen(client: FlaskClient) -> None:
    page = client.get("/").text

    assert sorted(re.findall(r'href="/\?sample=([a-z-]+)"', page)) == sorted(SAMPLES)


@pytest.mark.parametrize("sample", sorted(SAMPLES))
def test_a_sample_opens_with_its_state_and_its_picture(whole: Bench, sample: str) -> None:
    whole.open(sample)

    assert whole.status == 200
    assert whole.pathway_state == SAMPLES[sample].state
    assert SAMPLES[sample].name in whole.text
    assert '<svg xmlns="http://www.w3.org/2000/svg" class="pathway-wide"' in whole.text
    assert 'class="state is-present"' in whole.text


def test_the_day_can_be_chosen_with_the_sample(bench: Bench) -> None:
    bench.open("esi-waiting", asOf="2026-11-30")

    assert bench.pathway_state == "esi-repeat-window"


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ({"sample": "nobody"}, 404, "There is no such sample patient."),
        ({"sample": "esi-waiting", "asOf": "tomorrow"}, 400, "asOf must be a day, YYYY-MM-DD."),
        ({"site": "elsewhere"}, 404, "There is no such site."),
    ],
)
def test_what_is_not_there_is_a_clear_page(
    client: FlaskClient, query: dict[str, str], status: int, told: str
) -> None:
    response = client.get("/", query_string=query)

    assert (response.status_code, response.mimetype) == (status, "text/html")
    assert told in response.text
    assert '<a href="/">Choose a patient</a>' in response.text


def test_the_address_of_a_page_that_came_from_a_form_leads_to_the_start(client: FlaskClient) -> None:
    response = client.get("/workbench/what-if")

    assert (response.status_code, response.headers["Location"]) == (303, "/")


def test_without_the_demo_a_server_can_be_named_all_the_same() -> None:
    page = an_app().test_client().get("/").text

    assert "Sample patients" not in page
    assert 'name="server"' in page


def test_what_a_page_loads_at_first_is_small_and_its_own(client: FlaskClient) -> None:
    for address in ("/", "/?sample=second-line-noninvasive"):
        response = client.get(address)
        size = len(response.data)
        for tag, attributes in Markup(response.text).elements:
            loaded = attributes.get("src") or (attributes.get("href") if tag == "link" else None)
            if loaded is not None:
                assert loaded.startswith("/static/")
                with client.get(loaded) as asset:
                    size += len(asset.data)

        assert size < 500_000


def test_a_page_allows_nothing_inline_and_nothing_from_elsewhere(client: FlaskClient) -> None:
    for address in ("/", "/?sample=esi-waiting", "/?sample=nobody"):
        response = client.get(address)

        assert response.headers["Content-Security-Policy"] == (
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'"
        )
        for tag, attributes in Markup(response.text).elements:
            assert "style" not in attributes
            assert not any(name.startswith("on") for name in attributes)
            assert tag != "style"
            assert tag != "script" or attributes.get("src") == "/static/workbench.js"
