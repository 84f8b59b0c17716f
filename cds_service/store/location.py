"""Where the store is: BACKPATH_STORE, checked. No message repeats the address: it may hold a password."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from cds_service.store.errors import StoreError

DEFAULT_FILE = Path("backpath-data") / "backpath.sqlite3"  # in the folder that the service is started in
SQLITE, POSTGRESQL = "sqlite", "postgresql"
KINDS = {  # SQLAlchemy's driver names that mean one of ours
    "sqlite": SQLITE,
    "sqlite+pysqlite": SQLITE,
    "postgres": POSTGRESQL,  # as hosting companies write it
    "postgresql": POSTGRESQL,
    "postgresql+psycopg": POSTGRESQL,
}
DRIVERS = {SQLITE: "sqlite+pysqlite", POSTGRESQL: "postgresql+psycopg"}
ALLOWED = "give sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"
PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A database that can be used."""

    kind: str  # SQLITE or POSTGRESQL
    url: URL  # with the driver; of SQLite the file's absolute path

    @property
    def file(self) -> Path | None:
        """The file of SQLite; None: a server."""
        return Path(self.url.database or "") if self.kind == SQLITE else None


def location_of(setting: str | None) -> Location:
    """Read BACKPATH_STORE; None is the embedded file in ./backpath-data/.

    Raises:
        StoreError: no address, or of a database or driver that is not used here.
    """
    if setting is None:
        return _sqlite(URL.create("sqlite", database=str(DEFAULT_FILE)))
    try:
        url = make_url(setting)
    except (ArgumentError, ValueError) as error:
        raise StoreError(f"BACKPATH_STORE is no database address; {ALLOWED}") from error
    kind = KINDS.get(url.drivername)
    if kind is None:
        raise StoreError(f"BACKPATH_STORE names a database or driver that is not used here; {ALLOWED}")
    return _sqlite(url) if kind == SQLITE else _postgresql(url)


def make_file(file: Path) -> None:
    """The folder and an empty file, for the service's user alone; what exists is left as it is.

    Raises:
        OSError: the place is missing or cannot be written.
    """
    file.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    # Never opened when it is there: closing it again would drop all locks that this process has on it, and
    # another would take SQLite's log away as if it were the last (https://www.sqlite.org/howtocorrupt.html,
    # 2.2). SQLite gives its journals the rights of the file that they belong to.
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE))


def _sqlite(url: URL) -> Location:
    name = url.database or ""
    if not name or name == ":memory:" or name.startswith("file:") or url.query or url.host:
        raise StoreError(
            "BACKPATH_STORE: SQLite needs a file, since the processes of the service share it, and takes no "
            f"options; {ALLOWED}"
        )
    return Location(kind=SQLITE, url=URL.create(DRIVERS[SQLITE], database=str(Path(name).absolute())))


def _postgresql(url: URL) -> Location:
    return Location(kind=POSTGRESQL, url=url.set(drivername=DRIVERS[POSTGRESQL]))
