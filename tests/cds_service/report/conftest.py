"""Stores with rows in them, on SQLite and on a PostgreSQL that really runs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine

from cds_service.report.figures import Report
from cds_service.report.periods import Calendar, Period
from cds_service.report.reading import read_report
from cds_service.store.location import location_of
from cds_service.store.tables import metadata
from tests.cds_service.report.making import UTC_CALENDAR, Rows, a_busy_quarter
from tests.cds_service.store.postgres_server import PostgresServer


def fill(address: str, rows: Rows) -> str:
    engine = create_engine(location_of(address).url, poolclass=NullPool)
    with engine.begin() as connection:
        metadata.create_all(connection)
        rows.write(connection)
    engine.dispose()
    return address


@pytest.fixture(scope="session")
def own_postgresql() -> Iterator[PostgresServer]:
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.integration)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store.sqlite3"
    server: PostgresServer = request.getfixturevalue("own_postgresql")
    return server.new_database()


@pytest.fixture(scope="session")
def busy_store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """10,000 cards."""
    return fill(f"sqlite:///{tmp_path_factory.mktemp('busy')}/store.sqlite3", a_busy_quarter())


@pytest.fixture(scope="session")
def busy_report(busy_store: str) -> Report:
    return read_report(busy_store, Period(), UTC_CALENDAR)


@pytest.fixture
def report_on(tmp_path: Path) -> Callable[..., Report]:
    """The report on a store of these rows."""

    def report(
        rows: Rows, period: Period | None = None, calendar: Calendar = UTC_CALENDAR, tenant: str | None = None
    ) -> Report:
        address = f"sqlite:///{tmp_path}/{len(list(tmp_path.iterdir()))}.sqlite3"
        return read_report(fill(address, rows), period or Period(), calendar, tenant=tenant)

    return report
