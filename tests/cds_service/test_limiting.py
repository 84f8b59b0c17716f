"""The request rate of each tenant, counted over processes."""

import os
import signal
import threading
import time
from collections.abc import Callable

import pytest

from cds_service.limiting import SLOTS, Limiter

# since Python 3.12, of whatever threads other tests may have left
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 5000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def allowed(limiter: Limiter, tenant: str, per_minute: int, calls: int) -> int:
    return sum(limiter.allow(tenant, per_minute) == 0.0 for _ in range(calls))


def in_children(*tasks: Callable[[], int]) -> list[int]:
    """What each task gives (0 to 255), run at once in forked processes."""
    children = []
    for task in tasks:
        child = os.fork()
        if child == 0:
            os._exit(task())
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def test_a_minutes_requests_may_come_at_once_and_no_more(clock: Clock) -> None:
    limiter = Limiter(clock)

    assert allowed(limiter, "a", per_minute=60, calls=100) == 60


def test_the_wait_that_is_told_is_long_enough_and_no_longer(clock: Clock) -> None:
    limiter = Limiter(clock)
    allowed(limiter, "a", per_minute=6, calls=6)

    wait_s = limiter.allow("a", 6)
    clock.now += wait_s - 0.01
    too_early = limiter.allow("a", 6)
    clock.now += 0.01
    in_time = limiter.allow("a", 6)

    assert wait_s == pytest.approx(10.0)
    assert too_early == pytest.approx(0.01)
    assert in_time == 0.0


def test_what_is_refused_is_not_counted(clock: Clock) -> None:
    limiter = Limiter(clock)
    allowed(limiter, "a", per_minute=6, calls=1000)

    assert limiter.allow("a", 6) == pytest.approx(10.0)


@pytest.mark.parametrize("per_minute", [1, 7, 60, 1000, 100_000])
def test_over_ten_minutes_the_rate_is_kept(per_minute: int, clock: Clock) -> None:
    limiter, passed = Limiter(clock), 0
    step_s = 60 / per_minute / 3

    for _ in range(min(per_minute, 500) * 3):
        passed += limiter.allow("a", per_minute) == 0.0
        clock.now += step_s

    first_bucket_and_what_was_filled = per_minute + min(per_minute, 500)
    assert passed <= first_bucket_and_what_was_filled + 1


def test_a_tenant_without_a_limit_is_never_refused(clock: Clock) -> None:
    limiter = Limiter(clock)

    assert {limiter.allow("a", None) for _ in range(1000)} == {0.0}


def test_tenants_do_not_use_up_each_others_requests(clock: Clock) -> None:
    limiter = Limiter(clock)
    tenants = [f"tenant-{number}" for number in range(SLOTS // 2)]

    for tenant in tenants:
        assert allowed(limiter, tenant, per_minute=2, calls=3) == 2


def test_more_tenants_than_there_is_room_for_are_let_through(clock: Clock) -> None:
    limiter = Limiter(clock)

    refused = sum(limiter.allow(f"tenant-{number}", 1) for number in range(SLOTS + 50))

    assert refused == 0.0


def test_the_room_of_tenants_that_were_quiet_is_used_again(clock: Clock) -> None:
    limiter = Limiter(clock)
    for number in range(SLOTS):
        limiter.allow(f"old-{number}", 1)
    clock.now += 61

    assert [allowed(limiter, f"new-{number}", per_minute=2, calls=3) for number in range(100)] == [2] * 100


def test_a_changed_limit_holds_from_the_next_request_on(clock: Clock) -> None:
    limiter = Limiter(clock)
    allowed(limiter, "a", per_minute=60, calls=60)

    assert limiter.allow("a", 6) == pytest.approx(10.0)
    assert limiter.allow("a", 600) == pytest.approx(0.1)


def test_the_count_is_exact_over_processes_and_threads() -> None:
    limiter = Limiter(lambda: 5000.0)

    def two_threads() -> int:
        counts: list[int] = []
        threads = [
            threading.Thread(target=lambda: counts.append(allowed(limiter, "a", per_minute=200, calls=500)))
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(counts)

    assert sum(in_children(two_threads, two_threads, two_threads)) == 200


def test_processes_agree_on_tenants_that_they_met_in_another_order() -> None:
    limiter = Limiter(lambda: 5000.0)
    tenants = [f"tenant-{number}" for number in range(50)]

    def task(order: list[str]) -> Callable[[], int]:
        return lambda: sum(allowed(limiter, tenant, per_minute=2, calls=2) for tenant in order)

    assert sum(in_children(task(tenants), task(tenants[::-1]))) == 2 * len(tenants)


def busy_child(limiter: Limiter) -> int:
    child = os.fork()
    if child == 0:
        while True:
            limiter.allow("busy", 10**6)
    return child


def test_workers_that_are_killed_block_nobody() -> None:
    limiter = Limiter()

    for _ in range(30):
        child = busy_child(limiter)
        time.sleep(0.01)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        began = time.perf_counter()
        limiter.allow("a", 60)
        assert time.perf_counter() - began < 1.0


def test_a_worker_that_is_suspended_blocks_nobody_for_long() -> None:
    limiter = Limiter()
    child = busy_child(limiter)
    slowest_s = 0.0

    for _ in range(30):
        time.sleep(0.003)
        os.kill(child, signal.SIGSTOP)
        began = time.perf_counter()
        limiter.allow("a", 60)
        slowest_s = max(slowest_s, time.perf_counter() - began)
        os.kill(child, signal.SIGCONT)

    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert slowest_s < 1.0
