"""A kept connection to the outbox, which finds out by itself when the file is another or is damaged."""

import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from cds_service.logs import Log
from cds_service.memory.file_locks import FileLock
from cds_service.memory.outbox_files import LOG_SUFFIX, inode_of, is_damage, move_aside, opened, with_suffix
from cds_service.store.errors import cause_of

T = TypeVar("T")
LOCK_SUFFIX = ".lock"


class Pen:
    """For all threads of a process in turn.

    While a pen is used it holds the lock of the file together with the other pens; to make the file, or to
    replace a damaged one, it must hold it alone. So nobody writes into a file that has been moved aside.
    """

    def __init__(self, file: Path, *, most_bytes: int | None, patience_s: float, log: Log) -> None:
        """Open nothing yet; see `outbox_files.opened`."""
        self._file = file
        self._most_bytes = most_bytes
        self._patience_s = patience_s
        self._log = log
        self._threads = threading.Lock()
        self._processes = FileLock(with_suffix(file, LOCK_SUFFIX))
        self._connection: sqlite3.Connection | None = None
        self._inherited: sqlite3.Connection | None = None
        self._inode = 0
        self._process = 0

    def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` gives; once more on a new file when it finds the old one damaged.

        Raises:
            sqlite3.Error: the work failed.
            OSError: the file or its lock is not to be had; TimeoutError: not in time.
        """
        if not self._threads.acquire(timeout=self._patience_s):
            raise TimeoutError
        try:
            return self._carry_out(work)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            self._replace(cause_of(error))
            return self._carry_out(work)
        finally:
            self._threads.release()

    def alone(self, work: Callable[[], T]) -> T:
        """What `work` gives while no pen of any process is used.

        Raises:
            OSError: the lock is not to be had; TimeoutError: not in time.
        """
        with self._threads, self._processes.taken(alone=True, within_s=self._patience_s):
            return work()

    def close(self) -> None:
        """Close what is open; it is opened again when needed."""
        with self._threads:
            if self._process == os.getpid():
                self._drop()
            self._processes.close()

    def _carry_out(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self._forget_inherited()
        with self._processes.taken(alone=False, within_s=self._patience_s):
            if self._connection is not None and self._inode == inode_of(self._file):
                return self._write(self._connection, work)
            if _size(self._file) > 0:
                return self._write(self._open(), work)
        with self._processes.taken(alone=True, within_s=self._patience_s):
            return self._write(self._open(), work)  # makes it

    def _write(self, connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return work(connection)
        except BaseException:
            if connection.in_transaction:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
            if connection.in_transaction:
                self._drop()
            raise

    def _open(self) -> sqlite3.Connection:
        self._drop()
        self._inode = inode_of(self._file)
        self._connection = opened(self._file, most_bytes=self._most_bytes, patience_s=self._patience_s)
        self._inode = inode_of(self._file)
        return self._connection

    def _replace(self, cause: str) -> None:
        """Move the damaged file aside, unless another process has done so."""
        with self._processes.taken(alone=True, within_s=self._patience_s):
            if self._inode == inode_of(self._file):
                aside = move_aside(self._file)
                size = sum(_size(with_suffix(aside, suffix)) for suffix in ("", LOG_SUFFIX))
                self._log.error("outbox.damaged", reason=cause, file=aside.name, bytes=size)
            self._drop()  # not before it was moved: SQLite would tidy up, and write over what can be read

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _forget_inherited(self) -> None:
        """What the parent opened is its own: it is not used from here, nor closed by being dropped."""
        if self._process != os.getpid():
            self._inherited, self._connection = self._connection, None
            self._process = os.getpid()


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
