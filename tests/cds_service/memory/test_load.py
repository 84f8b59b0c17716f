"""Mixed calls and feedback from many connections: what was acknowledged is in the store, once."""

import time
from pathlib import Path

import pytest

from tests.cds_service.memory.served import DATABASE, Service, load, nothing_is_lost, running
from tests.cds_service.store.making import OpenStore, wait_until

CONNECTIONS = 16


@pytest.mark.integration
@pytest.mark.parametrize("lasts_s", [2.0, pytest.param(60.0, marks=pytest.mark.soak)])
def test_all_that_was_acknowledged_is_in_the_store(
    lasts_s: float, address: str, tmp_path: Path, open_a_store: OpenStore
) -> None:
    service = Service(address, tmp_path / "service")
    with running(service):
        with load(service.port, connections=CONNECTIONS) as answered:
            time.sleep(lasts_s)
        wait_until(service.is_forwarded)

    print(
        f"{len(answered.calls)} calls and {len(answered.reports)} reports in {lasts_s:.0f} s, "
        f"the slowest in {answered.slowest_s * 1000:.0f} ms"
    )
    assert (answered.failures(), answered.broken) == ({}, 0)
    assert len(answered.reports) > 5 * lasts_s  # on a busy machine; far more by itself
    nothing_is_lost(answered, open_a_store(address))
    assert service.events() <= DATABASE
