"""The outbox as a file: made, opened, moved aside when it is damaged; its lock is held alone meanwhile."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from cds_service.memory.parcels import DamagedError
from cds_service.store.location import DEFAULT_FILE, location_of, make_file

LOG_SUFFIX, INDEX_SUFFIX = "-wal", "-shm"
DAMAGED, UNCLEAN, SALVAGED = ".damaged-", ".unclean-", ".salvaged-"
PAGE_BYTES = 4096  # most records fit into one, and are then found even if nothing else can be read
SETTLED_BYTES = 4_000_000  # of SQLite's log; when it is larger it is written into the file
LOG_BYTES = 16_000_000  # it is cut down to this then
# Numbers are not used again (AUTOINCREMENT): one that is gone has arrived.
TABLES = (
    "CREATE TABLE IF NOT EXISTS outbox (number INTEGER PRIMARY KEY AUTOINCREMENT, parcel BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS set_aside (parcel BLOB PRIMARY KEY, at INTEGER NOT NULL, reason TEXT)",
)


def outbox_file(setting: str | None) -> Path:
    """Where the outbox of a store is: beside the file of SQLite, else in ./backpath-data/.

    Args:
        setting: BACKPATH_STORE.

    Raises:
        StoreError: the setting cannot be used.
    """
    store = location_of(setting).file
    if store is None:
        return (DEFAULT_FILE.parent / "outbox.sqlite3").absolute()
    return store.with_name(f"{store.stem}-outbox.sqlite3")


def opened(file: Path, *, most_bytes: int | None, patience_s: float) -> sqlite3.Connection:
    """A connection to the outbox, which is made when there is none.

    Args:
        file: The outbox.
        most_bytes: How large it may become by what this connection writes; None: as large as it likes.
        patience_s: How long to wait for what another process writes.

    Raises:
        sqlite3.DatabaseError: the file is damaged; see `is_damage`.
        sqlite3.Error: it cannot be opened or made.
        OSError: the same.
    """
    if not _looks_right(file):
        raise DamagedError
    make_file(file)
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA busy_timeout = {int(patience_s * 1000)}")
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode = WAL")
        # Nobody who writes waits for the disk: `secure_log` does, where it is needed. What has been written
        # is safe from killed processes all the same.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")  # the forwarder does it
        connection.execute("PRAGMA secure_delete = FAST")  # not to write what is free anyway
        connection.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}")
        if most_bytes is not None:
            connection.execute(f"PRAGMA max_page_count = {most_bytes // PAGE_BYTES}")
        for table in TABLES:
            connection.execute(table)
        _sync_folder(file)  # SQLite's log may be new there
    except BaseException:
        connection.close()
        raise
    return connection


def is_damage(error: BaseException) -> bool:
    """Whether the file is at fault, not the disk or the moment."""
    name = getattr(error, "sqlite_errorname", "")
    return isinstance(error, DamagedError) or name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))


def move_aside(file: Path) -> Path:
    """Make room for a new outbox; the value: where the damaged one is now, its log beside it.

    Raises:
        OSError: it cannot be moved.
    """
    aside = _free_name(file, DAMAGED)
    for suffix in ("", LOG_SUFFIX):
        if with_suffix(file, suffix).exists():
            with_suffix(file, suffix).rename(with_suffix(aside, suffix))
    with_suffix(file, INDEX_SUFFIX).unlink(missing_ok=True)
    _sync_folder(file)
    return aside


def keep_log(file: Path) -> None:
    """Copy the log that killed processes left behind, to be searched for records.

    SQLite goes through it up to the first place that is not as it was written, and says nothing of the rest.

    Raises:
        OSError: it cannot be copied.
    """
    if log_bytes(file) > 0:
        log = with_suffix(file, LOG_SUFFIX)
        shutil.copy2(log, with_suffix(_free_name(file, UNCLEAN), LOG_SUFFIX))


def to_salvage(file: Path) -> Iterator[Path]:
    """What was moved aside or kept and not searched yet, each by its name without the suffix of a log."""
    starts = tuple(file.name + kind for kind in (DAMAGED, UNCLEAN))
    found = {
        entry.name.removesuffix(LOG_SUFFIX).removesuffix(INDEX_SUFFIX)
        for entry in os.scandir(file.parent)
        if entry.name.startswith(starts)
    }
    for name in sorted(found):
        yield file.with_name(name)


def salvaged(file: Path, aside: Path) -> Path | None:
    """Say that it has been searched; the value: what the damaged one is called from now on.

    Raises:
        OSError: it cannot be renamed or removed.
    """
    with_suffix(aside, INDEX_SUFFIX).unlink(missing_ok=True)
    if aside.name.startswith(file.name + UNCLEAN):
        with_suffix(aside, LOG_SUFFIX).unlink(missing_ok=True)
        return None
    name = _free_name(file, SALVAGED)
    for suffix in (LOG_SUFFIX, ""):
        if with_suffix(aside, suffix).exists():
            with_suffix(aside, suffix).rename(with_suffix(name, suffix))
    return name


def with_suffix(file: Path, suffix: str) -> Path:
    """Another of the files that make up an SQLite database."""
    return file.with_name(file.name + suffix)


def inode_of(file: Path) -> int:
    """What tells the file from another of the same name; 0: there is none."""
    try:
        return os.stat(file).st_ino  # noqa: PTH116 - for each call, and twice as fast
    except FileNotFoundError:
        return 0


def log_bytes(file: Path) -> int:
    """The size of SQLite's log of a file; 0: there is none."""
    return _size(with_suffix(file, LOG_SUFFIX))


def _looks_right(file: Path) -> bool:
    """Its beginning is that of an SQLite file. Where there is none, SQLite would throw a log away, unread.

    SQLite itself looks at it, without its log: whoever opened and closed the file otherwise would drop the
    locks of this process's other connections, and another process would take the log for its own to remove.
    """
    if _size(file) == 0:
        return log_bytes(file) == 0
    address = f"{file.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.DatabaseError as error:
        return error.sqlite_errorname != "SQLITE_NOTADB"
    return True


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _free_name(file: Path, kind: str) -> Path:
    names = (entry.name for entry in os.scandir(file.parent))
    taken = {name.removesuffix(LOG_SUFFIX).removesuffix(INDEX_SUFFIX) for name in names}
    number = 1
    while f"{file.name}{kind}{number}" in taken:
        number += 1
    return file.with_name(f"{file.name}{kind}{number}")


def _sync_folder(file: Path) -> None:
    handle = os.open(file.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
