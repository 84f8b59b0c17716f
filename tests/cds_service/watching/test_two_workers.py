"""/metrics under the real server: the sums are right over its processes, also when one of them is killed."""

import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import requests

from tests.cds_service.processes import free_port, plain_environment, wait_for
from tests.cds_service.store.making import wait_until
from tests.cds_service.watching.making import sample, samples_of

pytestmark = pytest.mark.integration

CALLS = "backpath_call_duration_seconds_count"
CONNECTIONS, EACH = 8, 20


@contextmanager
def serving(workers: int) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.cds_service.watching.served", str(port), str(workers)],
        stderr=subprocess.PIPE,
        env=plain_environment(),
        cwd=Path(__file__).parents[3],
    )
    base = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{base}/metrics", process)
        yield process, base
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def told(base: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    response = requests.get(f"{base}/metrics", timeout=10)
    assert response.status_code == 200
    return samples_of(response.text)


def load(base: str, tenants: tuple[str, ...]) -> Counter[str]:
    """Calls of several connections at once; by the process that answered."""
    pids: Counter[str] = Counter()

    def work(number: int) -> None:
        with requests.Session() as session:
            for turn in range(EACH):
                if turn % 5 == 0:  # a new connection may come to another process
                    session.close()
                tenant = tenants[(number + turn) % len(tenants)]
                answer = session.post(f"{base}/call/{tenant}", timeout=30)
                assert answer.status_code == 200
                pids[answer.text] += 1
                if turn % 10 == 0:
                    told(base)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return pids


def test_every_call_of_two_workers_is_in_the_sum_once() -> None:
    with serving(2) as (_, base):
        pids = load(base, ("north", "south", "nobody"))

        sums = told(base)
        counted = {
            tenant: sums[sample(CALLS, hook="patient-view", tenant=tenant)]
            for tenant in ("north", "south", "other")
        }
        assert len(pids) == 2
        assert sum(pids.values()) == CONNECTIONS * EACH
        assert sum(counted.values()) == CONNECTIONS * EACH
        assert {told(base)[sample(CALLS, hook="patient-view", tenant="north")] for _ in range(10)} == {
            counted["north"]
        }
        cards = sample("backpath_cards_total", hook="patient-view", indicator="info")
        assert sums[cards] == 5 * CONNECTIONS * EACH


def has_two_others(server: subprocess.Popen[bytes], gone: psutil.Process) -> bool:
    workers = psutil.Process(server.pid).children()
    return len(workers) == 2 and gone not in workers


def test_a_killed_worker_loses_no_count_and_leaves_no_file() -> None:
    with serving(2) as (process, base):
        counted = 0
        for _ in range(2):
            pids = load(base, ("north",))
            counted += sum(pids.values())
            before = told(base)[sample(CALLS, hook="patient-view", tenant="north")]
            assert before == counted

            killed = psutil.Process(int(next(iter(pids))))
            killed.kill()
            wait_until(lambda gone=killed: has_two_others(process, gone))  # type: ignore[misc]

            assert told(base)[sample(CALLS, hook="patient-view", tenant="north")] == counted
        load(base, ("north",))
        folder = Path(requests.get(f"{base}/folder", timeout=10).text)
        assert len(list(folder.glob("histogram_*.db"))) == 2


def test_the_folder_is_gone_when_the_service_has_ended() -> None:
    with serving(2) as (process, base):
        folder = Path(requests.get(f"{base}/folder", timeout=10).text)
        assert folder.stat().st_mode & 0o777 == 0o700

        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)

        assert not folder.exists()
