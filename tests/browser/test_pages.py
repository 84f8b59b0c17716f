"""The other pages in the browser: accessible, wide and narrow, light and dark, and nothing on the console."""

import json
from collections.abc import Iterator
from datetime import date
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser

from cds_service.samples import Samples
from pathway.loading import load_code_rows
from tests.browser.windows import ColorScheme, Window, needed, window
from tests.cds_service.fetching.fhir_servers import Sekmet
from tests.cds_service.launch.ehr import Ehr, an_ehr

pytestmark = [pytest.mark.integration, needed]

LOADED = ("esi-repeat-window", "advanced-options")  # the second has most to print
LOOKS: tuple[tuple[int, ColorScheme], ...] = ((1200, "light"), (390, "dark"))
A_PAGE_OF_A_PDF = b"/Type /Page\n"


@pytest.fixture(scope="module")
def ehr(server: Sekmet, demo: str) -> Iterator[Ehr]:
    samples = Samples.load(load_code_rows())
    for sample in LOADED:
        prefetch = json.loads(samples.request(sample, date.today()))["prefetch"]  # noqa: DTZ011
        bundled = [entry["resource"] for value in prefetch.values() for entry in value.get("entry", ())]
        server.load([prefetch["patient"], *bundled])
    with an_ehr(f"{server.origin}/fhir", server.base) as running:
        running.register(f"{demo}/launch/callback", client_id="backpath")
        yield running


def launched(shown: Window, ehr: Ehr, sample: str) -> None:
    ehr.picked = f"sample-{sample}"
    shown.open(f"/launch?iss={quote(ehr.base, safe='')}")
    assert "/launch/pathway/" in shown.page.url


@pytest.mark.parametrize("path", ["/", "/report"])
def test_axe_finds_nothing(shown: Window, path: str) -> None:
    shown.open(path)

    for look in LOOKS:
        shown.size(*look)
        assert (look, shown.violations(), shown.is_too_wide) == (look, [], False)


@pytest.mark.parametrize("path", ["/nothing", "/?sample=nobody", "/knowledge/state/nothing", "/launch"])
def test_axe_finds_nothing_where_something_is_wrong(browser: Browser, demo: str, path: str) -> None:
    with window(browser, demo, width=390) as shown:
        shown.open(path)

        assert shown.page.get_by_role("heading", level=1).count() == 1
        assert (shown.violations(), shown.is_too_wide) == ([], False)
    assert [fault for fault in shown.faults if "the server responded with a status of 4" not in fault] == []


def test_the_pathway_page_of_a_launch_is_accessible_and_has_no_script(shown: Window, ehr: Ehr) -> None:
    launched(shown, ehr, LOADED[0])

    assert shown.page.locator("script").count() == 0
    for look in LOOKS:
        shown.size(*look)
        assert (look, shown.violations(), shown.is_too_wide) == (look, [], False)
    shown.press("Close this view")
    assert shown.page.get_by_role("heading", level=1).count() == 1


@pytest.mark.parametrize("sample", LOADED)
def test_the_pathway_page_is_printed_on_one_sheet(shown: Window, ehr: Ehr, sample: str) -> None:
    launched(shown, ehr, sample)

    for paper in ("A4", "Letter"):
        assert (paper, 1) == (paper, shown.page.pdf(format=paper).count(A_PAGE_OF_A_PDF))


def test_the_pages_after_a_click_are_accessible(shown: Window) -> None:
    shown.open("/?sample=second-line-noninvasive")
    with shown.page.expect_navigation(wait_until="load"):
        shown.cards.locator("ul.suggestions button").first.click()
    assert shown.violations() == []
    shown.page.get_by_label("What", exact=True).select_option("esi")
    shown.press("Draft it")

    shown.size(390, "dark")
    assert (shown.violations(), shown.is_too_wide) == ([], False)


def test_a_reload_after_accepting_sends_nothing_again(shown: Window) -> None:
    shown.open("/?sample=esi-eligible")
    with shown.page.expect_navigation(wait_until="load"):
        shown.cards.locator("ul.suggestions button").first.click()
    done, sent = shown.done, list[str]()
    shown.page.on("request", lambda request: sent.append(request.method))

    shown.page.reload(wait_until="load")

    assert "POST" not in sent
    assert "GET" in sent
    assert shown.done == done
    shown.page.go_back(wait_until="load")
    assert shown.page.url.endswith("/?sample=esi-eligible")


def test_the_workbench_works_without_script(browser: Browser, demo: str) -> None:
    with window(browser, demo, script=False) as shown:
        shown.open("/?sample=esi-waiting")

        shown.press("7 days later")

        assert shown.page.locator(".standing code").inner_text() == "esi-repeat-window"
        assert shown.faults == []


def test_every_kind_of_knowledge_is_a_click_away(shown: Window) -> None:
    shown.open("/knowledge")
    kinds = shown.page.locator("nav ul a[href^='#']").all()
    assert len(kinds) >= 10

    shown.page.get_by_label("Search the knowledge").fill("cauda equina")
    shown.press("Search")
    first = shown.page.locator("main a[href^='/knowledge/']").first
    name = first.inner_text()
    first.click()

    assert name in shown.page.get_by_role("heading", level=1).inner_text()
