"""SIGHUP: take a changed file into force in every process, without dropping a request.

gunicorn's own answer to SIGHUP, new workers for old ones, closes connections, and a file that cannot be
loaded leaves it without workers. Here the workers stay: the master loads first, for the workers to come,
and passes the signal on only if that went well.
"""

import contextlib
import os
import queue
import signal
import socket
import struct
import threading
from collections.abc import Callable
from types import FrameType

from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]  # gunicorn has no types
from gunicorn.glogging import Logger  # type: ignore[import-untyped]
from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]

from cds_service.errors import place_of
from pathway.errors import PathwayError

SILENCE_S = 5  # in the middle of a request; slow networks send something within that
# how the messages of this module begin; the server's log lets them through
MESSAGES = ("Reloaded", "Reload refused", "Reload failed", "Nothing to reload")


def hold_hangups() -> None:
    """Keep SIGHUP waiting for this process; what is forked from it inherits that."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})


def release_hangups() -> None:
    """Let SIGHUP through, also one that came meanwhile."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})


def reloaded(reload: Callable[[], None] | None, log: Logger) -> bool:
    """Reload in this process and say what came of it; the value: whether something new is in force."""
    if reload is None:
        log.info("Nothing to reload (pid: %s)", os.getpid())
        return False
    try:
        reload()
    except PathwayError as error:  # its message is ours, and safe
        log.error("Reload refused, what was in force stays (pid: %s): %s", os.getpid(), error)
        return False
    except Exception as error:  # noqa: BLE001 - a defect of ours must not end the server
        kind, place = type(error).__name__, place_of(error)
        log.error("Reload failed, what was in force stays (pid: %s): %s at %s", os.getpid(), kind, place)
        return False
    log.info("Reloaded (pid: %s)", os.getpid())
    return True


class ReloadingArbiter(Arbiter):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's master process; its app has the attribute `reload_in_force`."""

    def init_signals(self) -> None:
        """Let SIGHUP through as soon as its handler stands; before, it would end the process."""
        super().init_signals()
        release_hangups()

    def wait_for_signals(self, timeout: float = 1.0) -> list[int]:
        """Several SIGHUPs that came together are one; the others stay in their order."""
        signals: list[int] = super().wait_for_signals(timeout)
        if signal.SIGHUP not in signals:
            return signals
        return [signal.SIGHUP, *(number for number in signals if number != signal.SIGHUP)]

    def handle_hup(self) -> None:
        """Reload here, then in the workers; they stay as they are when it is refused."""
        if reloaded(self.app.reload_in_force, self.log):
            self.kill_workers(signal.SIGHUP)

    def spawn_worker(self) -> int:
        """Fork with SIGHUP held, so that one for the new worker waits until its handler stands.

        It would be lost otherwise: between fork and handler the worker would go on with what was in force
        when it was forked, or end, for that is what SIGHUP does to a process without a handler.
        """
        hold_hangups()
        try:
            pid: int = super().spawn_worker()
            return pid
        finally:
            release_hangups()  # in the master; a worker comes here only to exit


class ReloadingWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's worker with threads, and one more that reloads while the others go on answering."""

    def handle(self, conn: TConn) -> object:
        """Answer a connection; a client that sends nothing for a while loses the thread that waits for it."""
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", SILENCE_S, 0))
        return super().handle(conn)

    def init_signals(self) -> None:
        """Set our handler beside gunicorn's, then let SIGHUP through."""
        super().init_signals()
        # A handler runs between any two instructions of the main thread, also while that holds a lock: it may
        # only do what needs none. SimpleQueue is made for that; to start a thread is not.
        self._hangups: queue.SimpleQueue[int] = queue.SimpleQueue()
        threading.Thread(target=self._reload_when_told, name="reload", daemon=True).start()
        signal.signal(signal.SIGHUP, self._hang_up)
        signal.siginterrupt(signal.SIGHUP, False)  # noqa: FBT003 - as gunicorn does: calls go on undisturbed
        # gunicorn never reads this pipe: after 65,536 signals it is full, and each more would print a warning
        signal.set_wakeup_fd(self.PIPE[1], warn_on_full_buffer=False)
        release_hangups()

    def _hang_up(self, number: int, _: FrameType | None) -> None:
        self._hangups.put(number)

    def _reload_when_told(self) -> None:
        """One reload at a time, and one for all signals that came before it began."""
        while True:
            self._hangups.get()
            with contextlib.suppress(queue.Empty):
                while True:
                    self._hangups.get_nowait()
            reloaded(self.app.reload_in_force, self.log)
