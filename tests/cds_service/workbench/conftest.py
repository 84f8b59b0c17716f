"""One app with samples for the tests of the workbench; each test uses patients of its own."""

from collections.abc import Iterator

import pytest
from flask import Flask
from msgspec.structs import replace

from cds_service.app import EXTENSION
from cds_service.settings import Settings
from tests.cds_service.making import an_app
from tests.cds_service.workbench.bench import Bench


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The demo, its memory at work."""
    folder = tmp_path_factory.mktemp("workbench")
    app = an_app(settings=replace(Settings(), store=f"sqlite:///{folder}/store.sqlite3"), demo=True)
    app.extensions[EXTENSION].begin()
    yield app
    app.extensions[EXTENSION].remembrance.forwarder.flush(5)


@pytest.fixture
def bench(demo: Flask) -> Bench:
    return Bench(demo.test_client())


@pytest.fixture
def whole(demo: Flask) -> Bench:
    """Pages to their end, the picture drawn."""
    return Bench(demo.test_client(), whole=True)
