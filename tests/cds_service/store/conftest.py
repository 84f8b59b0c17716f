"""Each claim about the store is tried on SQLite and on a PostgreSQL that really runs."""

import io
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cds_service.logs import Log, log_to
from cds_service.store.opening import Store, open_store
from tests.cds_service.store.making import UNHURRIED_S, OpenStore
from tests.cds_service.store.postgres_server import PostgresServer


@pytest.fixture(scope="session")
def started_postgresql() -> Iterator[PostgresServer]:
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def postgresql(started_postgresql: PostgresServer) -> Iterator[PostgresServer]:
    """The server, as it was, whatever a test did to it."""
    yield started_postgresql
    started_postgresql.let_go()
    if not started_postgresql.is_running:
        started_postgresql.start()


@pytest.fixture
def sqlite_address(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/data/backpath.sqlite3"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def address(request: pytest.FixtureRequest) -> str:
    """BACKPATH_STORE: an empty place of its own for each test."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_address"))
    server: PostgresServer = request.getfixturevalue("postgresql")
    return server.new_database()


@pytest.fixture
def log_stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(log_stream: io.StringIO) -> Log:
    return log_to(log_stream)


@pytest.fixture
def events(log_stream: io.StringIO) -> Callable[[], list[str]]:
    """The names of what was logged so far."""
    return lambda: [json.loads(line)["event"] for line in log_stream.getvalue().splitlines()]


@pytest.fixture
def open_a_store(log: Log) -> Iterator[OpenStore]:
    """Opens stores, each as another process would, and closes them in the end."""
    opened: list[Store] = []

    def opening(
        address: str | None, *, limit_s: float = UNHURRIED_S, now: Callable[[], float] = time.time
    ) -> Store:
        opened.append(open_store(address, log=log, limit_s=limit_s, now=now))
        return opened[-1]

    yield opening
    for store in opened:
        store.close()
