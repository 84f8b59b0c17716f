"""The line to a database server: work is handed to threads of its own, each with a connection.

A server that has been stopped or cut off keeps a statement waiting for as long as it likes: no time limit
of PostgreSQL or of its client ends that. So the caller only waits for a courier, and one that is late is
freed by shutting its socket.
"""

import os
import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from cds_service.store.connecting import CONNECT_S, Connect
from cds_service.store.errors import StoreAwayError, StoreLateError, cause_of, failure_of

T = TypeVar("T")
TRY_AFTER_S = 20.0  # servers and proxies close what is idle


class Job(Generic[T]):
    """One piece of work on its way."""

    def __init__(self, work: Callable[[Connection], T]) -> None:
        self.work = work
        self.abandoned = False  # nobody waits any more
        self._begun_again = False
        self._result: list[T] = []
        self._error: Exception | None = None
        self._done = threading.Lock()
        self._done.acquire()

    def carry_out(self, connection: Connection) -> "Carried":
        """Run the work."""
        try:
            self._result.append(self.work(connection))
        except SQLAlchemyError as error:
            if _is_broken(error) and not self.abandoned and not self._begun_again:
                self._begun_again = True
                return Carried.NOT_YET
            self.fail(failure_of(error))
            return Carried.BROKEN
        except Exception as error:  # noqa: BLE001 - raised again where the caller waits
            self.fail(error)
            return Carried.DONE
        self._done.release()
        return Carried.DONE

    def fail(self, error: Exception) -> None:
        """Tell the caller that it came to nothing."""
        self._error = error
        self._done.release()

    def wait(self, within_s: float) -> T:
        """The result.

        Raises:
            StoreAwayError: it failed, or did not come in time.
        """
        if not self._done.acquire(timeout=within_s):
            self.abandoned = True
            raise StoreLateError("late")
        if self._error is not None:
            raise self._error
        return self._result[0]


class Carried(Enum):
    """What became of a job."""

    DONE = auto()  # or no longer waited for
    BROKEN = auto()  # it failed, and the connection cannot be trusted any more
    NOT_YET = auto()  # the connection was found closed, or broke: another is to carry the job


class Courier:
    """A connection and the job that is on it; `cut` may be called by any thread."""

    def __init__(self, connection: Connection, *, try_after_s: float) -> None:
        """Lent to one thread; `try_after_s`: see `Couriers`."""
        self._try_after_s = try_after_s
        self._connection = connection
        # our own handle of the socket: the client's may be closed, and its number given away, at any time
        self._socket = socket.socket(fileno=os.dup(connection.connection.driver_connection.fileno()))  # type: ignore[union-attr]  # psycopg's
        self._lock = threading.Lock()  # between `cut` and the beginning and end of a job
        self._job: Job[Any] | None = None
        self._used = time.monotonic()

    def carry_out(self, job: Job[Any], *, broke_at: float) -> Carried:
        """Run the job, if it is still waited for; `broke_at`: when another connection was found broken."""
        with self._lock:
            if job.abandoned:
                return Carried.DONE
            self._job = job
        try:
            if not self._answers(broke_at):
                return Carried.NOT_YET
            return job.carry_out(self._connection)
        finally:
            with self._lock:
                self._job = None
            self._used = time.monotonic()

    def _answers(self, broke_at: float) -> bool:
        """The connection still works, as far as can be told without asking each time."""
        is_fresh = self._used > max(broke_at, time.monotonic() - self._try_after_s)
        if is_fresh and not self._is_spoken_to():
            return True
        try:
            self._connection.exec_driver_sql("SELECT 1")
        except SQLAlchemyError:
            return False
        return True

    def _is_spoken_to(self) -> bool:
        """There is something to read that nobody asked for: that the server ends the session, mostly."""
        waiting = select.poll()  # `select.select` knows no handle beyond 1023
        waiting.register(self._socket, select.POLLIN)
        return bool(waiting.poll(0))

    def cut(self, job: Job[Any]) -> None:
        """Shut the socket if `job` is still waiting on it: the courier gets an error and starts anew."""
        with self._lock:
            if self._job is job:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def close(self, *, usable: bool) -> None:
        """Close the connection; one that is not usable without a word to the server."""
        with suppress(SQLAlchemyError):
            if not usable:
                self._connection.invalidate()
            self._connection.close()
        with self._lock:
            self._socket.close()


class Couriers:
    """Up to `width` couriers, each started when there is work and none is free."""

    def __init__(self, connect: Connect, *, width: int, try_after_s: float = TRY_AFTER_S) -> None:
        """Nothing is connected yet.

        Args:
            connect: Makes a courier's connection.
            width: How many couriers there may be.
            try_after_s: Unused for so long, a connection is tried before work is put on it.
        """
        self._try_after_s = try_after_s
        self._connect = connect
        self._width = width
        self._lock = threading.Lock()
        self._jobs: SimpleQueue[Job[Any] | None] = SimpleQueue()
        self._free = 0  # connected couriers less jobs on their way
        self._threads: set[threading.Thread] = set()
        self._at_work: set[Courier] = set()
        self._broke_at = 0.0  # when a connection was last found broken: the others are perhaps, too
        self._closed = False

    def run(self, work: Callable[[Connection], T], within_s: float) -> T:
        """See `Line`."""
        job = Job(work)
        with self._lock:
            if self._closed:
                raise StoreAwayError("closed")
            self._free -= 1
            self._jobs.put(job)
            if self._free < 0 and len(self._threads) < self._width:
                self._start()
        try:
            return job.wait(within_s)
        except StoreAwayError:
            if job.abandoned:
                self._cut(job)
            raise

    def settle(self) -> None:
        """Nothing: a server does this by itself."""

    def close(self) -> None:
        """Let the couriers finish what they do, and wait for them a moment."""
        with self._lock:
            self._closed = True
            threads = tuple(self._threads)
            for _ in threads:
                self._jobs.put(None)
        for thread in threads:
            thread.join(timeout=CONNECT_S + 1)

    def _start(self) -> None:
        thread = threading.Thread(target=self._serve, name="store-courier", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _cut(self, job: Job[Any]) -> None:
        with self._lock:
            couriers = tuple(self._at_work)
        for courier in couriers:
            courier.cut(job)

    def _serve(self) -> None:
        """The life of a courier: connect, carry jobs, connect again when the connection broke."""
        cause = "closed"
        try:
            while self._carry(Courier(self._connect(), try_after_s=self._try_after_s)):
                pass
        except (SQLAlchemyError, OSError) as error:
            cause = cause_of(error)
        finally:
            self._leave(cause)

    def _carry(self, courier: Courier) -> bool:
        """Carry jobs for as long as the connection holds; False: there will be no more."""
        usable = True
        with self._lock:
            self._free += 1
            self._at_work.add(courier)
        try:
            while usable:
                job = self._jobs.get()
                if job is None:
                    return False
                usable = self._is_usable_after(job, courier)
        finally:
            with self._lock:
                self._free -= 1
                self._at_work.discard(courier)
            courier.close(usable=usable)
        return True

    def _is_usable_after(self, job: Job[Any], courier: Courier) -> bool:
        """Carry one job; False: this connection can carry no more."""
        carried = courier.carry_out(job, broke_at=self._broke_at)
        if carried is not Carried.DONE:
            self._broke_at = time.monotonic()
        with self._lock:
            if carried is Carried.NOT_YET:
                self._jobs.put(job)  # for the connection that takes this one's place
            else:
                self._free += 1
        return carried is Carried.DONE

    def _leave(self, cause: str) -> None:
        """The last one out tells those who wait that nobody comes."""
        with self._lock:
            self._threads.discard(threading.current_thread())
            if self._threads:
                return
            with suppress(Empty):
                while True:
                    job = self._jobs.get_nowait()
                    if job is not None:
                        self._free += 1
                        job.fail(StoreAwayError(cause))


def _is_broken(error: SQLAlchemyError) -> bool:
    return isinstance(error, DBAPIError) and error.connection_invalidated
