"""The nonces that one process remembers by itself: bounded, and forgotten when they expire."""

import threading
from collections.abc import Iterable
from itertools import islice

MOST = 50_000  # some 200 bytes each; with tokens of five minutes enough for 160 calls a second
FORGOTTEN_AT_A_TIME = 2  # more than come: memory shrinks, and no call pays for many


class Remembered:
    """Digests and when they expire, in the order in which they came; for all threads of a process."""

    def __init__(self, most: int = MOST) -> None:
        """Empty; past `most` the oldest are forgotten, expired or not."""
        self._most = most
        self._expires: dict[bytes, int] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._expires)

    def add(self, digest: bytes, expires_at: int, now: float) -> bool:
        """Remember it; False: it was remembered already and has not expired."""
        with self._lock:
            before = self._expires.get(digest)
            if before is not None and before > now:
                return False
            self._expires.pop(digest, None)
            self._forget(now)
            self._expires[digest] = expires_at
            return True

    def oldest(self, most: int) -> list[tuple[bytes, int]]:
        """Up to `most`, those that came first."""
        with self._lock:
            return list(islice(self._expires.items(), most))

    def forget(self, digests: Iterable[bytes]) -> None:
        """Remove them."""
        with self._lock:
            for digest in digests:
                self._expires.pop(digest, None)

    def _forget(self, now: float) -> None:
        for digest, expires_at in tuple(islice(self._expires.items(), FORGOTTEN_AT_A_TIME)):
            if expires_at <= now or len(self._expires) >= self._most:
                del self._expires[digest]
