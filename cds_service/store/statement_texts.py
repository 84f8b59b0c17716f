"""Statements as text, made once: for each use SQLAlchemy would take longer than the database."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from sqlalchemy import Connection, Delete, Insert, Select, Update
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError

from cds_service.store.location import SQLITE

Statement: TypeAlias = Select[tuple[object, ...]] | Insert | Update | Delete


def text_of(statement: Statement, kind: str) -> str:
    """For `Connection.exec_driver_sql`, with values by name.

    Args:
        statement: Every value of it is a bound one with a name of its own, or a literal.
        kind: Of database: see `Location.kind`.

    Raises:
        ValueError: a value stands in the statement, which its text would lack.
    """
    compiled = statement.compile(dialect=_dialect(kind))
    if lacking := [name for name, value in compiled.params.items() if value is not None]:
        raise ValueError(f"values that the text would lack: {', '.join(lacking)}")
    return str(compiled)


def rows_of(connection: Connection, text: str, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
    """All rows of a statement's text, read by the driver itself: SQLAlchemy would take five times as long.

    For small reads of every call; values come as the driver gives them, which for our tables' types is
    as SQLAlchemy does.

    Raises:
        DBAPIError: the database failed.
    """
    found: list[tuple[Any, ...]] = _by_driver(connection, text, values, lambda cursor: cursor.fetchall())
    return found


def changed_by(connection: Connection, text: str, values: Mapping[str, object]) -> int:
    """How many rows a statement's text has changed; by the driver itself, see `rows_of`.

    The connection makes each statement its own transaction.

    Raises:
        DBAPIError: the database failed.
    """
    return int(_by_driver(connection, text, values, lambda cursor: cursor.rowcount))


def _by_driver(
    connection: Connection, text: str, values: Mapping[str, object], take: Callable[[Any], Any]
) -> Any:  # noqa: ANN401 - a driver's
    driver: Any = connection.connection.driver_connection
    errors = connection.dialect.loaded_dbapi.Error
    try:
        return take(driver.execute(text, values))
    except errors as error:
        raise DBAPIError.instance(text, None, error, errors, hide_parameters=True) from None


def _dialect(kind: str) -> Dialect:
    if kind == SQLITE:
        return sqlite.dialect(paramstyle="named")
    return psycopg.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's
