"""Reads the store for a report: on a connection of its own, which writes nothing and delays no call."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, inspect
from sqlalchemy.exc import SQLAlchemyError

from cds_service.report.figures import Report
from cds_service.report.periods import Calendar, Period
from cds_service.report.publishing import report_of
from cds_service.report.queries import known_tenants, seen_calls, unlinked_feedback
from cds_service.report.tally import Tally
from cds_service.store.connecting import connector
from cds_service.store.errors import StoreError, cause_of
from cds_service.store.location import SQLITE, location_of
from cds_service.store.tables import calls

T = TypeVar("T")
PATIENCE_S = 60.0  # for one statement

# one moment for all that is read, and not even a slip can write
BEGIN = {
    "sqlite": ("PRAGMA query_only = ON", "BEGIN"),
    "postgresql": ("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",),
}


def read_report(
    store: str | None, period: Period, calendar: Calendar, *, tenant: str | None = None
) -> Report:
    """What came of the cards, from the database that BACKPATH_STORE names.

    Args:
        store: The setting; None: its default.
        period: Which days.
        calendar: On whose clocks.
        tenant: One tenant's alone; None: of all.

    Raises:
        StoreError: the setting is wrong, there is no such database, or it cannot be read now.
        StoreError: there is no such tenant.
    """

    def work(connection: Connection) -> Report:
        if tenant is not None and tenant not in calendar.zones:
            _check_tenant(tenant, known_tenants(connection))
        tally = Tally(calendar).count(seen_calls(connection, period, calendar, tenant=tenant))
        unlinked = unlinked_feedback(connection, period, calendar, tenant=tenant)
        return report_of(tally, period, tenant=tenant, unlinked=unlinked)

    return read(store, work)


def read(store: str | None, work: Callable[[Connection], T]) -> T:
    """What `work` reads within one transaction.

    Raises:
        StoreError: the setting is wrong, there is no such database, or it cannot be read now.
    """
    location = location_of(store)
    if location.kind == SQLITE and not (location.file is not None and location.file.is_file()):
        raise StoreError("there is no store yet at BACKPATH_STORE: start the service, or name another store")
    try:
        with _reading(connector(location, patience_s=PATIENCE_S)) as connection:
            if not inspect(connection).has_table(calls.name):
                raise StoreError(
                    "the tables at BACKPATH_STORE are of an older version; start the service once to bring "
                    "them up to date"
                )
            return work(connection)
    except (SQLAlchemyError, OSError) as error:
        raise StoreError(f"the store at BACKPATH_STORE cannot be read ({cause_of(error)})") from None


@contextmanager
def _reading(connect: Callable[[], Connection]) -> Iterator[Connection]:
    connection = connect()
    try:
        for statement in BEGIN[connection.dialect.name]:
            connection.exec_driver_sql(statement)
        yield connection
        connection.exec_driver_sql("ROLLBACK")
    finally:
        connection.invalidate()  # closed whatever its state: nobody uses it again
        connection.close()


def _check_tenant(tenant: str, known: tuple[str, ...]) -> None:
    if tenant not in known:
        raise StoreError(f"no tenant {tenant!r}; known: {', '.join(known) or 'none yet'}")
