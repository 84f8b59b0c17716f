"""The line to an embedded file: work is done by the thread that asks.

One connection serves all threads in turn. With one for each, threads of a process would meet at SQLite's
lock, which is waited for by sleeping a millisecond or more; at Python's lock they wait no longer than needed.
"""

import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from cds_service.store.connecting import Connect
from cds_service.store.errors import StoreAwayError, StoreLateError, failure_of

T = TypeVar("T")
Identity: TypeAlias = tuple[int, int]  # of a file: its disk, and its number there
FAILURES = (SQLAlchemyError, OSError)
STEP_MS = 5  # SQLite is told how long it may wait, but not for less than this


class DirectLine:
    """A kept connection and its lock."""

    def __init__(self, connect: Connect, *, patience_s: float, file: Path | None = None) -> None:
        """Open nothing yet.

        Args:
            connect: Makes the connection.
            patience_s: How long its connections wait for another process, when a call has that long.
            file: What is connected to, to notice when it is removed or replaced; None: it is not looked at.
        """
        self._connect = connect
        self._file = file
        self._longest_ms = math.ceil(patience_s * 1000)
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._opened: Identity | None = None
        self._patience_ms = 0  # as the connection was told last

    def run(self, work: Callable[[Connection], T], within_s: float) -> T:
        """See `Line`; what waiting for this process leaves of the time may go to waiting for another."""
        deadline = time.monotonic() + within_s
        if not self._lock.acquire(timeout=within_s):
            raise StoreLateError("late")
        try:
            connection = self._connected()
            self._be_patient(connection, deadline - time.monotonic())
            return work(connection)
        except FAILURES as error:
            self._drop()
            raise failure_of(error) from None
        except StoreAwayError:
            self._drop()
            raise
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
            raise failure_of(error) from None

    def close(self) -> None:
        """Close the connection, if it was opened."""
        with self._lock:
            self._drop()

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._connect()
            self._opened = self._identity()
            self._patience_ms = self._longest_ms
        elif self._opened != self._identity():
            raise StoreAwayError("replaced")
        return self._connection

    def _identity(self) -> Identity | None:
        """Of the file that is there now, which need not be the one that is open; a cheap look."""
        if self._file is None:
            return None
        try:
            found = self._file.stat()
        except FileNotFoundError:
            raise StoreAwayError("removed") from None
        return found.st_dev, found.st_ino

    def _be_patient(self, connection: Connection, left_s: float) -> None:
        """Let SQLite wait for as long as is left."""
        steps = math.ceil(left_s * 1000 / STEP_MS)
        milliseconds = max(STEP_MS, min(steps * STEP_MS, self._longest_ms))
        if milliseconds != self._patience_ms:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {milliseconds}")
            self._patience_ms = milliseconds

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*FAILURES):
                connection.close()
