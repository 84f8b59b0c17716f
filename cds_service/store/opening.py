"""Opens the store: its tables are brought up to date once, before the workers are forked.

A setting that cannot be right stops the start. A database that cannot be reached or written does not: the
service answers without it, says so in its log and at /readyz, and looks for it until it is back.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from cds_service.logs import Log
from cds_service.store.access import PREPARE_S, WORK_S, Access
from cds_service.store.connecting import connector, secure_log
from cds_service.store.couriers import Couriers
from cds_service.store.direct import DirectLine
from cds_service.store.errors import StoreAwayError
from cds_service.store.lines import Line
from cds_service.store.location import SQLITE, Location, location_of
from cds_service.store.migrating import migrate
from cds_service.store.nonces import LIMIT_S, Nonces, can_be_written
from cds_service.store.tables import REVISION

T = TypeVar("T")
OK = "ok"
AWAY = "away: worker-local memory"
CHECKPOINT = "PRAGMA wal_checkpoint(PASSIVE)"
START_PATIENCE_S = 30.0  # for another replica that is bringing the tables up to date


class Store:
    """The database of the service, or what stands in while it is away."""

    def __init__(self, access: Access, nonces: Nonces, *, location: Location, limit_s: float) -> None:
        """Made by `open_store`."""
        self.nonces = nonces
        self.kind = location.kind  # "sqlite" or "postgresql"
        self.file: Path | None = location.file  # of SQLite
        self._access = access
        self._limit_s = limit_s
        self._secured = 0  # which log

    @property
    def state(self) -> str:
        """For /readyz: `OK` or `AWAY`, as this process knows it."""
        return OK if self._access.cause is None else AWAY

    def check(self) -> str:
        """The same after a look, within the time limit of a call."""
        try:
            self._access.run(can_be_written, self._limit_s)
        except StoreAwayError:
            return AWAY
        return OK

    def warm(self) -> None:
        """Connect beside the calls: for a worker just forked, so that its first call need not."""
        if self._access.cause is None:
            self._access.soon(_warm)
        else:
            self.check()  # has it looked for

    def run_beside(self, work: Callable[[Connection], T], within_s: float = WORK_S) -> T:
        """What `work` gives, beside the calls: none of them waits for its connection.

        Args:
            work: Harmless when run twice, as `Line` says. With SQLite a transaction of it must be short, for
                calls wait to write.
            within_s: How long it may take.

        Raises:
            StoreAwayError: the database is away (at once), failed, or was late.
        """
        return self._access.run_beside(work, within_s)

    def secure(self) -> None:
        """Return when what was committed would outlive a power cut, as far as the disk tells the truth.

        A database server sees to that at each commit; SQLite is told not to, for others would wait meanwhile.

        Raises:
            OSError: the disk failed.
        """
        if self.file is not None:
            with suppress(FileNotFoundError):  # emptied and removed: the file itself has it all
                self._secured = secure_log(self.file, known=self._secured)

    def settle(self) -> None:
        """Write SQLite's log into its file; the caller waits for the disk, calls do not.

        Done by who writes, between two writes: only a log that is written out whole is begun anew.

        Raises:
            StoreAwayError: the database failed.
        """
        if self.file is not None:
            self.run_beside(lambda connection: connection.exec_driver_sql(CHECKPOINT).all())

    def close(self) -> None:
        """Close this process's connections."""
        self._access.close()


def open_store(
    setting: str | None,
    *,
    log: Log,
    threads: int = 4,
    limit_s: float = LIMIT_S,
    now: Callable[[], float] = time.time,
) -> Store:
    """Open the store and bring its tables up to date; no connection is left open.

    Args:
        setting: BACKPATH_STORE; None: SQLite in ./backpath-data/.
        log: Told what was done, and when the database goes away and is back.
        threads: How many connections a process may have to a database server.
        limit_s: What a call may wait for the database.
        now: s since 1970.

    Raises:
        StoreError: the setting cannot be used, or the tables are of a newer version.
    """
    location = location_of(setting)
    access = Access(
        _new_line(location, threads, limit_s),
        _prepared,
        new_side_line=_new_line(location, 1, WORK_S),
        kind=location.kind,
        log=log,
    )
    nonces = Nonces(access, kind=location.kind, now=now, limit_s=limit_s)
    opening = _new_line(location, 1, START_PATIENCE_S)()
    try:
        migrated = opening.run(_prepared, PREPARE_S)
    except StoreAwayError as error:
        access.lose(error.cause, seek=False)  # no thread before the fork; the workers look for it
    else:
        log.info("store.opened", store=location.kind, revision=REVISION, migrated=migrated)
    finally:
        opening.close()
    return Store(access, nonces, location=location, limit_s=limit_s)


def _prepared(connection: Connection) -> bool:
    migrated = migrate(connection)
    can_be_written(connection)
    return migrated


def _warm(line: Line) -> None:
    line.run(can_be_written, WORK_S)


def _new_line(location: Location, threads: int, limit_s: float) -> Callable[[], Line]:
    if location.kind == SQLITE:
        connect = connector(location, patience_s=limit_s)
        return lambda: DirectLine(connect, patience_s=limit_s, file=location.file)
    connect = connector(location, patience_s=max(limit_s, WORK_S))
    return lambda: Couriers(connect, width=threads)
