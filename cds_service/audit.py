"""`backpath audit`: the trail of calls as FHIR AuditEvents, one a line.

The trail is the tables `calls` and `items`: rows are only ever added, and removed by `backpath purge` alone.
A client that was refused is not in it, for then anyone could fill it: those stand in the log and the metrics.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path
from typing import IO, Protocol
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection, select, tuple_
from sqlalchemy.exc import SQLAlchemyError

from cds_service.audit_events import AuditedCall, Fired, audit_event
from cds_service.errors import SettingsError
from cds_service.settings import Settings
from cds_service.store.connecting import connector
from cds_service.store.errors import StoreError, cause_of
from cds_service.store.location import location_of
from cds_service.store.migrating import revision_of
from cds_service.store.tables import REVISION, calls, items

DONE = 0
AT_A_TIME = 500  # calls that are read at once
PATIENCE_S = 30.0
STANDARD_OUTPUT = "-"
BEGINNING, END = 0, 2**53  # ms since 1970


class _Sink(Protocol):
    def write(self, data: bytes, /) -> object: ...


def audit(out: str, *, settings: Settings, since: date | None, until: date | None) -> int:
    """Export the trail; the exit status.

    Args:
        out: A file, replaced when all is there; "-": standard output.
        settings: Store and time zone.
        since: The first day, in BACKPATH_TIME_ZONE; None: from the beginning.
        until: The last day, wholly; None: up to now.

    Raises:
        SettingsError: the store has no tables, is away, or the file cannot be written.
    """
    first, end = _milliseconds(since, until, settings.time_zone)
    with _store(settings) as connection:
        if out == STANDARD_OUTPUT:
            written, _ = export(connection, sys.stdout.buffer, first, end)
            sys.stdout.buffer.flush()
            return DONE
        with _file(Path(out)) as file:
            written, digest = export(connection, file, first, end)
    print(f"{written} calls in {out}, SHA-256 {digest}")  # noqa: T201 - a command line speaks
    return DONE


def export(connection: Connection, sink: _Sink, first: int, end: int) -> tuple[int, str]:
    """Write the calls of a time, oldest first, and never more than some of them at a time.

    Args:
        connection: To a store with tables of this version.
        sink: Where lines go.
        first: ms since 1970.
        end: ms since 1970, not included.

    Returns:
        How many, and the SHA-256 of all that was written.

    Raises:
        SQLAlchemyError: the database failed.
    """
    written, digest = 0, sha256()
    for call in _audited(connection, first, end):
        line = msgspec.json.encode(audit_event(call)) + b"\n"
        sink.write(line)
        digest.update(line)
        written += 1
    return written, digest.hexdigest()


def _audited(connection: Connection, first: int, end: int) -> Iterator[AuditedCall]:
    named = [calls.c[name] for name in AuditedCall.__struct_fields__ if name != "fired"]
    chosen = select(*named).where(calls.c.at < end).order_by(calls.c.at, calls.c.id).limit(AT_A_TIME)
    after = (first, "")
    while True:
        later = chosen.where(tuple_(calls.c.at, calls.c.id) > tuple_(*after), calls.c.at >= after[0])
        rows = connection.execute(later).mappings().all()
        if not rows:
            return
        fired = _fired(connection, [row["id"] for row in rows])
        for row in rows:
            yield AuditedCall(**row, fired=fired.get(row["id"], ()))
        after = (rows[-1]["at"], rows[-1]["id"])


def _fired(connection: Connection, ids: list[str]) -> dict[str, list[Fired]]:
    chosen = (
        select(items.c.call, items.c.recommendation, items.c.fate)
        .where(items.c.call.in_(ids))
        .order_by(items.c.call, items.c.position)
    )
    found: dict[str, list[Fired]] = {}
    for call, recommendation, fate in connection.execute(chosen):
        found.setdefault(call, []).append(Fired(recommendation, fate))
    return found


def _milliseconds(since: date | None, until: date | None, zone: ZoneInfo) -> tuple[int, int]:
    if since is not None and until is not None and until < since:
        raise SettingsError("--until is before --since")
    first = BEGINNING if since is None else _start_of(since, zone)
    return first, END if until is None else _start_of(until + timedelta(days=1), zone)


def _start_of(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time(), zone).timestamp() * 1000)


@contextmanager
def _store(settings: Settings) -> Iterator[Connection]:
    """A connection to tables that are as this version knows them."""
    location = location_of(settings.store)
    if location.file is not None and not location.file.exists():
        raise StoreError("there is no store at BACKPATH_STORE: the service makes it when it is started")
    try:
        connection = connector(location, patience_s=PATIENCE_S)()
        try:
            if revision_of(connection) != REVISION:
                raise StoreError(
                    "the store at BACKPATH_STORE is of another version: start the service of this one first"
                )
            yield connection
        finally:
            connection.close()
    except (SQLAlchemyError, OSError) as error:
        # never a message of theirs: it may hold an address or a password
        raise SettingsError(f"the trail could not be exported: {cause_of(error)}") from None


@contextmanager
def _file(file: Path) -> Iterator[IO[bytes]]:
    """A new file beside `file`, readable by the user alone, that takes its place when it is whole."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "wb") as opened:
            yield opened
        Path(name).replace(file)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
