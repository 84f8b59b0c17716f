"""Opens the store: its tables are brought up to date once, before the workers are forked.

A setting that cannot be right stops the start. A database that cannot be reached or written does not: the
service answers without it, says so in its log and at /readyz, and looks for it until it is back.
"""

import time
from collections.abc import Callable

from sqlalchemy import Connection

from cds_service.logs import Log
from cds_service.store.access import PREPARE_S, WORK_S, Access
from cds_service.store.connecting import connector
from cds_service.store.couriers import Couriers
from cds_service.store.direct import DirectLine
from cds_service.store.errors import StoreAwayError
from cds_service.store.lines import Line
from cds_service.store.location import SQLITE, Location, location_of
from cds_service.store.migrating import migrate
from cds_service.store.nonces import LIMIT_S, Nonces, can_be_written
from cds_service.store.tables import REVISION

OK = "ok"
AWAY = "away: worker-local memory"
START_PATIENCE_S = 30.0  # for another replica that is bringing the tables up to date


class Store:
    """The database of the service, or what stands in while it is away."""

    def __init__(self, access: Access, nonces: Nonces, *, kind: str, limit_s: float) -> None:
        """Made by `open_store`."""
        self.nonces = nonces
        self.kind = kind  # "sqlite" or "postgresql"
        self._access = access
        self._limit_s = limit_s

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
            self._access.soon(lambda line: line.run(can_be_written, WORK_S))
        else:
            self.check()  # has it looked for

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
    access = Access(_new_line(location, threads, limit_s), _prepared, kind=location.kind, log=log)
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
    return Store(access, nonces, kind=location.kind, limit_s=limit_s)


def _prepared(connection: Connection) -> bool:
    migrated = migrate(connection)
    can_be_written(connection)
    return migrated


def _new_line(location: Location, threads: int, limit_s: float) -> Callable[[], Line]:
    if location.kind == SQLITE:
        # half of a call's time may go to waiting for other threads, half to waiting for other processes
        connect = connector(location, patience_s=limit_s / 2)
        return lambda: DirectLine(connect, patience_s=limit_s / 2)
    connect = connector(location, patience_s=max(limit_s, WORK_S))
    return lambda: Couriers(connect, width=threads)
