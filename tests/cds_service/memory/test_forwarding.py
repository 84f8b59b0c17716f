"""What waits in the outbox comes into the store: all of it, once, and soon after feedback."""

import io
import json
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cds_service.logs import Log
from cds_service.memory.file_locks import FileLock
from cds_service.memory.forwarding import LOCK_SUFFIX, Forwarder
from cds_service.memory.outbox import Outbox
from cds_service.memory.outbox_files import with_suffix
from cds_service.memory.parcels import HEAD, MARK
from cds_service.store.errors import StoreAwayError
from cds_service.store.opening import AWAY, OK, Store
from tests.cds_service.memory.recording import a_call, a_report, calls_in, counts, reports_in
from tests.cds_service.store.making import OpenStore, seconds, wait_until
from tests.cds_service.store.postgres_server import PostgresServer

SLACK_S = 1.0


@pytest.fixture
def store(address: str, open_a_store: OpenStore) -> Store:
    return open_a_store(address)


@pytest.fixture
def forwarder(outbox: Outbox, store: Store, log: Log) -> Iterator[Forwarder]:
    forwarder = Forwarder(outbox, store, log=log)
    yield forwarder
    forwarder.close()


def test_all_that_waits_comes_into_the_store(outbox: Outbox, store: Store, forwarder: Forwarder) -> None:
    calls = [a_call() for _ in range(300)]
    reports = [a_report(comment=b"sealed") for _ in range(100)]
    for call in calls:
        outbox.append(call)
    outbox.append_safely(reports)

    assert forwarder.forward()

    assert outbox.depth() == 0
    assert calls_in(store) == {call.id: call for call in calls}
    assert reports_in(store) == {report.key: report for report in reports}


def test_feedback_is_there_when_flush_says_so(outbox: Outbox, store: Store, forwarder: Forwarder) -> None:
    forwarder.begin()
    report = a_report()
    outbox.append_safely([report])

    arrived = forwarder.flush(10.0)

    assert arrived
    assert report.key in reports_in(store)


def test_flush_also_sees_what_another_process_forwards(
    outbox: Outbox, file: Path, store: Store, forwarder: Forwarder, log: Log
) -> None:
    forwarder.begin()
    idle = Forwarder(Outbox(file, log=log), store, log=log)  # as in a worker whose thread is not at it
    outbox.append_safely([a_report()])

    assert idle.flush(10.0)
    idle.close()


def test_flush_waits_no_longer_than_told(outbox: Outbox, forwarder: Forwarder) -> None:
    outbox.append_safely([a_report()])

    waited = seconds(lambda: forwarder.flush(0.1))  # nobody forwards

    assert 0.1 <= waited < 0.1 + SLACK_S


def test_what_calls_record_is_forwarded_without_being_asked(
    outbox: Outbox, store: Store, forwarder: Forwarder
) -> None:
    forwarder.begin()

    outbox.append(a_call())

    wait_until(lambda: outbox.depth() == 0)
    assert counts(store)["calls"] == 1


def test_one_at_a_time_forwards(outbox: Outbox, file: Path, forwarder: Forwarder) -> None:
    outbox.append(a_call())
    lock = FileLock(with_suffix(file, LOCK_SUFFIX))
    with lock.taken(alone=True, within_s=1):
        while_locked = forwarder.forward()
        left = outbox.depth()

    assert not while_locked
    assert left == 1
    assert forwarder.forward()
    lock.close()


def test_two_forwarders_bring_each_record_once(
    outbox: Outbox, file: Path, store: Store, forwarder: Forwarder, log: Log
) -> None:
    other = Forwarder(Outbox(file, log=log), store, log=log)
    forwarder.begin()
    other.begin()
    keys = set()

    for _ in range(100):
        report = a_report()
        outbox.append_safely([report])
        outbox.append(a_call())
        keys.add(report.key)
        forwarder.soon()
        other.soon()

    assert forwarder.flush(20.0)
    other.close()
    assert reports_in(store).keys() == keys
    assert counts(store)["calls"] == 100


def test_what_was_written_but_not_removed_is_written_again_without_harm(
    outbox: Outbox, store: Store, forwarder: Forwarder
) -> None:
    call, report = a_call(), a_report(comment=b"sealed")
    for _ in range(2):
        outbox.append(call)
        outbox.append_safely([report])
        forwarder.forward()

    assert counts(store) == {"calls": 1, "items": 4, "suggestions": 2, "feedback": 1, "comments": 1}


def put(file: Path, body: bytes) -> None:
    """A parcel that is whole, whatever it holds."""
    parcel = HEAD.pack(MARK, len(body), zlib.crc32(body)) + body
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("INSERT INTO outbox (parcel) VALUES (?)", (parcel,))


@pytest.mark.parametrize(
    "body", [b"{", b'{"type":"call"}', b'{"type":"unheard-of"}', b"\xff", b"", json.dumps({"x": 1}).encode()]
)
def test_a_record_that_cannot_be_read_is_set_aside_and_holds_up_no_other(
    body: bytes, outbox: Outbox, store: Store, forwarder: Forwarder, log_stream: io.StringIO
) -> None:
    outbox.append(a_call())
    put(outbox.file, body)
    outbox.append(a_call())

    forwarder.forward()

    assert outbox.depth() == 0
    assert counts(store)["calls"] == 2
    told = [json.loads(line) for line in log_stream.getvalue().splitlines()][-1]
    assert told["event"] == "outbox.set_aside"
    assert told["reason"] in ("DecodeError", "ValidationError")


def test_a_record_that_no_database_takes_is_set_aside(
    outbox: Outbox, store: Store, forwarder: Forwarder, events: Callable[[], list[str]]
) -> None:
    outbox.append(a_call())
    outbox.append(a_call(at=2**63))
    outbox.append_safely([a_report()])

    forwarder.forward()

    assert outbox.depth() == 0
    assert (counts(store)["calls"], counts(store)["feedback"]) == (1, 1)
    assert events()[-1] == "outbox.set_aside"


def test_a_store_that_is_away_keeps_everything_waiting(
    tmp_path: Path, outbox: Outbox, log: Log, open_a_store: OpenStore
) -> None:
    obstacle = tmp_path / "store"
    obstacle.write_text("not a folder")
    store = open_a_store(f"sqlite:///{obstacle}/backpath.sqlite3")
    forwarder = Forwarder(outbox, store, log=log)
    outbox.append_safely([a_report()])

    with pytest.raises(StoreAwayError):
        forwarder.forward()
    waited = seconds(lambda: forwarder.flush(5.0))
    at_first = (store.state, outbox.depth())
    obstacle.unlink()
    forwarder.begin()
    wait_until(lambda: outbox.depth() == 0)
    forwarder.close()

    assert at_first == (AWAY, 1)
    assert waited < SLACK_S  # nobody waits for what cannot come
    assert counts(store)["feedback"] == 1


@pytest.mark.integration
@pytest.mark.parametrize("way", ["stopped", "killed", "held still"])
def test_a_server_that_is_lost_while_it_is_written_to_loses_nothing(
    way: str, postgresql: PostgresServer, outbox: Outbox, open_a_store: OpenStore, log: Log
) -> None:
    store = open_a_store(postgresql.new_database())
    forwarder = Forwarder(outbox, store, log=log)
    forwarder.begin()
    keys = set()
    ended = threading.Event()

    def report() -> None:
        while not ended.wait(0.001):
            one = a_report()
            outbox.append_safely([one])
            outbox.append(a_call())
            keys.add(one.key)

    reporting = threading.Thread(target=report)
    reporting.start()
    wait_until(lambda: counts(store)["feedback"] > 20)
    {"stopped": postgresql.stop, "killed": postgresql.kill, "held still": postgresql.hold}[way]()
    wait_until(lambda: store.state == AWAY or store.check() == AWAY)
    postgresql.let_go() if way == "held still" else postgresql.start()
    ended.set()
    reporting.join()
    wait_until(lambda: store.state == OK)

    wait_until(lambda: forwarder.flush(1.0))
    forwarder.close()
    assert reports_in(store).keys() == keys
    assert counts(store)["calls"] == len(keys)
