"""Windows of a real browser that notice what should not happen, and what tests look for in them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, sync_playwright

ColorScheme = Literal["light", "dark"]
CHROMIUM = shutil.which("chromium")
needed = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
WCAG_22_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = {"runOnly": WCAG_22_AA, "resultTypes": ["violations"]}
PATIENCE_MS = 60_000  # of a machine that does much else
HEIGHT = 900


@dataclass
class Window:
    """One window, and what went wrong in it."""

    page: Page
    home: str  # base URL of the service
    faults: list[str] = field(default_factory=list)
    bytes_loaded: int = 0

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("dialog", self._asked)
        self.page.on("request", self._requested)
        self.page.on("requestfinished", self._loaded)

    def open(self, path: str = "/") -> "Window":
        self.page.goto(f"{self.home}{path}")
        return self

    def size(self, width: int, scheme: ColorScheme) -> None:
        self.page.set_viewport_size({"width": width, "height": HEIGHT})
        self.page.emulate_media(color_scheme=scheme)

    def press(self, name: str, *, exact: bool = False) -> None:
        """Click a button that leads to another page, and see that page to its end."""
        with self.page.expect_navigation(wait_until="load"):
            self.page.get_by_role("button", name=name, exact=exact).first.click()

    @property
    def state(self) -> str:
        """Id of the pathway state that is shown."""
        return self.page.locator(".standing code").inner_text()

    @property
    def cards(self) -> Locator:
        return self.page.locator("article.card")

    @property
    def recommendations(self) -> list[str]:
        """Ids on the cards that are shown."""
        told = self.page.locator("article.card .ids").all_inner_texts()
        return [name.strip() for ids in told for name in ids.partition("·")[0].split(",")]

    @property
    def done(self) -> str:
        """What the page says was just done, what is folded up too."""
        return self.page.locator("#done").text_content() or ""

    @property
    def is_too_wide(self) -> bool:
        return bool(
            self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        )

    def violations(self) -> list[str]:
        """What axe finds against WCAG 2.2 AA, and its best practices."""
        found = Axe().run(self.page, options=AXE).response["violations"]
        return [f"{rule['id']}: {rule['nodes'][0]['html']}" for rule in found]

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"console: {message.text}")

    def _asked(self, dialog: object) -> None:
        self.faults.append("a dialog was opened")
        dialog.dismiss()  # type: ignore[attr-defined]  # playwright's Dialog

    def _requested(self, request: Request) -> None:
        if urlsplit(request.url).hostname != "127.0.0.1":
            self.faults.append(f"asked for {request.url}")

    def _loaded(self, request: Request) -> None:
        sizes = request.sizes()
        self.bytes_loaded += sizes["responseBodySize"] + sizes["responseHeadersSize"]


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def window(
    browser: Browser, home: str, *, width: int = 1200, scheme: ColorScheme = "light", script: bool = True
) -> Iterator[Window]:
    context = browser.new_context(
        color_scheme=scheme,
        viewport={"width": width, "height": HEIGHT},
        java_script_enabled=script,
    )
    yield Window(context.new_page(), home)
    context.close()
