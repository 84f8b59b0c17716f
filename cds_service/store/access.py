"""Bounded access to the database: once it has failed nobody waits for it, until it is found to be back.

This is what is called a circuit breaker. One per process: after a fork the child begins anew, since
connections, locks and threads cannot be shared.
"""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection

from cds_service.logs import Log
from cds_service.store.errors import StoreAwayError, StoreError
from cds_service.store.lines import Line

T = TypeVar("T")
WORK_S = 2.0  # for work beside the calls
PREPARE_S = 60.0  # for migrations, perhaps of another process


@dataclass(frozen=True, slots=True)
class BackOff:
    """How long to wait before the database is tried again: doubled each time, up to a longest."""

    first_s: float = 0.25
    longest_s: float = 5.0

    def after(self, wait_s: float) -> float:
        """The wait that follows a wait of `wait_s`."""
        return min(wait_s * 2, self.longest_s)


class Access:
    """The way to the database, open or not."""

    def __init__(
        self, new_line: Callable[[], Line], prepare: Callable[[Connection], object], *, kind: str, log: Log
    ) -> None:
        """The way is open until it is found not to be.

        Args:
            new_line: Makes the line of a process; connects to nothing yet.
            prepare: Done first when the database is back: brings its tables up to date, and fails
                when it cannot be written.
            kind: What the log calls the database.
            log: Told once when the database goes away and once when it is back.
        """
        self.back_off = BackOff()
        self._new_line = new_line
        self._prepare = prepare
        self._log = log.bind(store=kind)
        self._when_back: list[Callable[[Line], object]] = []
        self._cause: str | None = None
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._line: Line | None = None
        self._inherited: Line | None = None
        self._process = 0
        self._away_since = 0.0
        self._seeker: threading.Thread | None = None
        self._beside: threading.Thread | None = None

    @property
    def cause(self) -> str | None:
        """Why the database is away; None: it is not, as far as is known."""
        return self._cause

    def when_back(self, deliver: Callable[[Line], object]) -> None:
        """Have `deliver` called, beside the calls, when the database is back; it may raise StoreAwayError."""
        self._when_back.append(deliver)

    def run(self, work: Callable[[Connection], T], within_s: float) -> T:
        """What `work` gives, on a connection of this process.

        Raises:
            StoreAwayError: the database is away (at once), failed, or was late.
        """
        line = self._own_line()
        if self._cause is not None:
            self._seek()
            raise StoreAwayError(self._cause)
        try:
            return line.run(work, within_s)
        except StoreAwayError as error:
            self.lose(error.cause)
            raise

    def lose(self, cause: str, *, seek: bool = True) -> None:
        """The database was found to be away."""
        with self._lock:
            if self._cause is None:
                self._cause = cause
                self._away_since = time.monotonic()
                self._log.error("store.away", reason=cause)
        if seek:
            self._seek()

    def soon(self, task: Callable[[Line], object]) -> None:
        """Do `task` beside the calls, unless one is being done already."""
        line = self._own_line()
        with self._lock:
            if self._cause is None and (self._beside is None or not self._beside.is_alive()):
                self._beside = _started(lambda: self._do(task, line), "store-task")

    def close(self) -> None:
        """Close this process's connections."""
        self._closing.set()
        with self._lock:
            line = self._line if self._process == os.getpid() else None
            threads = [thread for thread in (self._seeker, self._beside) if thread is not None and line]
        if line is not None:
            line.close()
        for thread in threads:
            thread.join(timeout=WORK_S)

    def _own_line(self) -> Line:
        if self._process == os.getpid() and self._line is not None:
            return self._line
        with self._lock:
            if self._process != os.getpid() or self._line is None:
                # what the parent opened is its own: it is not used from here, nor closed by being dropped
                self._inherited = self._line
                self._line = self._new_line()
                self._seeker = self._beside = None
                self._process = os.getpid()
            return self._line

    def _seek(self) -> None:
        """See to it that somebody looks for the database."""
        line = self._own_line()
        if self._seeker is not None and self._seeker.is_alive():
            return
        with self._lock:
            if self._cause is not None and (self._seeker is None or not self._seeker.is_alive()):
                self._seeker = _started(lambda: self._try_until_back(line), "store-seeker")

    def _try_until_back(self, line: Line) -> None:
        wait_s = self.back_off.first_s
        refused = False
        while not self._closing.wait(wait_s):
            try:
                line.run(self._prepare, PREPARE_S)
                for deliver in self._when_back:
                    deliver(line)
            except StoreAwayError:
                wait_s = self.back_off.after(wait_s)
            except StoreError as error:
                if not refused:
                    self._log.error("store.refused", error=type(error).__name__)
                refused, wait_s = True, self.back_off.longest_s
            else:
                self._found()
                return

    def _found(self) -> None:
        with self._lock:
            self._cause = None
            away_s = time.monotonic() - self._away_since
            self._seeker = None
        self._log.info("store.back", seconds=round(away_s, 1))

    def _do(self, task: Callable[[Line], object], line: Line) -> None:
        try:
            task(line)
        except StoreAwayError as error:
            self.lose(error.cause)


def _started(target: Callable[[], object], name: str) -> threading.Thread:
    thread = threading.Thread(target=target, name=name, daemon=True)
    thread.start()
    return thread
