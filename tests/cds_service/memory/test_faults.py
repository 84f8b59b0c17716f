"""A lost database, a full disk: nothing acknowledged is lost, and no call fails."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cds_service.memory.served import (
    CONNECTIONS,
    DATABASE,
    FEEDBACK,
    Answered,
    Service,
    load,
    nothing_is_lost,
    running,
)
from tests.cds_service.store.making import OpenStore, wait_until
from tests.cds_service.store.postgres_server import PostgresServer

pytestmark = pytest.mark.integration

SHORT_S, LONG_S = 1.5, 20.0
PATIENCE_S = 5.0  # for a call on a busy machine; one that waited for the database would wait for far longer


@pytest.mark.parametrize("outage_s", [SHORT_S, pytest.param(LONG_S, marks=pytest.mark.soak)])
@pytest.mark.parametrize("way", ["stopped", "held still"])
def test_a_database_that_is_lost_under_load_fails_no_call_and_loses_nothing(
    way: str, outage_s: float, tmp_path: Path, postgresql: PostgresServer, open_a_store: OpenStore
) -> None:
    address = postgresql.new_database()
    service = Service(address, tmp_path / "service")
    with running(service):
        with load(service.port, CONNECTIONS, pause_s=0.01) as answered:
            wait_until(lambda: len(answered.reports) > CONNECTIONS)
            postgresql.stop() if way == "stopped" else postgresql.hold()
            before = len(answered.reports)
            time.sleep(outage_s)
            meanwhile, waiting = len(answered.reports) - before, service.outbox.depth()
            postgresql.start() if way == "stopped" else postgresql.let_go()
        wait_until(service.is_forwarded, 60.0)

    assert waiting > 0
    assert (answered.failures(), answered.broken) == ({}, 0)
    assert meanwhile > 2 * CONNECTIONS  # nobody waited for it to come back
    assert answered.slowest_s < PATIENCE_S
    nothing_is_lost(answered, open_a_store(address))
    assert service.events() <= DATABASE
    assert way == "held still" or service.events() >= {"store.away", "store.back"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder of its own file system of 90 MB, where mounting is allowed."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=90m,mode=700", "tmpfs", str(folder)]
    if subprocess.run(mounting, capture_output=True, check=False).returncode != 0:
        yield folder
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path | None:
    """Use up what is free; None: the folder is on a disk that is too large to fill."""
    if shutil.disk_usage(folder).total > 100_000_000:
        return None
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as opened:
        for size in (65_536, 4_096, 1):
            while True:
                try:
                    if opened.write(b"\0" * size) < size:
                        break
                except OSError:
                    break
    return ballast


def more(answered: Answered) -> None:
    """Reports are acknowledged, from now on."""
    before = len(answered.reports)
    wait_until(lambda: len(answered.reports) > before + 20)


def refused(answered: Answered) -> int:
    return answered.statuses[FEEDBACK, 503]


@pytest.mark.parametrize("times", [1, pytest.param(8, marks=pytest.mark.soak)])
def test_a_full_disk_refuses_feedback_and_never_a_call(
    times: int, small_disk: Path, tmp_path: Path, open_a_store: OpenStore
) -> None:
    address = f"sqlite:///{small_disk}/backpath.sqlite3"
    service = Service(address, tmp_path / "service")
    with running(service):
        with load(service.port, CONNECTIONS) as answered:
            more(answered)
            for _ in range(times):
                before, ballast = refused(answered), fill(small_disk)
                wait_until(lambda: ballast is None or refused(answered) > before + 20)  # noqa: B023 - at once
                if ballast is not None:
                    ballast.unlink()
                more(answered)
        wait_until(service.is_forwarded)

    assert set(answered.failures()) <= {(FEEDBACK, 503)}
    assert answered.broken == 0
    nothing_is_lost(answered, open_a_store(address), calls_too=ballast is None)
    assert ballast is None or {"call.not_recorded", "feedback.not_kept"} <= service.events()
