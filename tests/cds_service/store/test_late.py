"""A healthy database is late now and then: that costs the call that met it, and no other."""

import io
import json
import multiprocessing
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import func, select

from cds_service.logs import log_to
from cds_service.store.access import LATE_IN_A_ROW
from cds_service.store.connecting import connector
from cds_service.store.location import SQLITE, location_of
from cds_service.store.nonces import LIMIT_S
from cds_service.store.opening import AWAY, OK, open_store
from cds_service.store.tables import nonces
from tests.cds_service.store.making import OpenStore, a_jti, seconds, use, wait_until

TOKENS = 300
THREADS = 8  # of each of two processes
HOGS = 3


@contextmanager
def locked(address: str) -> Iterator[None]:
    """Another program writes, or is about to, and nobody else can."""
    location = location_of(address)
    with connector(location, patience_s=30)() as connection:
        if location.kind == SQLITE:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql("LOCK TABLE nonces IN EXCLUSIVE MODE")
        try:
            yield
        finally:
            connection.exec_driver_sql("ROLLBACK")


def count(address: str) -> int:
    with connector(location_of(address), patience_s=30)() as connection:
        return connection.execute(select(func.count()).select_from(nonces)).scalar_one()


def test_a_lock_for_less_than_the_limit_is_waited_for(address: str, open_a_store: OpenStore) -> None:
    store, other, jti = open_a_store(address, limit_s=4.0), open_a_store(address, limit_s=4.0), a_jti()
    both = threading.Barrier(2)

    def hold() -> None:
        with locked(address):
            both.wait()
            time.sleep(2.5)

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        both.wait()
        answers = [use(store, jti), use(other, jti)]
        holding.result()

    assert answers == [True, False]
    assert store.state == OK


def test_a_late_call_is_let_in_and_the_next_is_checked(
    address: str, open_a_store: OpenStore, events: Callable[[], list[str]]
) -> None:
    store, other = open_a_store(address, limit_s=LIMIT_S), open_a_store(address)
    first, late, after = a_jti(), a_jti(), a_jti()
    use(store, first)
    with locked(address):
        is_let_in = use(store, late)
    wait_until(lambda: store.check() == OK)
    answers = [use(store, after), use(other, after)]

    assert is_let_in
    assert answers == [True, False]
    assert "store.late" in events()
    assert "store.away" not in events()


def test_the_store_is_told_later_what_a_late_call_used(address: str, open_a_store: OpenStore) -> None:
    store, other, late = open_a_store(address, limit_s=LIMIT_S), open_a_store(address), a_jti()
    with locked(address):
        use(store, late)

    wait_until(lambda: count(address) == 1)

    assert not use(other, late)


def test_many_that_are_late_together_are_one_and_one_after_another_are_an_outage(
    address: str, open_a_store: OpenStore, events: Callable[[], list[str]]
) -> None:
    store = open_a_store(address, limit_s=LIMIT_S)
    together = threading.Barrier(THREADS)

    def one_of_many() -> None:
        together.wait()
        use(store, a_jti())

    with locked(address):
        with ThreadPoolExecutor(THREADS) as pool:
            for call in [pool.submit(one_of_many) for _ in range(THREADS)]:
                call.result()
        after_many = store.state
        for _ in range(LATE_IN_A_ROW - 1):
            use(store, a_jti())
        after_a_row = store.state
        wait_s = seconds(lambda: use(store, a_jti()))

    assert (after_many, after_a_row) == (OK, AWAY)
    assert wait_s < LIMIT_S
    wait_until(lambda: store.state == OK)
    wait_until(lambda: count(address) == THREADS + LATE_IN_A_ROW)
    assert events().count("store.away") == 1


def use_all(address: str, jtis: list[str]) -> tuple[list[str], int]:
    """In a process of its own: what its threads were the first to use, and how many calls were late."""
    stream = io.StringIO()
    store = open_store(address, log=log_to(stream), threads=THREADS)
    store.warm()
    wait_until(lambda: store.check() == OK)
    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(lambda jti: use(store, jti), jtis))
    store.close()
    late = sum(json.loads(line)["event"] == "store.late" for line in stream.getvalue().splitlines())
    return [jti for jti, first in zip(jtis, answers, strict=True) if first], late


@pytest.fixture
def busy_machine() -> Iterator[None]:
    hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(HOGS)]
    yield
    for hog in hogs:
        hog.kill()
        hog.wait()


@pytest.mark.usefixtures("busy_machine")
def test_on_a_busy_machine_no_token_is_used_twice_but_by_a_call_that_was_late(address: str) -> None:
    jtis = [a_jti() for _ in range(TOKENS)]

    with multiprocessing.get_context("spawn").Pool(2) as pool:
        answers = pool.starmap(use_all, [(address, jtis), (address, jtis[::-1])], chunksize=1)
        pool.close()
        pool.join()

    used = [jti for firsts, _ in answers for jti in firsts]
    late = sum(calls for _, calls in answers)
    assert set(used) == set(jtis)
    assert len(used) - len(set(used)) <= late
    assert late < TOKENS / 2
