"""Bounded access to the database: once it has failed nobody waits for it, until it is found to be back.

This is what is called a circuit breaker. Being late once is no failure: on a busy machine it costs the call
that met it, and the next is tried again. One per process: after a fork the child begins anew, since
connections, locks and threads cannot be shared.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from sqlalchemy import Connection

from cds_service.logs import Log
from cds_service.store.errors import StoreAwayError, StoreError, StoreLateError
from cds_service.store.lines import Line

T = TypeVar("T")
WORK_S = 2.0  # for work beside the calls
PREPARE_S = 60.0  # for migrations, perhaps of another process
LATE_IN_A_ROW = 3  # so many calls one after another: the database is away
Task: TypeAlias = Callable[[Line], object]


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
        self,
        new_line: Callable[[], Line],
        prepare: Callable[[Connection], object],
        *,
        new_side_line: Callable[[], Line],
        kind: str,
        log: Log,
    ) -> None:
        """The way is open until it is found not to be.

        Args:
            new_line: Makes the line of a process; connects to nothing yet.
            new_side_line: Makes the one for work beside the calls.
            prepare: Done first when the database is back: brings its tables up to date, and fails
                when it cannot be written.
            kind: What the log calls the database.
            log: Told once when the database goes away and once when it is back.
        """
        self.back_off = BackOff()
        self._new_line = new_line
        self._new_side_line = new_side_line
        self._prepare = prepare
        self._log = log.bind(store=kind)
        self._when_back: list[Task] = []
        self._cause: str | None = None
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._line: Line | None = None
        self._side_line = new_side_line()
        self._inherited: tuple[Line | None, Line] | None = None
        self._process = 0
        self._away_since = 0.0
        self._seeker: threading.Thread | None = None
        self._beside: threading.Thread | None = None
        self._tasks: deque[tuple[Task, Line]] = deque()
        self._late = 0  # calls, one after another, since the last that was not
        self._late_at = 0.0  # when the last of them gave up

    @property
    def cause(self) -> str | None:
        """Why the database is away; None: it is not, as far as is known."""
        return self._cause

    def when_back(self, deliver: Task) -> None:
        """Have `deliver` called, beside the calls, when the database is back; it may raise StoreAwayError.

        It may be called again soon after: for what came while it was at work.
        """
        self._when_back.append(deliver)

    def run(self, work: Callable[[Connection], T], within_s: float) -> T:
        """What `work` gives, on a connection of this process.

        Raises:
            StoreAwayError: the database is away (at once), failed, or was late.
        """
        began = time.monotonic()
        try:
            result = self._run_on(self._own_line(), work, within_s)
        except StoreLateError as error:
            self._was_late(error.cause, began)
            raise
        self._late = 0
        return result

    def run_beside(self, work: Callable[[Connection], T], within_s: float) -> T:
        """The same for work beside the calls: on a connection of its own, so that no call waits for it.

        That it is late says nothing about the calls: they do without the database only when it failed.

        Raises:
            StoreAwayError: the database is away (at once), failed, or was late.
        """
        self._own_line()
        return self._run_on(self._side_line, work, within_s)

    def lose(self, cause: str, *, seek: bool = True) -> None:
        """The database was found to be away."""
        with self._lock:
            if self._cause is None:
                self._cause = cause
                self._away_since = time.monotonic()
                self._log.error("store.away", reason=cause)
        if seek:
            self._seek()

    def soon(self, task: Task, *, beside: bool = False) -> None:
        """Do `task` beside the calls, after the others there; when it waits there already, once is enough.

        One that is late is done again. Nothing is done while the database is away: see `when_back`.

        Args:
            task: May raise StoreAwayError.
            beside: On the connection for such work; False: on one of the calls, as to warm it.
        """
        own_line = self._own_line()
        job = (task, self._side_line if beside else own_line)
        with self._lock:
            if self._cause is not None or self._closing.is_set() or job in self._tasks:
                return
            self._tasks.append(job)
            if self._beside is None or not self._beside.is_alive():
                self._beside = _started(self._do_tasks, "store-task")

    def close(self) -> None:
        """Close this process's connections."""
        self._closing.set()
        with self._lock:
            line = self._line if self._process == os.getpid() else None
            side_line = self._side_line
            threads = [thread for thread in (self._seeker, self._beside) if thread is not None and line]
        if line is not None:
            line.close()
            side_line.close()
        for thread in threads:
            thread.join(timeout=WORK_S)

    def _run_on(self, line: Line, work: Callable[[Connection], T], within_s: float) -> T:
        if self._cause is not None:
            self._seek()
            raise StoreAwayError(self._cause)
        try:
            return line.run(work, within_s)
        except StoreLateError:
            raise
        except StoreAwayError as error:
            self.lose(error.cause)
            raise

    def _was_late(self, cause: str, began: float) -> None:
        """Calls that waited at the same time met the same delay, and are one."""
        with self._lock:
            if began >= self._late_at:
                self._late += 1
                self._late_at = time.monotonic()
            is_away = self._late >= LATE_IN_A_ROW
        if is_away:
            self.lose(cause)
        else:
            self._log.warning("store.late", reason=cause)

    def _own_line(self) -> Line:
        if self._process == os.getpid() and self._line is not None:
            return self._line
        with self._lock:
            if self._process != os.getpid() or self._line is None:
                # what the parent opened is its own: it is not used from here, nor closed by being dropped
                self._inherited = (self._line, self._side_line)
                self._line = self._new_line()
                self._side_line = self._new_side_line()
                self._seeker = self._beside = None
                self._tasks.clear()
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
            self._late = 0
            away_s = time.monotonic() - self._away_since
            self._seeker = None
        self._log.info("store.back", seconds=round(away_s, 1))
        for deliver in self._when_back:  # for calls that did not see yet that it is back
            self.soon(deliver, beside=True)

    def _do_tasks(self) -> None:
        while (job := self._next_task()) is not None:
            task, line = job
            try:
                task(line)
            except StoreLateError:
                self._closing.wait(self.back_off.first_s)
                self.soon(task, beside=line is self._side_line)
            except StoreAwayError as error:
                self.lose(error.cause)

    def _next_task(self) -> tuple[Task, Line] | None:
        with self._lock:
            if self._cause is not None or self._closing.is_set():
                self._tasks.clear()
            if self._tasks:
                return self._tasks.popleft()
            self._beside = None
            return None


def _started(target: Callable[[], object], name: str) -> threading.Thread:
    thread = threading.Thread(target=target, name=name, daemon=True)
    thread.start()
    return thread
