"""The store's fixtures: each claim is tried on SQLite and on a PostgreSQL that really runs."""

from pathlib import Path

import pytest

from cds_service.logs import Log
from cds_service.memory.outbox import Outbox
from tests.cds_service.store.conftest import (  # noqa: F401 - pytest finds fixtures by name
    address,
    events,
    log,
    log_stream,
    open_a_store,
    postgresql,
    sqlite_address,
    started_postgresql,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "outbox.sqlite3"


@pytest.fixture
def outbox(file: Path, log: Log) -> Outbox:  # noqa: F811 - the fixture
    return Outbox(file, log=log)
