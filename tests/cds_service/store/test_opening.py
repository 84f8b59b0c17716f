"""What a start does, and what it costs those who need no store."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cds_service.store.opening import OK
from tests.cds_service.processes import plain_environment
from tests.cds_service.store.making import (
    OpenStore,
    a_jti,
    file_of,
    use,
    visited_by_another_process,
    wait_until,
)

COMMANDS_WITHOUT_STORE = (
    "cds_service.cli, cds_service.evaluate, cds_service.try_out, cds_service.knowledge_view"
)


def test_the_default_store_is_made_for_the_service_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_a_store: OpenStore
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "backpath-data"

    use(open_a_store(None), a_jti())

    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert (folder / "backpath.sqlite3").is_file()


def test_nothing_is_left_running_before_the_workers_are_forked(address: str, open_a_store: OpenStore) -> None:
    before = threading.active_count()

    open_a_store(address)

    assert threading.active_count() == before


def test_a_worker_can_connect_before_its_first_call(
    address: str, open_a_store: OpenStore, events: Callable[[], list[str]]
) -> None:
    store = open_a_store(address)

    store.warm()

    wait_until(lambda: store.check() == OK)
    assert use(store, a_jti())
    assert events() == ["store.opened"]


def test_who_comes_and_goes_does_not_take_the_log_of_the_others_away(
    sqlite_address: str, open_a_store: OpenStore
) -> None:
    store, file = open_a_store(sqlite_address), file_of(sqlite_address)
    log = file.with_name(f"{file.name}-wal")
    use(store, a_jti())
    store.run_beside(lambda _: None)  # opens the file a second time
    before = log.stat().st_ino

    visited_by_another_process(file)

    assert log.stat().st_ino == before


def test_a_closed_store_leaves_no_thread(address: str, open_a_store: OpenStore) -> None:
    before = threading.active_count()
    store = open_a_store(address)
    use(store, a_jti())

    store.close()

    assert threading.active_count() == before


def test_commands_that_need_no_store_do_not_load_its_libraries() -> None:
    program = f"import sys, {COMMANDS_WITHOUT_STORE}; print({{'sqlalchemy', 'alembic'}} & set(sys.modules))"

    told = subprocess.run(
        [sys.executable, "-c", program], env=plain_environment(), capture_output=True, text=True, check=True
    )

    assert told.stdout.strip() == "set()"


def test_a_start_with_nothing_to_do_loads_no_alembic(sqlite_address: str, open_a_store: OpenStore) -> None:
    open_a_store(sqlite_address)
    program = (
        "import sys; from cds_service.logs import log_to; from cds_service.store.opening import open_store; "
        f"print(open_store({sqlite_address!r}, log=log_to()).state, 'alembic' in sys.modules)"
    )

    told = subprocess.run(
        [sys.executable, "-c", program], env=plain_environment(), capture_output=True, text=True, check=True
    )

    assert told.stdout.split() == [OK, "False"]
