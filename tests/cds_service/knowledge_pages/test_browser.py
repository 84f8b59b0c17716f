"""The pages in Chromium: axe finds nothing, nothing is wider than a phone, the keyboard suffices."""

import shutil
from collections.abc import Iterator
from threading import Thread
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from werkzeug.serving import make_server

from pathway.codelists import CodeRow
from pathway.knowledge_base import KnowledgeBase
from tests.cds_service.knowledge_pages.making import SITE, pages_app, sites

ColorScheme = Literal["light", "dark"]
CHROMIUM = shutil.which("chromium")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PATHS = (
    "/knowledge",
    "/knowledge?q=M54.5",
    "/knowledge/recommendation/esi-repeat",
    "/knowledge/guard/opioid-mme-50",
    "/knowledge/state/esi-repeat-window",
    "/knowledge/threshold/esi-min-gap-days",
    "/knowledge/source/acp2017",
    "/knowledge/concept/egfr",
    "/knowledge/code-list/imaging",
    "/knowledge/override-reason/already-discussed",
    "/knowledge/decision-aid/exercise",
    "/knowledge/statement/esi-series",
    "/knowledge/text/risk-marker",
    "/knowledge/source-attributes",
    f"/knowledge/recommendation/nsaid?tenant={SITE}",
)
VIEWS: tuple[tuple[ColorScheme, ViewportSize], ...] = (
    ("light", {"width": 1200, "height": 900}),
    ("dark", {"width": 1200, "height": 900}),
    ("light", {"width": 360, "height": 740}),
)
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
]


@pytest.fixture(scope="module")
def address(knowledge: KnowledgeBase, rows: tuple[CodeRow, ...]) -> Iterator[str]:
    app = pages_app(knowledge, rows, knowledge_of_tenant=sites(knowledge, rows), may_see_tenants=True)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def faults(page: Page, path: str) -> list[str]:
    """What axe finds on a page, and whether it is wider than its window."""
    options = {"runOnly": RULES, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    too_wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return [f"{path}: {rule['id']}: {rule['nodes'][0]['html']}" for rule in found] + (
        [f"{path}: too wide"] if too_wide else []
    )


def a_page(browser: Browser, scheme: ColorScheme, size: ViewportSize) -> tuple[Page, list[str]]:
    """A page, and what goes wrong on it: console errors, and requests that leave the machine."""
    page = browser.new_context(color_scheme=scheme, viewport=size).new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "request", lambda asked: None if "127.0.0.1" in asked.url else wrong.append(f"asked for {asked.url}")
    )
    return page, wrong


@pytest.mark.parametrize("look", range(len(VIEWS)))
def test_axe_finds_nothing_and_nothing_is_too_wide(browser: Browser, address: str, look: int) -> None:
    """Each kind of page in one look; the long form has all in each."""
    page, wrong = a_page(browser, *VIEWS[look])
    for path in PATHS[look :: len(VIEWS)]:
        page.goto(f"{address}{path}")
        assert faults(page, path) == []
    assert not wrong
    page.context.close()


@pytest.mark.soak
@pytest.mark.parametrize(("scheme", "size"), VIEWS)
def test_axe_finds_nothing_on_any_page_in_any_look(
    browser: Browser, address: str, scheme: ColorScheme, size: ViewportSize
) -> None:
    page, wrong = a_page(browser, scheme, size)
    for path in PATHS:
        page.goto(f"{address}{path}")
        assert faults(page, path) == []
    assert not wrong
    page.context.close()


def test_the_keyboard_suffices_to_search_and_follow(browser: Browser, address: str) -> None:
    page, wrong = a_page(browser, *VIEWS[0])
    page.goto(f"{address}/knowledge")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    while page.evaluate("document.activeElement.id") != "q":
        page.keyboard.press("Tab")
    page.keyboard.type("naproxen gel")
    page.keyboard.press("Enter")
    page.wait_for_url("**/knowledge?q=naproxen+gel")

    assert "found for" in page.get_by_role("status").inner_text()
    assert not wrong
    page.context.close()


def test_it_works_without_script(browser: Browser, address: str) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{address}/knowledge")

    page.get_by_label("Search the knowledge").fill("esi-too-early")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Injection too early").first.click()

    assert page.url.endswith("/knowledge/guard/esi-too-early")
    page.context.close()
