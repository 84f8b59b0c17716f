"""How work gets to the database: a line runs it on a kept connection and never waits longer than told."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")


class Line(Protocol):
    """`DirectLine` for SQLite, `Couriers` for PostgreSQL; of one process, for all its threads."""

    def run(self, work: Callable[[Connection], T], within_s: float) -> T:
        """What `work` gives; it is perhaps still run after this gave up waiting.

        When a server's connection breaks it is run once more, on a new one: it must be harmless twice, for
        nobody knows whether the server had done it before.

        Raises:
            StoreLateError: it was not done in time.
            StoreAwayError: the database failed.
        """

    def settle(self) -> None:
        """Do what waits for the disk and can be done beside the calls.

        Raises:
            StoreAwayError: the database failed.
        """

    def close(self) -> None:
        """Close the connections."""
