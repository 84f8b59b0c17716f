"""Killed processes, a lost database, a full disk: nothing acknowledged is lost, and no call fails."""

import io
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cds_service.logs import log_to
from cds_service.memory.forwarding import Forwarder
from cds_service.store.opening import OK, Store
from tests.cds_service.memory.served import FEEDBACK, Answered, Service, load, nothing_is_lost, running
from tests.cds_service.store.making import OpenStore, wait_until
from tests.cds_service.store.postgres_server import PostgresServer

pytestmark = pytest.mark.integration

SHORT_ROUNDS, LONG_ROUNDS = 5, 50
SHORT_S, LONG_S = 3.0, 20.0
DATABASE = {"store.late", "store.away", "store.back"}  # events that may be told of it on a busy machine
rounds = pytest.mark.parametrize("rounds", [SHORT_ROUNDS, pytest.param(LONG_ROUNDS, marks=pytest.mark.soak)])
outage_s = pytest.mark.parametrize("outage_s", [SHORT_S, pytest.param(LONG_S, marks=pytest.mark.soak)])


@pytest.fixture
def service(tmp_path: Path, address: str) -> Service:
    return Service(address, tmp_path / "service")


@pytest.fixture
def finish(service: Service, open_a_store: OpenStore) -> Callable[[], Store]:
    """Stops the service, and has what still waits forwarded, as the next start would."""

    def finishing() -> Store:
        service.stop()
        store = open_a_store(service.store_address)
        wait_until(lambda: store.check() == OK)
        outbox = service.outbox
        outbox.prepare()
        forwarder = Forwarder(outbox, store, log=log_to(io.StringIO()))
        assert forwarder.forward(within_s=5.0)
        assert outbox.depth() == 0
        outbox.close()
        return store

    return finishing


@rounds
def test_a_killed_worker_loses_nothing(rounds: int, service: Service, finish: Callable[[], Store]) -> None:
    with running(service), load(service.port) as answered:
        for _ in range(rounds):
            time.sleep(0.4)
            service.kill_a_worker()
            wait_until(lambda: len(service.running().children()) == service.workers)

    assert answered.failures() == {}
    nothing_is_lost(answered, finish())
    assert service.events() <= DATABASE


@rounds
def test_a_killed_service_loses_nothing(rounds: int, service: Service, finish: Callable[[], Store]) -> None:
    with running(service), load(service.port) as answered:
        for _ in range(rounds):
            time.sleep(0.4)
            service.kill()
            service.start()

    assert answered.failures() == {}
    assert answered.broken >= rounds
    nothing_is_lost(answered, finish())
    assert service.events() <= DATABASE


@outage_s
@pytest.mark.parametrize("way", ["stopped", "held still"])
def test_a_database_that_is_lost_under_load_fails_no_call_and_loses_nothing(
    way: str, outage_s: float, tmp_path: Path, postgresql: PostgresServer, open_a_store: OpenStore
) -> None:
    address = postgresql.new_database()
    service = Service(address, tmp_path / "service")
    with running(service):
        with load(service.port, pause_s=0.01) as answered:
            time.sleep(1.0)
            postgresql.stop() if way == "stopped" else postgresql.hold()
            time.sleep(outage_s)
            before_it_is_back = service.outbox.depth()
            postgresql.start() if way == "stopped" else postgresql.let_go()
            time.sleep(1.0)
        wait_until(service.is_forwarded)

    assert before_it_is_back > 0
    assert (answered.failures(), answered.broken) == ({}, 0)
    assert answered.slowest_s < SHORT_S
    nothing_is_lost(answered, open_a_store(address))
    assert service.events() <= DATABASE
    assert way == "held still" or service.events() >= {"store.away", "store.back"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder of its own file system of 32 MB, where mounting is allowed."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=32m,mode=700", "tmpfs", str(folder)]
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


def refused(answered: Answered) -> int:
    return answered.statuses[FEEDBACK, 503]


def test_a_full_disk_refuses_feedback_and_never_a_call(
    small_disk: Path, tmp_path: Path, open_a_store: OpenStore
) -> None:
    address = f"sqlite:///{small_disk}/backpath.sqlite3"
    service = Service(address, tmp_path / "service")
    with running(service):
        with load(service.port, connections=4) as answered:
            time.sleep(1.0)
            ballast = fill(small_disk)
            wait_until(lambda: ballast is None or refused(answered) > 20)
            if ballast is not None:
                ballast.unlink()
            before = len(answered.reports)
            wait_until(lambda: len(answered.reports) > before + 20)
        wait_until(service.is_forwarded)

    assert set(answered.failures()) <= {(FEEDBACK, 503)}
    assert answered.broken == 0
    nothing_is_lost(answered, open_a_store(address), calls_too=ballast is None)
    assert ballast is None or {"call.not_recorded", "feedback.not_kept"} <= service.events()
