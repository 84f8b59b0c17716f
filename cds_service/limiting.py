"""How many requests a minute each tenant may make, counted over all workers of one server.

The count is a number in memory that the workers share: when the tenant's bucket will be full again (the
"generic cell rate algorithm"). It is changed under a lock of the file system, which the kernel opens again
when its holder is killed; a lock in shared memory would stay shut for ever.
"""

import fcntl
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import blake2b
from mmap import mmap

from cds_service.nameless_files import nameless_file

SLOTS = 4096  # tenants that called within the same minute; there are far fewer
SLOT_BYTES = 16  # the tenant's key, and the time (s, monotonic) at which its bucket is full again
MINUTE_S = 60.0
ROUNDING_S = 1e-6
# A process that was suspended, not killed, keeps the lock. The others then count without it: they may let a
# request too many pass, but never hang.
TRIES, PAUSE_S = 50, 0.0001


class Limiter:
    """A bucket for each tenant that holds a minute's requests and is filled evenly; made before the fork."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """All buckets are full; `now` is a clock that all processes share."""
        self._now = now
        self._file = nameless_file("backpath-limits")
        os.ftruncate(self._file, SLOTS * SLOT_BYTES)
        memory = memoryview(mmap(self._file, SLOTS * SLOT_BYTES))
        self._keys = memory.cast("Q")[: SLOTS * 2]
        self._times = memory.cast("d")[: SLOTS * 2]
        self._threads = threading.Lock()  # the kernel's lock is between processes only

    def allow(self, tenant_id: str, per_minute: int | None) -> float:
        """Count one request.

        Args:
            tenant_id: The same in every process; what it had is kept when the limit changes.
            per_minute: None: no limit, and nothing is counted.

        Returns:
            0.0: allowed. Else it is not counted, and after so many seconds one would be allowed.
        """
        if per_minute is None:
            return 0.0
        key = _key(tenant_id)
        with self._threads:
            alone = self._lock()
            try:
                return self._take(key, MINUTE_S / per_minute)
            finally:
                if alone:
                    fcntl.lockf(self._file, fcntl.LOCK_UN)

    def _take(self, key: int, each_s: float) -> float:
        now = self._now()
        place = self._place(key, now)
        full_at = max(self._times[place + 1], now) if self._keys[place] == key else now
        wait_s = full_at + each_s - now - MINUTE_S
        if wait_s > ROUNDING_S:
            return wait_s
        self._keys[place] = key
        self._times[place + 1] = full_at + each_s
        return 0.0

    def _place(self, key: int, now: float) -> int:
        """The tenant's slot; else one that is unused, or whose tenant has a full bucket."""
        usable = None
        for step in range(SLOTS):
            place = (key + step) % SLOTS * 2
            found = self._keys[place]
            if found == key:
                return place
            if usable is None and self._times[place + 1] <= now:
                usable = place
            if found == 0:  # never used: the tenant's cannot lie further on
                break
        return key % SLOTS * 2 if usable is None else usable

    def _lock(self) -> bool:
        """Whether the lock was to be had."""
        for _ in range(TRIES):
            with suppress(BlockingIOError, PermissionError):
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            time.sleep(PAUSE_S)
        return False


def _key(tenant_id: str) -> int:
    """Never 0, which marks a slot that was never used."""
    digest = blake2b(tenant_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") | 1
