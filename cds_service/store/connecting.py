"""New connections to the store's database, each statement its own transaction.

There is no pool: who keeps a connection (see `direct` and `couriers`) keeps it open, and after a fork
each process makes its own.
"""

import logging
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import Connection, Engine, NullPool, create_engine

from cds_service.store.errors import StoreError
from cds_service.store.location import SQLITE, Location, make_file

Connect: TypeAlias = Callable[[], Connection]

# Their messages may hold addresses and values, and without a handler Python prints warnings itself.
FOREIGN_LOGGERS = ("sqlalchemy", "psycopg", "alembic")

CONNECT_S = 2  # the shortest that PostgreSQL's client knows
POSTGRESQL_OPTIONS: dict[str, str | int] = {
    "application_name": "backpath",
    "connect_timeout": CONNECT_S,
    # an idle connection that a firewall has forgotten is found out in a minute
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
# Pages of SQLite's log, 4 kB each. Writing them into the file waits for the disk, so it is done beside the
# calls (`Line.settle`); this is for the case that nobody did.
LOG_PAGES = 20_000


def connector(location: Location, *, patience_s: float) -> Connect:
    """A function that opens a connection; it makes SQLite's file when there is none.

    Args:
        location: Which database.
        patience_s: How long the database may wait for another's lock, and PostgreSQL work on a statement.

    Raises:
        StoreError: the address has an option that PostgreSQL's client does not know.
    """
    for name in FOREIGN_LOGGERS:
        logging.getLogger(name).addHandler(logging.NullHandler())
    milliseconds = math.ceil(patience_s * 1000)
    if location.kind == SQLITE:
        return _sqlite_connector(location, milliseconds)
    return _postgresql_connector(location, milliseconds)


def secure_log(file: Path, *, known: int = 0) -> int:
    """Wait until the disk has what is in SQLite's log; nobody else waits meanwhile.

    `PRAGMA synchronous = FULL` would do the same at each commit, and keep SQLite's lock for as long. The log
    is emptied only after the disk has it all in the file itself: https://www.sqlite.org/wal.html#ckpt

    Args:
        file: The file that the log belongs to.
        known: What this gave the last time; a new log's entry in its folder is brought to the disk, too.

    Raises:
        FileNotFoundError: there is no log.
        OSError: the disk failed.
    """
    log = os.open(file.with_name(f"{file.name}-wal"), os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(log)
        found = os.fstat(log).st_ino
    finally:
        os.close(log)
    if found != known:
        folder = os.open(file.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return found


def _sqlite_connector(location: Location, milliseconds: int) -> Connect:
    # several threads use a kept connection in turn; Python's module locks it besides
    engine = _engine(location, check_same_thread=False)
    file = location.file

    def connect() -> Connection:
        if file is not None:
            make_file(file)
        connection = engine.connect()
        return _told(
            connection,
            f"PRAGMA busy_timeout = {milliseconds}",
            # After a power cut the last calls may be forgotten, after a killed process none is:
            # https://www.sqlite.org/pragma.html#pragma_synchronous
            "PRAGMA synchronous = NORMAL",
            f"PRAGMA wal_autocheckpoint = {LOG_PAGES}",
        )

    return connect


def _postgresql_connector(location: Location, milliseconds: int) -> Connect:
    _check_options(location)
    options = {name: value for name, value in POSTGRESQL_OPTIONS.items() if name not in location.url.query}
    engine = _engine(location, **options)

    def connect() -> Connection:
        return _told(engine.connect(), f"SET statement_timeout = {milliseconds}")

    return connect


def _told(connection: Connection, *statements: str) -> Connection:
    try:
        for statement in statements:
            connection.exec_driver_sql(statement)
    except BaseException:
        connection.invalidate()
        connection.close()
        raise
    return connection


def _engine(location: Location, **options: str | float) -> Engine:
    return create_engine(
        location.url,
        connect_args=options,
        hide_parameters=True,
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,
        pool_reset_on_return=None,
    )


def _check_options(location: Location) -> None:
    from psycopg import pq  # noqa: PLC0415 - not loaded for SQLite

    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    if not location.url.query.keys() <= known:
        raise StoreError(
            "BACKPATH_STORE has an option after `?` that PostgreSQL does not know; see "
            "https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS"
        )
