"""A service that is told to stop: what it acknowledged is in the store when it has ended."""

import time
from pathlib import Path

import pytest

from tests.cds_service.memory.served import CONNECTIONS, DATABASE, Service, load, nothing_is_lost, running
from tests.cds_service.store.making import OpenStore

pytestmark = pytest.mark.integration


def test_what_was_acknowledged_before_a_stop_is_in_the_store_after_it(
    address: str, tmp_path: Path, open_a_store: OpenStore
) -> None:
    service = Service(address, tmp_path / "service")
    with running(service), load(service.port, connections=CONNECTIONS) as answered:
        time.sleep(1.5)
        service.stop()  # under load, and never started again

    assert answered.failures() == {}
    assert service.is_forwarded()
    nothing_is_lost(answered, open_a_store(address))
    assert service.events() <= DATABASE
