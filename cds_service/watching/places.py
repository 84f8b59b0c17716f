"""The folder in which the processes of one service count, and the place of each process in it.

A worker that follows a dead one takes over its place and goes on from its figures, so that no sum ever
falls and no files pile up. What holds a place is a file lock: it ends with the process, however that ends.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from itertools import count
from pathlib import Path

PREFIX = "backpath-metrics-"
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - counting must not wait for a disk; the folder is private
YOUNG_S = 60.0  # a folder may be without locks while its service starts


def make_folder(parent: Path | None = None) -> Path:
    """A new folder for this service alone; removes those that services left behind when they were killed.

    Raises:
        OSError: there is no room for it.
    """
    parent = parent or (SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else Path(tempfile.gettempdir()))
    for left in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if _is_left_behind(left):
                shutil.rmtree(left)
    return Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))  # for the service's user alone


class Place:
    """The place of one process, from now until it ends."""

    def __init__(self, folder: Path) -> None:
        """Take the first free place.

        Raises:
            OSError: the folder is gone, or there is no room in it.
        """
        for number in count():
            held = _locked(folder / f"{number}.lock")
            if held is not None:
                self.number, self._held = number, held
                return

    def leave(self) -> None:
        """Let another process have it."""
        os.close(self._held)


def _locked(file: Path) -> int | None:
    """A descriptor that holds the file's lock; None: another holds it."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _is_left_behind(folder: Path) -> bool:
    """It is ours, not new, and no process has a place in it."""
    facts = folder.lstat()
    if folder.is_symlink() or facts.st_uid != os.getuid() or time.time() - facts.st_mtime < YOUNG_S:
        return False
    for lock in folder.glob("*.lock"):
        held = _locked(lock)
        if held is None:
            return False
        os.close(held)
    return True
