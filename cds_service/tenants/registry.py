"""Holds the tenants in force, and exchanges them whole."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Generic[T]):
    """What was loaded last without fault; safe to read from any thread at any time."""

    def __init__(self, load: Callable[[], tuple[T, ...]]) -> None:
        """Load for the first time; what `load` raises stops the start."""
        self._load = load
        self._reloading = Lock()
        self._current = load()

    @property
    def current(self) -> tuple[T, ...]:
        """What is in force; a call reads it once and stays with it to its end."""
        return self._current

    def reload(self) -> None:
        """Put in force what `load` gives now; one reload at a time.

        Raises:
            PathwayError: what `load` raises; the old stays in force.
        """
        with self._reloading:
            self._current = self._load()
