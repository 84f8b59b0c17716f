"""The line to an embedded file: work is done by the thread that asks.

One connection serves all threads in turn. With one for each, threads of a process would meet at SQLite's
lock, which is waited for by sleeping a millisecond or more; at Python's lock they wait no longer than needed.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from cds_service.store.connecting import Connect
from cds_service.store.errors import StoreAwayError, cause_of

T = TypeVar("T")
FAILURES = (SQLAlchemyError, OSError)


class DirectLine:
    """A kept connection and its lock."""

    def __init__(self, connect: Connect, *, patience_s: float) -> None:
        """Open nothing yet; `patience_s` is how long connections of `connect` wait for another process."""
        self._connect = connect
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def run(self, work: Callable[[Connection], T], within_s: float) -> T:
        """See `Line`; half the time may go to waiting for this process, half to waiting for another."""
        if not self._lock.acquire(timeout=max(within_s - self._patience_s, 0.0)):
            raise StoreAwayError("late")
        try:
            if self._connection is None:
                self._connection = self._connect()
            return work(self._connection)
        except FAILURES as error:
            self._drop()
            raise StoreAwayError(cause_of(error)) from None
        finally:
            self._lock.release()

    def settle(self) -> None:
        """Write SQLite's log into the file, on a connection of its own: calls go on meanwhile."""
        try:
            connection = self._connect()
            try:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
            finally:
                connection.close()
        except FAILURES as error:
            raise StoreAwayError(cause_of(error)) from None

    def close(self) -> None:
        """Close the connection, if it was opened."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*FAILURES):
                connection.close()
