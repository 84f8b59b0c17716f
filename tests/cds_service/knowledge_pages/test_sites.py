"""What a site has changed, for its operator alone."""

import json

import pytest
from flask.testing import FlaskClient

from pathway.codelists import CodeRow
from pathway.knowledge_base import KnowledgeBase
from tests.cds_service.knowledge_pages.making import SITE, pages_app, sites
from tests.cds_service.knowledge_pages.walking import walk


@pytest.fixture(scope="module")
def operator(knowledge: KnowledgeBase, rows: tuple[CodeRow, ...]) -> FlaskClient:
    known = sites(knowledge, rows)
    return pages_app(knowledge, rows, knowledge_of_tenant=known, may_see_tenants=True).test_client()


def test_the_index_lists_what_the_site_has_changed(operator: FlaskClient) -> None:
    page = operator.get(f"/knowledge?tenant={SITE}").get_data(as_text=True)

    assert "Changed at this site" in page
    assert "21 days instead of 14" in page
    assert "local note: Ask the pharmacy first." in page
    assert "switched off" in page
    assert "Spine board on 2026-10-01" in page


def test_the_packaged_pages_say_nothing_of_a_site(operator: FlaskClient) -> None:
    page = operator.get("/knowledge/threshold/esi-min-gap-days").get_data(as_text=True)

    assert "14" in page
    assert "Spine board" not in page


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/knowledge/recommendation/yoga", "Switched off at this site"),
        ("/knowledge/recommendation/nsaid", "Local note: Ask the pharmacy first."),
        ("/knowledge/recommendation/esi-repeat", "day 21 to day 28"),
        ("/knowledge/recommendation/esi-repeat", "Local setting: Least days between two injections: 21 days"),
        ("/knowledge/threshold/esi-min-gap-days", "Our &lt;own&gt; policy"),
        ("/knowledge/state/second-line-noninvasive", "switched off at this site"),
    ],
)
def test_pages_say_what_is_in_force_at_the_site(operator: FlaskClient, path: str, words: str) -> None:
    assert words in operator.get(f"{path}?tenant={SITE}").get_data(as_text=True)


def test_links_stay_at_the_site(operator: FlaskClient) -> None:
    walked = walk(
        operator, f"/knowledge/recommendation/nsaid?tenant={SITE}", under="/knowledge/recommendation"
    )

    assert not walked.broken
    links = walked.pages[f"/knowledge/recommendation/nsaid?tenant={SITE}"].links
    inside = [href for href in links if href.startswith("/knowledge/state/")]
    assert inside
    assert all(href.endswith(f"?tenant={SITE}") for href in inside)


def test_a_sites_pages_are_not_kept_by_anyone(operator: FlaskClient) -> None:
    assert operator.get(f"/knowledge?tenant={SITE}").headers["Cache-Control"] == "no-store"


def test_json_tells_the_changes_too(operator: FlaskClient) -> None:
    document = json.loads(operator.get(f"/knowledge.json?tenant={SITE}").data)

    assert ".local-" in document["knowledgeVersion"]
    assert {"yoga", "esi-min-gap-days", "nsaid"} == {change["about"]["id"] for change in document["changes"]}


def test_a_site_that_is_not_there_is_not_found(operator: FlaskClient) -> None:
    assert operator.get("/knowledge?tenant=nobody").status_code == 404


def test_nobody_else_sees_a_site(knowledge: KnowledgeBase, rows: tuple[CodeRow, ...]) -> None:
    known = sites(knowledge, rows)
    reader = pages_app(knowledge, rows, knowledge_of_tenant=known, may_see_tenants=False).test_client()

    for path in (
        "/knowledge",
        "/knowledge.json",
        "/knowledge/recommendation/yoga",
        "/knowledge/source-attributes",
    ):
        response = reader.get(f"{path}?tenant={SITE}")

        assert response.status_code == 401
        assert "Basic" in response.headers["WWW-Authenticate"]
        assert b"Spine board" not in response.data
    assert reader.get("/knowledge").status_code == 200


def test_where_sites_are_never_shown_there_is_nothing(pages: FlaskClient) -> None:
    assert pages.get(f"/knowledge?tenant={SITE}").status_code == 404
