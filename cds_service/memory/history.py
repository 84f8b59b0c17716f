"""What a call needs of the past: read within 20 ms, or not at all.

The read has a way to the database of its own: one that is late must not be taken for a database that is
away by those who have more time, nor wait behind them.
"""

from collections.abc import Callable

from sqlalchemy import Connection

from cds_service.logs import Log
from cds_service.memory.past import Question, past_of
from cds_service.memory.past_statements import probe
from cds_service.store.access import WORK_S, Access
from cds_service.store.connecting import connector
from cds_service.store.couriers import Couriers
from cds_service.store.direct import DirectLine
from cds_service.store.errors import StoreAwayError
from cds_service.store.lines import Line
from cds_service.store.location import SQLITE, Location
from pathway.quieting import Past

READ_S = 0.02


class History:
    """Reads the past of one patient at a time."""

    def __init__(self, access: Access, *, within_s: float = READ_S) -> None:
        """Nothing is asked of the database yet; `access` is `reading_access` or as quick."""
        self._access = access
        self._within_s = within_s

    def read(self, question: Question) -> Past | None:
        """What is remembered; None: it could not be read in time."""
        try:
            return self._access.run(lambda connection: past_of(connection, question), self._within_s)
        except StoreAwayError:
            return None

    def warm(self) -> None:
        """Connect beside the calls: for a worker just forked, so that its first call need not."""
        self._access.soon(lambda line: line.run(_probe, WORK_S))

    def close(self) -> None:
        """Close this process's connections."""
        self._access.close()


def reading_access(location: Location, *, log: Log, threads: int = 4, within_s: float = READ_S) -> Access:
    """A way to the store for reads that nobody waits for longer than `within_s`.

    Args:
        location: Where the store is.
        log: Told when it goes away, for reads, and is back.
        threads: How many connections a process may have to a database server.
        within_s: Of a call's time.
    """
    return Access(
        _new_line(location, threads, within_s),
        _probe,
        new_side_line=_new_line(location, 1, WORK_S),
        kind=f"{location.kind}, history",
        log=log,
    )


def _new_line(location: Location, threads: int, within_s: float) -> Callable[[], Line]:
    if location.kind == SQLITE:
        connect = connector(location, patience_s=within_s / 2)
        return lambda: DirectLine(connect, patience_s=within_s / 2, file=location.file)
    connect = connector(location, patience_s=max(within_s, WORK_S))
    return lambda: Couriers(connect, width=threads)


def _probe(connection: Connection) -> None:
    connection.execute(probe()).all()
