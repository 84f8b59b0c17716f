"""The threads in which a process waits for FHIR servers: few, shared, and made when first needed."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

# A call asks nine searches at once and looks drugs up besides: enough for the four that a process answers
# side by side by default. With fewer, a server that answers in time would be late for the last of them.
THREADS = 48  # of a process
WAITING = 64  # jobs that may wait for one


class Pool:
    """Runs jobs side by side; refuses them rather than letting a queue grow."""

    def __init__(self, threads: int = THREADS, waiting: int = WAITING) -> None:
        self._threads, self._most = threads, threads + waiting
        self._lock = threading.Lock()
        self._running: _Running | None = None

    def submit(self, job: Callable[[], None]) -> "Future[None] | None":
        """Run a job soon; None where too many wait already."""
        return self._of_this_process().submit(job)

    def close(self) -> None:
        """Let running jobs end and stop the threads."""
        with self._lock:
            running, self._running = self._running, None
        if running is not None:
            running.executor.shutdown()

    def _of_this_process(self) -> "_Running":
        """Threads do not survive a fork: a child process makes its own."""
        running = self._running
        if running is None or running.process != os.getpid():
            with self._lock:
                running = self._running
                if running is None or running.process != os.getpid():
                    running = self._running = _Running(self._threads, self._most)
        return running


class _Running:
    """The threads of one process."""

    def __init__(self, threads: int, most: int) -> None:
        self.process = os.getpid()
        self.executor = ThreadPoolExecutor(threads, thread_name_prefix="fhir")
        self._room = threading.BoundedSemaphore(most)

    def submit(self, job: Callable[[], None]) -> "Future[None] | None":
        if not self._room.acquire(blocking=False):
            return None
        future = self.executor.submit(job)
        future.add_done_callback(lambda _: self._room.release())
        return future
