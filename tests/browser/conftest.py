"""A browser, the demo as its users start it, and a FHIR server, each once for a file of tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.windows import Window, chromium, window
from tests.cds_service.fetching.fhir_servers import Sekmet, sekmet
from tests.cds_service.processes import backpath


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SQLite file of the service."""
    return tmp_path_factory.mktemp("store") / "store.sqlite3"


@pytest.fixture(scope="module")
def demo(store: Path) -> Iterator[str]:
    """Base URL of a running demo."""
    with backpath("demo", BACKPATH_STORE=f"sqlite:///{store}") as (_, base):
        yield base


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sekmet]:
    """A FHIR server that is open to everyone."""
    with sekmet(tmp_path_factory.mktemp("sekmet"), tokens=False) as running:
        yield running


@pytest.fixture(scope="module")
def lasting(browser: Browser, demo: str) -> Iterator[Window]:
    """A window for many pages one after the other: what they load stays loaded."""
    with window(browser, demo) as opened:
        yield opened


@pytest.fixture
def reused(lasting: Window) -> Iterator[Window]:
    """The lasting window as it was at first; nothing may go wrong in it."""
    lasting.faults.clear()
    lasting.size(1200, "light")
    yield lasting
    assert lasting.faults == []


@pytest.fixture
def shown(browser: Browser, demo: str) -> Iterator[Window]:
    """A window in which nothing may go wrong."""
    with window(browser, demo) as opened:
        yield opened
        assert opened.faults == []
