"""The store's tables brought to the form that this version of the program knows.

Several processes and replicas may start at once: one does the work and the others wait for it.
"""
# ruff: noqa: PLC0415 - Alembic is loaded only when there is something to do

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect

from cds_service.store.errors import StoreError
from cds_service.store.tables import REVISION

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"
LOCK = 0x6261636B70617468  # "backpath": PostgreSQL's name of the lock is a number
VERSION_TABLE = "alembic_version"


def migrate(connection: Connection) -> bool:
    """Bring the tables up to date, all or nothing; False: nothing was to be done.

    Args:
        connection: Each statement its own transaction.

    Raises:
        StoreError: the tables are of a newer version than this program.
        SQLAlchemyError: the database failed, or another process kept the lock for too long.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            "PRAGMA journal_mode = WAL"
        )  # kept in the file: readers and a writer at once
    if revision_of(connection) == REVISION:
        return False
    with _alone(connection):
        before = revision_of(connection)
        if before != REVISION:
            _upgrade(connection, before)
    return before != REVISION


def move(connection: Connection, revision: str) -> None:
    """Bring the tables to the form of `revision`, newer or older; "base" removes all.

    Raises:
        SQLAlchemyError: the database failed, or another process kept the lock for too long.
    """
    from alembic import command

    with _alone(connection):
        before = revision_of(connection)
        steps = command.downgrade if before in _later_than(revision) else command.upgrade
        steps(_config(connection), revision)


def revision_of(connection: Connection) -> str | None:
    """The form that the tables have; None: there are none."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()  # noqa: S608 - ours
    return None if found is None else str(found)


def _upgrade(connection: Connection, before: str | None) -> None:
    from alembic import command

    if before is not None and before not in _known():
        raise StoreError(
            "the tables at BACKPATH_STORE were made by a newer version of Backpath; start that version, "
            "or name another store"
        )
    command.upgrade(_config(connection), REVISION)


def _known() -> list[str]:
    """The revisions of this version of the program, newest first."""
    from alembic.script import ScriptDirectory

    return [script.revision for script in ScriptDirectory(str(FOLDER)).walk_revisions()]


def _later_than(revision: str) -> list[str]:
    known = _known()
    return known if revision == "base" else known[: known.index(revision)]


def _config(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """A transaction that only one process at a time can be in."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")  # the work may take its time
    try:
        yield
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")
