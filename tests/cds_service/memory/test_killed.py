"""Killed processes: nothing acknowledged is lost, and no call that is answered fails."""

import io
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cds_service.logs import log_to
from cds_service.memory.forwarding import Forwarder
from cds_service.store.opening import OK, Store
from tests.cds_service.memory.served import CONNECTIONS, DATABASE, Service, load, nothing_is_lost, running
from tests.cds_service.store.making import OpenStore, wait_until

pytestmark = pytest.mark.integration

LONG_ROUNDS = 50


def rounds(short: int) -> pytest.MarkDecorator:
    long = pytest.param(LONG_ROUNDS, marks=pytest.mark.soak)
    return pytest.mark.parametrize("rounds", [short, long])


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


@rounds(2)
def test_a_killed_worker_loses_nothing(rounds: int, service: Service, finish: Callable[[], Store]) -> None:
    with running(service), load(service.port, CONNECTIONS) as answered:
        for _ in range(rounds):
            time.sleep(0.4)
            service.kill_a_worker()
            wait_until(lambda: len(service.running().children()) == service.workers)

    assert answered.failures() == {}
    nothing_is_lost(answered, finish())
    assert service.events() <= DATABASE


@rounds(1)
def test_a_killed_service_loses_nothing(rounds: int, service: Service, finish: Callable[[], Store]) -> None:
    with running(service), load(service.port, CONNECTIONS) as answered:
        for _ in range(rounds):
            time.sleep(0.4)
            service.kill()
            service.start()

    assert answered.failures() == {}
    assert answered.broken >= rounds
    nothing_is_lost(answered, finish())
    assert service.events() <= DATABASE
