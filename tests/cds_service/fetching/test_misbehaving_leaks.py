"""Nothing is left behind by calls to servers that misbehave: sockets, files, threads, memory."""

import gc
import itertools
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from cds_service.fetching.addresses import LOOPBACK
from cds_service.fetching.web import NotFetchedError, Reach, Web
from tests.cds_service.fetching.misbehaving_server import BEHAVIOURS

BUDGET_S, GRACE_S = 0.1, 0.1
LIMIT = 256 * 1024
PARALLEL = 8
GROWTH_MB = 8
SETTLES_S = 1.0


@contextmanager
def another_process() -> Iterator[str]:
    """The server as a program of its own, so that what it keeps does not count: its origin."""
    command = [sys.executable, "-m", "tests.cds_service.fetching.misbehaving_server"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3], text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate(timeout=10)


def one(web: Web, origin: str, name: str) -> tuple[float, str]:
    """Seconds, and what came of it."""
    base = f"{origin}/{name}"
    began = time.monotonic()
    try:
        web.get(
            f"{base}/Condition?patient=p1",
            headers={"Authorization": "Bearer t"},
            reach=Reach((base,), LOOPBACK),
            deadline=began + BUDGET_S,
            limit_bytes=LIMIT,
        )
    except NotFetchedError as error:
        return time.monotonic() - began, error.why
    return time.monotonic() - began, "fetched"


def held(process: psutil.Process) -> tuple[int, int, int]:
    """Files, threads, connections."""
    return process.num_fds(), process.num_threads(), len(process.net_connections())


def settled(process: psutil.Process, before: tuple[int, int, int]) -> tuple[int, int, int]:
    """What is held once the operating system has taken back threads that have ended."""
    until = time.monotonic() + SETTLES_S
    while held(process) != before and time.monotonic() < until:
        time.sleep(0.01)
    return held(process)


@contextmanager
def without_collector() -> Iterator[None]:
    """What only the collector would free counts as kept: it may come long after."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def leaks(calls: int) -> None:
    process = psutil.Process()
    with another_process() as origin, without_collector():
        before, memory = held(process), 0
        with Web() as web, ThreadPoolExecutor(PARALLEL) as pool:
            for round_ in (calls // 4, calls):  # the first fills caches
                names = itertools.islice(itertools.cycle(BEHAVIOURS), round_)
                memory = process.memory_info().rss
                found = list(pool.map(lambda name: one(web, origin, name), names))
        after, growth = settled(process, before), (process.memory_info().rss - memory) / 1e6

    slowest = max(seconds for seconds, _ in found)
    print(f"{calls} calls: {growth:.1f} MB more, {before} {after}, slowest {slowest * 1000:.0f} ms")
    print(Counter(why for _, why in found))
    assert slowest < BUDGET_S + GRACE_S
    assert after == before
    assert growth < GROWTH_MB


@pytest.mark.integration
def test_two_hundred_calls_leave_nothing() -> None:
    leaks(200)


@pytest.mark.soak
def test_two_thousand_calls_leave_nothing() -> None:
    leaks(2_000)
