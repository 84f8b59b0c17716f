"""Called below a path of its own, by a proxy that takes the path away, every address of a page has it."""

from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient

from cds_service.settings import Settings
from tests.cds_service.making import an_app

PATHS = (
    "/",
    "/?sample=esi-waiting",
    "/knowledge",
    "/knowledge?q=esi",
    "/knowledge/recommendation/esi-repeat",
    "/knowledge/guard/esi-too-early",
    "/knowledge/override-reason/already-discussed",
    "/knowledge/source-attributes",
    "/knowledge/state/nothing",
    "/report",
    "/nothing",
)


class Addresses(HTMLParser):
    """Where a page leads to on its own host."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, _: str, attrs: list[tuple[str, str | None]]) -> None:
        names = ("href", "src", "action", "formaction")
        self.found += [
            value for name, value in attrs if name in names and (value or "").startswith("/") if value
        ]


@pytest.fixture(scope="module")
def below() -> FlaskClient:
    settings = Settings(public_url="http://localhost/backpath")
    return an_app(settings=settings, demo=True).test_client()


@pytest.mark.parametrize("path", PATHS)
def test_every_address_begins_with_the_path_of_the_public_url(below: FlaskClient, path: str) -> None:
    found = Addresses(below.get(path, headers={"Accept": "text/html"}).text).found

    assert found
    assert [address for address in found if not address.startswith("/backpath/")] == []


def test_so_does_where_a_form_leads_to(below: FlaskClient) -> None:
    page = below.get("/?sample=esi-waiting").text
    packed = page.partition('name="state" value="')[2].partition('"')[0]

    moved = below.post("/workbench/day", data={"state": packed, "step": "+1"})

    assert moved.headers["Location"].startswith("/backpath/workbench/page/")
    assert below.get("/workbench/day").headers["Location"] == "/backpath/"


def test_a_style_sheet_is_where_its_link_leads(below: FlaskClient) -> None:
    (sheet, *_) = [a for a in Addresses(below.get("/knowledge").text).found if a.endswith(".css")]

    with below.get(sheet.removeprefix("/backpath")) as response:
        assert response.status_code == 200


def test_without_a_path_nothing_stands_before_an_address() -> None:
    page = an_app(settings=Settings(public_url="http://localhost"), demo=True).test_client().get("/").text

    assert "/static/base.css" in Addresses(page).found
