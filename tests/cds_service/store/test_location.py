"""BACKPATH_STORE is read strictly, and no message repeats it."""

from pathlib import Path

import pytest

from cds_service.logs import Log
from cds_service.store.errors import StoreError
from cds_service.store.location import location_of, make_file
from cds_service.store.opening import open_store

SECRET = "hush-hush"  # noqa: S105 - the password that must not be shown


def test_without_the_setting_the_store_is_a_file_below_the_folder_of_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    location = location_of(None)

    assert location.kind == "sqlite"
    assert location.file == tmp_path / "backpath-data" / "backpath.sqlite3"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_each_way_to_write_postgresql_means_the_same(scheme: str) -> None:
    location = location_of(f"{scheme}://backpath:{SECRET}@db.example:5433/backpath?sslmode=require")

    assert location.kind == "postgresql"
    assert location.url.drivername == "postgresql+psycopg"
    assert (location.url.host, location.url.port, location.url.database) == ("db.example", 5433, "backpath")
    assert location.file is None


@pytest.mark.parametrize("address", ["sqlite:///here/x.db", "sqlite+pysqlite:///here/x.db"])
def test_a_relative_file_is_meant_from_the_folder_of_the_start(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert location_of(address).file == tmp_path / "here" / "x.db"


@pytest.mark.parametrize(
    "address",
    [
        f"mysql://backpath:{SECRET}@db.example/backpath",
        f"postgresql+asyncpg://backpath:{SECRET}@db.example/backpath",
        f"postgresql+psycopg2://backpath:{SECRET}@db.example/backpath",
        f"postgresql://backpath:{SECRET}@db.example:port/backpath",
        f"backpath:{SECRET}@db.example",
        f"{SECRET}",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///x.db?mode=memory",
        "sqlite:///file:x.db?uri=true",
        f"sqlite://backpath:{SECRET}@host/x.db",
    ],
)
def test_what_cannot_be_a_store_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(StoreError) as refused:
        location_of(address)

    assert "BACKPATH_STORE" in str(refused.value)
    assert "postgresql://" in str(refused.value)
    assert SECRET not in str(refused.value)


def test_an_option_that_postgresql_does_not_know_is_refused(log: Log) -> None:
    address = f"postgresql://backpath:{SECRET}@127.0.0.1:1/backpath?ssl_mode=require"

    with pytest.raises(StoreError, match=r"option after `\?`") as refused:
        open_store(address, log=log)

    assert SECRET not in str(refused.value)


def test_folder_and_file_are_for_the_service_alone(tmp_path: Path) -> None:
    file = tmp_path / "data" / "backpath.sqlite3"

    make_file(file)

    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_what_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "backpath.sqlite3"
    file.write_bytes(b"kept")
    file.chmod(0o640)

    make_file(file)

    assert file.read_bytes() == b"kept"
    assert file.stat().st_mode & 0o777 == 0o640
