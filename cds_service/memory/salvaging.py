"""Every record that can still be read of a damaged outbox."""

import mmap
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from hashlib import blake2b
from itertools import chain
from pathlib import Path

from cds_service.memory.outbox_files import LOG_SUFFIX, with_suffix
from cds_service.memory.parcels import DamagedError, check, parcels_in

STEPS_OVER_DAMAGE = 100_000  # rows that are looked for one by one behind the last that could be read


def parcels_of(aside: Path) -> Iterator[bytes]:
    """Each parcel once, as far as memory tells; some may have been forwarded before, which does no harm.

    Args:
        aside: The file, its log beside it; one of the two may be missing.
    """
    seen: set[bytes] = set()
    # rows first, in their order; then what lies where no row leads to
    for parcel in chain(_rows(aside), _scanned(aside), _scanned(with_suffix(aside, LOG_SUFFIX))):
        digest = blake2b(parcel, digest_size=16).digest()
        if digest not in seen:
            seen.add(digest)
            yield parcel


def _rows(aside: Path) -> Iterator[bytes]:
    """What SQLite can still read; also the records that take more than a page."""
    if not aside.exists():
        return
    # only read: by writing, SQLite would do away with the part of the log that it does not understand
    address = f"{aside.absolute().as_uri()}?mode=ro"
    with suppress(sqlite3.Error), closing(sqlite3.connect(address, uri=True)) as connection:
        number = 0
        while True:
            read = _row_after(connection, number)
            if read is None:
                return
            number, parcel = read
            if parcel is not None:
                yield parcel


def _row_after(connection: sqlite3.Connection, number: int) -> tuple[int, bytes | None] | None:
    """The next row and its number; its parcel is None where that is damaged."""
    try:
        row = connection.execute(
            "SELECT number, parcel FROM outbox WHERE number > ? ORDER BY number LIMIT 1", (number,)
        ).fetchone()
    except sqlite3.Error:
        return _row_behind_damage(connection, number)
    if row is None:
        return None
    try:
        check(row[1])
    except DamagedError:
        return int(row[0]), None
    return int(row[0]), row[1]


def _row_behind_damage(connection: sqlite3.Connection, number: int) -> tuple[int, bytes] | None:
    for candidate in range(number + 1, number + 1 + STEPS_OVER_DAMAGE):
        with suppress(sqlite3.Error):
            row = connection.execute("SELECT parcel FROM outbox WHERE number = ?", (candidate,)).fetchone()
            if row is not None:
                check(row[0])
                return candidate, row[0]
    return None


def _scanned(file: Path) -> Iterator[bytes]:
    if not file.exists() or file.stat().st_size == 0:
        return
    with (
        file.open("rb") as opened,
        closing(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)) as data,
    ):
        yield from parcels_in(data)
