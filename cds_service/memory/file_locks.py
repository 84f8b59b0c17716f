"""Locks between processes, which the kernel opens when their holder dies, however it dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cds_service.store.location import make_file

LOOK_AGAIN_S = 0.001


class FileLock:
    """`flock` on a file of its own; of one thread at a time."""

    def __init__(self, file: Path) -> None:
        """Nothing is opened yet."""
        self._file = file
        self._handle = -1
        self._process = 0

    @contextmanager
    def taken(self, *, alone: bool, within_s: float) -> Iterator[None]:
        """Hold the lock, alone or together with others that do not want it alone.

        Raises:
            TimeoutError: it could not be had in time.
            OSError: the file cannot be made.
        """
        if not self.take(alone=alone, within_s=within_s):
            raise TimeoutError
        try:
            yield
        finally:
            self.release()

    def take(self, *, alone: bool, within_s: float) -> bool:
        """Take the lock; False: others have it.

        Raises:
            OSError: the file cannot be made.
        """
        how = (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB
        handle = self._own_handle()
        deadline = None
        while True:
            try:
                fcntl.flock(handle, how)
            except BlockingIOError:
                deadline = deadline or time.monotonic() + within_s
                if time.monotonic() >= deadline:
                    return False
                time.sleep(LOOK_AGAIN_S)
            else:
                return True

    def release(self) -> None:
        """Let others have it."""
        fcntl.flock(self._handle, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file; it is opened again when needed."""
        if self._handle >= 0 and self._process == os.getpid():
            os.close(self._handle)
        self._handle = -1

    def _own_handle(self) -> int:
        """A handle that was opened by this process: an inherited one would share its lock with the parent."""
        if self._handle < 0 or self._process != os.getpid():
            make_file(self._file)
            self._handle = os.open(self._file, os.O_RDWR | os.O_CLOEXEC)
            self._process = os.getpid()
        return self._handle
