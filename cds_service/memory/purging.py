"""Forgets what is older than the site keeps it: from the store, in pieces that hold nobody up."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

from sqlalchemy import Column, Connection, Table, delete, select
from sqlalchemy.exc import IntegrityError

from cds_service.memory.rows import transaction
from cds_service.settings import Settings
from cds_service.store.opening import Store
from cds_service.store.tables import calls, comments, feedback, items, suggestions

KEPT_DAYS = Settings().retention_days  # unless a setting says otherwise
DAY_MS = 24 * 60 * 60 * 1000
AT_A_TIME = 50  # calls, and items of feedback, of one transaction: with SQLite others wait for it to write


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """How many rows were removed."""

    calls: int = 0
    items: int = 0
    suggestions: int = 0
    feedback: int = 0
    comments: int = 0

    @property
    def nothing(self) -> bool:
        """Nothing was, so nothing is left to remove."""
        return not (self.calls or self.feedback)

    def __add__(self, other: "Purged") -> "Purged":
        return Purged(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})

    def __str__(self) -> str:
        return ", ".join(f"{getattr(self, field.name)} {field.name}" for field in fields(self))


def purge(
    older_than_days: int,
    store: Store,
    *,
    now: Callable[[], float] = time.time,
    told: Callable[[Purged], None] = lambda _: None,
) -> Purged:
    """Remove all that is older, also what a stopped run left; the value: how much.

    Args:
        older_than_days: Calls by when they were answered, feedback by when it came.
        store: Where it is.
        now: s since 1970.
        told: Called after each piece with the sum so far.

    Raises:
        StoreAwayError: the database is away or failed; what was removed so far stays removed.
    """
    before, total = bound(older_than_days, now()), Purged()
    while not (piece := purge_piece(store, before)).nothing:
        total += piece
        told(total)
    return total


def bound(older_than_days: int, now_s: float) -> int:
    """What came before it is older, in ms since 1970."""
    return int(now_s * 1000) - older_than_days * DAY_MS


def purge_piece(store: Store, before: int) -> Purged:
    """Remove some of what is older than `before`, in ms since 1970.

    Raises:
        StoreAwayError: the database is away or failed.
    """
    removed_calls = store.run_beside(lambda connection: _purge_calls(connection, before))
    return removed_calls + store.run_beside(lambda connection: _purge_feedback(connection, before))


def _purge_calls(connection: Connection, before: int) -> Purged:
    ids = connection.scalars(
        select(calls.c.id).where(calls.c.at < before).order_by(calls.c.at).limit(AT_A_TIME)
    ).all()
    if not ids:
        return Purged()
    try:
        with transaction(connection):
            return Purged(
                items=_delete(connection, items, items.c.call, ids),
                suggestions=_delete(connection, suggestions, suggestions.c.call, ids),
                calls=_delete(connection, calls, calls.c.id, ids),
            )
    except IntegrityError:  # by the database's clock they are too young to go (migration 0003): ours is ahead
        return Purged()


def _purge_feedback(connection: Connection, before: int) -> Purged:
    time_column = feedback.c.received_at
    keys = connection.scalars(
        select(feedback.c.key).where(time_column < before).order_by(time_column).limit(AT_A_TIME)
    ).all()
    if not keys:
        return Purged()
    with transaction(connection):
        return Purged(
            comments=_delete(connection, comments, comments.c.feedback, keys),
            feedback=_delete(connection, feedback, feedback.c.key, keys),
        )


def _delete(
    connection: Connection, table: Table, column: Column[str] | Column[bytes], keys: Sequence[object]
) -> int:
    return connection.execute(delete(table).where(column.in_(keys))).rowcount
