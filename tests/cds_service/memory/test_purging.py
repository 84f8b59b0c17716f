"""What is older than the site keeps it is gone, and nothing else."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from cds_service.logs import Log
from cds_service.memory.forwarding import Forwarder
from cds_service.memory.outbox import Outbox
from cds_service.memory.purging import DAY_MS, KEPT_DAYS, Purged, purge
from cds_service.memory.rows import Writer
from cds_service.store.opening import Store
from tests.cds_service.memory.recording import a_call, a_report, calls_in, counts, reports_in
from tests.cds_service.store.making import OpenStore, wait_until

NOW = time.time()  # the database has a clock of its own, by which what is young may not go
NOW_MS = int(NOW * 1000)
NOTHING = {"calls": 0, "items": 0, "suggestions": 0, "feedback": 0, "comments": 0}


@pytest.fixture
def store(address: str, open_a_store: OpenStore) -> Store:
    return open_a_store(address)


def fill(store: Store, ages_days: list[int]) -> None:
    records = [
        record
        for days in ages_days
        for at in (NOW_MS - days * DAY_MS,)
        for record in (a_call(at=at), a_report(received_at=at, comment=b"sealed"), a_report(received_at=at))
    ]
    store.run_beside(lambda connection: Writer(store.kind).write(connection, records))


def test_what_is_older_goes_with_all_that_belongs_to_it(store: Store) -> None:
    fill(store, [40, 41, 60])

    purged = purge(40, store, now=lambda: NOW)

    assert purged == Purged(calls=2, items=8, suggestions=4, feedback=4, comments=2)
    assert counts(store) == {"calls": 1, "items": 4, "suggestions": 2, "feedback": 2, "comments": 1}
    assert [call.at for call in calls_in(store).values()] == [NOW_MS - 40 * DAY_MS]
    assert {report.received_at for report in reports_in(store).values()} == {NOW_MS - 40 * DAY_MS}


def test_more_than_one_piece_is_removed(store: Store) -> None:
    fill(store, [400] * 130)
    told: list[int] = []

    purged = purge(0, store, now=lambda: NOW, told=lambda sum_so_far: told.append(sum_so_far.calls))

    assert (purged.calls, purged.feedback) == (130, 260)
    assert told[:3] == [50, 100, 130]
    assert counts(store) == NOTHING


def test_an_empty_store_has_nothing_to_purge(store: Store) -> None:
    assert purge(0, store, now=lambda: NOW) == Purged()


def test_the_sum_is_told_in_words() -> None:
    purged = Purged(calls=1, items=4) + Purged(calls=2, feedback=1)

    assert str(purged) == "3 calls, 4 items, 0 suggestions, 1 feedback, 0 comments"


def test_a_clock_that_is_ahead_costs_no_call(store: Store) -> None:
    fill(store, [1, 2])

    purged = purge(40, store, now=lambda: NOW + 100 * DAY_MS / 1000)

    assert (purged.calls, counts(store)["calls"]) == (0, 2)


def test_the_forwarder_purges_by_itself(
    store: Store, outbox: Outbox, log: Log, events: Callable[[], list[str]]
) -> None:
    fill(store, [KEPT_DAYS - 1, KEPT_DAYS + 1])

    Forwarder(outbox, store, log=log, now=lambda: NOW).forward()

    assert (counts(store)["calls"], counts(store)["feedback"]) == (1, 2)
    assert events()[-1] == "memory.purged"


def test_a_site_may_keep_everything(store: Store, outbox: Outbox, log: Log) -> None:
    fill(store, [10_000])

    Forwarder(outbox, store, log=log, kept_days=None, now=lambda: NOW).forward()

    assert counts(store)["calls"] == 1


def test_a_purge_and_the_forwarder_do_not_harm_each_other(store: Store, outbox: Outbox, log: Log) -> None:
    fill(store, [50] * 120)
    forwarder = Forwarder(outbox, store, log=log)
    forwarder.begin()
    new = [a_report() for _ in range(200)]

    with ThreadPoolExecutor(1) as pool:
        purging = pool.submit(purge, 40, store)
        for report in new:
            outbox.append_safely([report])
            outbox.append(a_call())
            forwarder.soon()
        purged = purging.result()

    wait_until(lambda: forwarder.flush(1.0))
    forwarder.close()
    assert (purged.calls, purged.feedback) == (120, 240)
    assert counts(store)["calls"] == 200
    assert reports_in(store).keys() == {report.key for report in new}
