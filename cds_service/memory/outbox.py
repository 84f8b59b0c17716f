"""What was recorded and is still to be brought into the store: a file of SQLite beside the service.

It stands between a call and the store's database, so that a database that is slow or lost delays nothing.
All processes of a service share it. A record is in it until the store has it; it is safe from a killed
process once it was appended, and from a power cut once it was appended safely.
"""

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from cds_service.logs import Log, log_to
from cds_service.memory.outbox_files import (
    SETTLED_BYTES,
    inode_of,
    keep_log,
    log_bytes,
    salvaged,
    to_salvage,
)
from cds_service.memory.parcels import DamagedError, check, packed
from cds_service.memory.pens import Pen
from cds_service.memory.records import CallRecord, FeedbackRecord
from cds_service.memory.salvaging import parcels_of
from cds_service.store.connecting import secure_log
from cds_service.store.errors import cause_of

T = TypeVar("T")
MOST_BYTES = 1_000_000_000  # some 500,000 calls: days of a database that is away
FOR_FEEDBACK_BYTES = 100_000_000  # of these, what calls leave for feedback
CALL_PATIENCE_S = 0.2  # of a call's time, for what another process writes: far more than that takes
PATIENCE_S = 2.0
SPARE_BYTES = 64_000_000  # an empty file that is larger is made small again
SALVAGED_AT_A_TIME = 200


class OutboxError(Exception):
    """The outbox did not take it: the disk is full or failed, or the outbox is.

    `cause` is loggable: SQLite's name of the error or the type of the exception.
    """

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record that waits, whole as it was written."""

    number: int
    parcel: bytes


class Outbox:
    """The outbox; for all threads, and after a fork for each process."""

    def __init__(self, file: Path, *, log: Log | None = None, most_bytes: int = MOST_BYTES) -> None:
        """Open nothing yet.

        Args:
            file: Where it is; see `outbox_files.outbox_file`.
            log: Told of damage; None: JSON lines on standard error.
            most_bytes: How large it may become.
        """
        self.file = file
        self._log = log or log_to()
        self._secured = 0  # which log of SQLite
        for_calls = most_bytes - min(FOR_FEEDBACK_BYTES, most_bytes // 10)
        self._calls = Pen(file, most_bytes=for_calls, patience_s=CALL_PATIENCE_S, log=self._log)
        self._safely = Pen(file, most_bytes=most_bytes, patience_s=PATIENCE_S, log=self._log)
        self._beside = Pen(file, most_bytes=None, patience_s=PATIENCE_S, log=self._log)

    @property
    def inode(self) -> int:
        """Of the file; a damaged one is replaced by another, whose numbers begin anew. 0: there is none."""
        return inode_of(self.file)

    def prepare(self) -> bool:
        """Make or check the file, once, before the workers are forked; nothing is left open.

        False: there is no outbox now. The service starts all the same, and tries with each call.
        """
        try:
            self._beside.alone(lambda: keep_log(self.file))
            self._beside.run(_check_whole)
        except (sqlite3.Error, OSError) as error:
            self._log.error("outbox.away", reason=cause_of(error))
            return False
        finally:
            self.close()
        return True

    def warm(self) -> None:
        """Open what calls need: for a worker just forked, so that its first call need not. Never raises."""
        for pen in (self._calls, self._safely):
            with suppress(OutboxError):  # the first call that needs it finds it out, and tells
                self._do(pen, _first)

    def append(self, record: CallRecord) -> None:
        """Write it out, without waiting for the disk.

        Raises:
            OutboxError: it was not written.
        """
        parcel = _packed(record)
        self._do(self._calls, lambda connection: connection.execute(_APPEND, (parcel,)))

    def append_safely(self, records: Sequence[FeedbackRecord]) -> None:
        """Write all of them out, or none, and return when the disk has them.

        Raises:
            OutboxError: they were not written, or the disk did not confirm it.
        """
        self._append_all(list(map(_packed, records)))

    def depth(self) -> int:
        """How many records wait.

        Raises:
            OutboxError: it cannot be read.
        """
        first, last = self._do(self._beside, _first), self._do(self._beside, _last)
        return 0 if first is None else last - first + 1

    def first(self) -> int | None:
        """The number of the record that has waited longest; None: none waits.

        Raises:
            OutboxError: it cannot be read.
        """
        return self._do(self._beside, _first)

    def last(self) -> int:
        """The number of the record that came last; 0: none waits.

        Raises:
            OutboxError: it cannot be read.
        """
        return self._do(self._beside, _last)

    def oldest(self, most: int) -> tuple[Waiting, ...]:
        """Up to `most` records, those that have waited longest.

        Raises:
            OutboxError: it cannot be read.
        """

        def read(connection: sqlite3.Connection) -> tuple[Waiting, ...]:
            rows = connection.execute(_OLDEST, (most,)).fetchall()
            for _, parcel in rows:
                check(parcel)
            return tuple(Waiting(number, parcel) for number, parcel in rows)

        return self._do(self._beside, read)

    def remove(self, waiting: Sequence[Waiting]) -> None:
        """The store has them. Done by one process at a time, in the order in which they wait.

        Raises:
            OutboxError: they are still there.
        """
        if waiting:
            bounds = (waiting[0].number, waiting[-1].number)
            self._do(self._beside, lambda connection: connection.execute(_REMOVE, bounds))

    def set_aside(self, waiting: Waiting, reason: str) -> None:
        """No store can take it: keep it, out of the way of the others.

        Raises:
            OutboxError: it is still where it was.
        """

        def move(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_SET_ASIDE, (waiting.parcel, int(time.time() * 1000), reason))
            connection.execute(_REMOVE, (waiting.number, waiting.number))
            connection.execute("COMMIT")

        self._do(self._beside, move)

    def forget_set_aside(self, before: int) -> None:
        """Remove what was set aside before a time, in ms since 1970.

        Raises:
            OutboxError: it is still there.
        """
        self._do(self._beside, lambda connection: connection.execute(_FORGET, (before,)))

    def mend(self) -> int:
        """Take over what can be read of damaged files; the value: how many records. One process at a time.

        Raises:
            OutboxError: not all was taken over; it can be done again.
        """
        try:
            return sum(map(self._salvage, tuple(to_salvage(self.file))))
        except OSError as error:
            raise OutboxError(cause_of(error)) from None

    def settle(self, *, above_bytes: int = SETTLED_BYTES) -> None:
        """Write SQLite's log into the file, and begin it anew, when it is large; calls go on meanwhile.

        Raises:
            OutboxError: it failed.
        """
        if log_bytes(self.file) > above_bytes:
            self._do(self._beside, _settle)

    def close(self) -> None:
        """Close this process's connections; they are opened again when needed."""
        for pen in (self._calls, self._safely, self._beside):
            pen.close()

    def _salvage(self, aside: Path) -> int:
        parcels, number = parcels_of(aside), 0
        while batch := list(islice(parcels, SALVAGED_AT_A_TIME)):
            self._append_all(batch)
            number += len(batch)
        name = salvaged(self.file, aside)
        if name is not None:
            self._log.warning("outbox.salvaged", records=number, file=name.name)
        return number

    def _append_all(self, parcels: Sequence[bytes]) -> None:
        def write(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_APPEND, [(parcel,) for parcel in parcels])
            connection.execute("COMMIT")

        self._do(self._safely, write)
        try:
            self._secured = secure_log(self.file, known=self._secured)
        except OSError as error:
            raise OutboxError(cause_of(error)) from None

    def _do(self, pen: Pen, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return pen.run(work)
        except (sqlite3.Error, OSError) as error:
            raise OutboxError(cause_of(error)) from None


_APPEND = "INSERT INTO outbox (parcel) VALUES (?)"
_OLDEST = "SELECT number, parcel FROM outbox ORDER BY number LIMIT ?"
_REMOVE = "DELETE FROM outbox WHERE number BETWEEN ? AND ?"
_SET_ASIDE = "INSERT OR IGNORE INTO set_aside (parcel, at, reason) VALUES (?, ?, ?)"
_FORGET = "DELETE FROM set_aside WHERE at < ?"


def _packed(record: CallRecord | FeedbackRecord) -> bytes:
    try:
        return packed(record)
    except ValueError as error:
        raise OutboxError(type(error).__name__) from None


def _first(connection: sqlite3.Connection) -> int | None:
    found: int | None = connection.execute("SELECT min(number) FROM outbox").fetchone()[0]
    return found


def _last(connection: sqlite3.Connection) -> int:
    found: int | None = connection.execute("SELECT max(number) FROM outbox").fetchone()[0]
    return found or 0


def _check_whole(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise DamagedError


def _settle(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    if _first(connection) is None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        if pages * connection.execute("PRAGMA page_size").fetchone()[0] > SPARE_BYTES:
            connection.execute("VACUUM")
