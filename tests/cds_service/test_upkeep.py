"""`backpath purge`: what it removes, and what it says."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cds_service.cli import BAD_INPUT, DONE, main
from cds_service.memory.purging import DAY_MS
from cds_service.memory.rows import Writer
from cds_service.settings import Settings
from cds_service.store.errors import StoreError
from cds_service.store.opening import Store
from cds_service.upkeep import purge_store
from tests.cds_service.memory.recording import a_call, a_report, calls_in
from tests.cds_service.store.conftest import (  # noqa: F401 - pytest finds fixtures by name
    log,
    log_stream,
    open_a_store,
    sqlite_address,
)
from tests.cds_service.store.making import OpenStore

NOW_MS = int(time.time() * 1000)


@pytest.fixture
def store(sqlite_address: str, open_a_store: OpenStore) -> Store:  # noqa: F811 - the fixtures
    """Of a call of each age that matters, and a report of it."""
    store = open_a_store(sqlite_address)
    ages_ms = [days * DAY_MS for days in (1, 100, 731)]
    records = [
        record
        for age in ages_ms
        for record in (a_call(at=NOW_MS - age), a_report(received_at=NOW_MS - age, comment=b"sealed"))
    ]
    store.run_beside(lambda connection: Writer(store.kind).write(connection, records))
    return store


@pytest.fixture
def purge(
    sqlite_address: str,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[int, str, str]]:
    """The command: its status, what it said, and what it complained of."""

    def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
        for name, value in {"BACKPATH_STORE": sqlite_address, **environment}.items():
            monkeypatch.setenv(name, value)
        try:
            status = main(["purge", *arguments])
        except SystemExit as end:
            status = int(end.code or 0)
        return (status, *capsys.readouterr())

    return run


def test_the_command_says_what_it_removed(store: Store, purge: Callable[..., tuple[int, str, str]]) -> None:
    status, said, _ = purge("--older-than", "50")

    assert (status, said) == (
        DONE,
        "Removed what is older than 50 days: 2 calls, 8 items, 4 suggestions, 2 feedback, 2 comments.\n",
    )
    assert len(calls_in(store)) == 1


@pytest.mark.parametrize(("environment", "left"), [({}, 2), ({"BACKPATH_RETENTION_DAYS": "90"}, 1)])
def test_without_days_the_retention_is_meant(
    environment: dict[str, str], left: int, store: Store, purge: Callable[..., tuple[int, str, str]]
) -> None:
    status, _, _ = purge(**environment)

    assert status == DONE
    assert len(calls_in(store)) == left


@pytest.mark.parametrize("days", ["0", "35", "36501", "-1", "some"])
def test_days_that_cannot_be_are_refused(
    days: str, store: Store, purge: Callable[..., tuple[int, str, str]]
) -> None:
    status, _, complained = purge("--older-than", days)

    assert status == BAD_INPUT
    assert "a whole number of days from 36 to 36500" in complained
    assert len(calls_in(store)) == 3


def test_the_command_says_so_when_there_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("not a folder")

    with pytest.raises(StoreError, match="the store is away"):
        purge_store(Settings(store=f"sqlite:///{tmp_path}/store/backpath.sqlite3"))
