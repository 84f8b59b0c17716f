"""A token is used once, whoever sees it and however it is written."""

import math
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.pool import Pool

import pytest
from sqlalchemy import Connection, func, select

from cds_service.logs import log_to
from cds_service.store.connecting import connector
from cds_service.store.couriers import Couriers
from cds_service.store.direct import DirectLine
from cds_service.store.lines import Line
from cds_service.store.location import SQLITE, location_of
from cds_service.store.nonces import RANGES, TIDY_EVERY, digest_of
from cds_service.store.opening import open_store
from cds_service.store.tables import nonces
from tests.cds_service.store.making import (
    IN_FIVE_MINUTES,
    ISSUER,
    NOW,
    UNHURRIED_S,
    OpenStore,
    a_jti,
    use,
    wait_until,
)

TOKENS = 200


@contextmanager
def connected(address: str) -> Iterator[Connection]:
    with connector(location_of(address), patience_s=30)() as connection:
        yield connection


def line_to(address: str) -> Line:
    location = location_of(address)
    connect = connector(location, patience_s=30)
    return DirectLine(connect, patience_s=0) if location.kind == SQLITE else Couriers(connect, width=1)


def count(address: str) -> int:
    with connected(address) as connection:
        return connection.execute(select(func.count()).select_from(nonces)).scalar_one()


def test_the_first_use_is_one_and_the_second_is_not(address: str, open_a_store: OpenStore) -> None:
    store, jti = open_a_store(address), a_jti()

    assert use(store, jti)
    assert not use(store, jti)
    assert store.state == "ok"


def test_what_one_replica_saw_the_others_know(address: str, open_a_store: OpenStore) -> None:
    first, second, jti = open_a_store(address), open_a_store(address), a_jti()

    assert use(first, jti)
    assert not use(second, jti)


def test_what_was_used_before_a_restart_stays_used(address: str, open_a_store: OpenStore) -> None:
    before, jti = open_a_store(address), a_jti()
    use(before, jti)
    before.close()

    assert not use(open_a_store(address), jti)


def test_issuers_do_not_share_their_nonces(address: str, open_a_store: OpenStore) -> None:
    store, jti, expires_at = open_a_store(address), a_jti(), time.time() + 300

    assert store.nonces.first_use("https://one.example", jti, expires_at)
    assert store.nonces.first_use("https://two.example", jti, expires_at)


def test_issuer_and_jti_that_read_the_same_when_joined_are_two() -> None:
    assert digest_of("https://a.example/ b", "c") != digest_of("https://a.example/", "b c")


@pytest.mark.parametrize(
    "jti", ["", "x" * 100_000, "\x00", "\ud800", "'; DROP TABLE nonces; --", "Maria Muster, 1950-01-01"]
)
def test_any_text_is_a_nonce_and_is_not_kept(jti: str, address: str, open_a_store: OpenStore) -> None:
    store = open_a_store(address)

    assert use(store, jti)
    assert not use(store, jti)
    with connected(address) as connection:
        assert [len(row.digest) for row in connection.execute(select(nonces))] == [32]


@pytest.mark.parametrize("expires_at", [math.inf, math.nan, 1e300, -5.0, 0.0, 2.0**63])
def test_a_time_without_sense_raises_nothing_and_is_remembered(
    expires_at: float, address: str, open_a_store: OpenStore
) -> None:
    store, jti = open_a_store(address), a_jti()

    assert store.nonces.first_use(ISSUER, jti, expires_at)
    assert not store.nonces.first_use(ISSUER, jti, expires_at)
    assert store.state == "ok"


def test_expired_nonces_are_purged_and_others_are_kept(address: str, open_a_store: OpenStore) -> None:
    old = open_a_store(address, now=lambda: NOW)
    for _ in range(300):
        old.nonces.first_use(ISSUER, a_jti(), IN_FIVE_MINUTES)
    old.nonces.first_use(ISSUER, kept := a_jti(), NOW + 90_000)
    a_day_later = open_a_store(address, now=lambda: NOW + 86_400)
    line = line_to(address)

    for _ in range(256 // RANGES):
        a_day_later.nonces.tidy(line)

    line.close()
    assert count(address) == 1
    assert not a_day_later.nonces.first_use(ISSUER, kept, NOW + 90_000)


def test_nonces_are_purged_beside_the_calls_now_and_then(address: str, open_a_store: OpenStore) -> None:
    old = open_a_store(address, now=lambda: NOW)
    rows = [{"digest": os.urandom(32), "expires_at": int(NOW)} for _ in range(2000)]
    with connected(address) as connection:
        connection.execute(nonces.insert(), rows)
    a_day_later = open_a_store(address, now=lambda: NOW + 86_400)

    for _ in range(TIDY_EVERY):
        a_day_later.nonces.first_use(ISSUER, a_jti(), NOW + 90_000)

    wait_until(lambda: count(address) < TIDY_EVERY + 2000)
    assert old.state == a_day_later.state == "ok"


def use_all(address: str, jtis: list[str]) -> list[list[str]]:
    """In a process of its own: what each of two threads was the first to use."""
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        store = open_store(address, log=log_to(nowhere), limit_s=UNHURRIED_S)
        firsts: list[list[str]] = [[], []]
        together = threading.Barrier(2)

        def work(mine: list[str]) -> None:
            together.wait()
            mine.extend(jti for jti in jtis if use(store, jti))

        threads = [threading.Thread(target=work, args=(mine,)) for mine in firsts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.state == "ok"
        store.close()
        return firsts


@pytest.fixture(scope="module")
def processes() -> Iterator[Pool]:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(os.path.basename, ["started", "both"])
        yield pool
        pool.close()
        pool.join()


def test_of_two_processes_with_two_threads_exactly_one_is_the_first(address: str, processes: Pool) -> None:
    jtis = [a_jti() for _ in range(TOKENS)]

    answers = processes.starmap(use_all, [(address, jtis), (address, jtis)], chunksize=1)

    assert sorted(jti for firsts in answers for first in firsts for jti in first) == sorted(jtis)
    assert count(address) == TOKENS


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")  # since Python 3.12
def test_a_forked_worker_uses_no_connection_of_its_parent(address: str, open_a_store: OpenStore) -> None:
    store, before, within = open_a_store(address), a_jti(), a_jti()
    use(store, before)

    child = os.fork()
    if child == 0:
        replayed = [not use(store, before), use(store, within), not use(store, within), store.check() == "ok"]
        os._exit(0 if all(replayed) else 1)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert not use(store, within)
    assert store.check() == "ok"
