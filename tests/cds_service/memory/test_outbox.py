"""The outbox keeps what it was given, in order, until it is told that the store has it."""

import io
import multiprocessing
import os
import resource
import sqlite3
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from cds_service.logs import Log, log_to
from cds_service.memory.outbox import Outbox, OutboxError
from cds_service.memory.outbox_files import outbox_file
from cds_service.memory.parcels import AnyRecord, unpacked
from cds_service.store.errors import StoreError
from tests.cds_service.memory.recording import a_call, a_report
from tests.cds_service.store.making import seconds, visited_by_another_process

ALL = 1_000_000
SLACK_S = 1.0  # for a busy machine


def waiting(outbox: Outbox) -> list[AnyRecord]:
    return [unpacked(one.parcel) for one in outbox.oldest(ALL)]


def until_refused(append: Callable[[], None]) -> tuple[str, int]:
    """Why, and after how many times."""
    for times in range(10_000):
        try:
            append()
        except OutboxError as error:
            return error.cause, times
    raise AssertionError("it takes everything")


def test_records_wait_in_the_order_in_which_they_came(outbox: Outbox) -> None:
    call, first, second = a_call(), a_report(comment=b"\0sealed"), a_report()

    outbox.append(call)
    outbox.append_safely([first, second])

    assert waiting(outbox) == [call, first, second]
    assert outbox.depth() == 3


def test_who_comes_and_goes_does_not_take_the_log_of_the_others_away(outbox: Outbox) -> None:
    log = outbox.file.with_name(f"{outbox.file.name}-wal")
    outbox.append(a_call())
    outbox.append_safely([a_report()])  # opens the file a second time, and `depth` a third
    before = (outbox.depth(), log.stat().st_ino)

    visited_by_another_process(outbox.file)
    outbox.append_safely([a_report()])

    assert (outbox.depth(), log.stat().st_ino) == (3, before[1])


def test_only_what_was_removed_is_gone(outbox: Outbox) -> None:
    calls = [a_call() for _ in range(5)]
    for call in calls:
        outbox.append(call)

    outbox.remove(outbox.oldest(2))
    outbox.remove([])

    assert waiting(outbox) == calls[2:]
    assert outbox.depth() == 3


def test_a_number_is_never_used_again(outbox: Outbox) -> None:
    outbox.append(a_call())
    last = outbox.last()
    outbox.remove(outbox.oldest(ALL))

    outbox.append(a_call())

    assert outbox.first() == last + 1


def test_an_empty_outbox_has_no_depth(outbox: Outbox) -> None:
    assert (outbox.depth(), outbox.first(), outbox.last(), outbox.oldest(ALL)) == (0, None, 0, ())


def test_what_is_set_aside_no_longer_waits_and_is_kept(outbox: Outbox, file: Path) -> None:
    outbox.append(a_call())
    outbox.append(a_call())
    first, second = outbox.oldest(ALL)

    outbox.set_aside(first, "DataError")

    assert outbox.oldest(ALL) == (second,)
    with closing(sqlite3.connect(file)) as connection:
        kept = connection.execute("SELECT parcel, reason FROM set_aside").fetchall()
    assert kept == [(first.parcel, "DataError")]


def test_what_was_set_aside_is_forgotten_in_time(outbox: Outbox, file: Path) -> None:
    outbox.append(a_call())
    outbox.set_aside(outbox.oldest(1)[0], "DataError")

    outbox.forget_set_aside(2**62)

    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM set_aside").fetchone() == (0,)


def test_the_files_are_of_the_service_alone(outbox: Outbox, file: Path) -> None:
    outbox.prepare()
    outbox.append_safely([a_report()])

    rights = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}

    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert set(rights.values()) == {0o600}
    assert {file.name, f"{file.name}-wal", f"{file.name}.lock"} <= rights.keys()


@pytest.mark.parametrize(
    ("setting", "place"),
    [
        ("sqlite:////data/backpath.sqlite3", "/data/backpath-outbox.sqlite3"),
        ("sqlite:///data/here.db", "data/here-outbox.sqlite3"),
        (None, "backpath-data/backpath-outbox.sqlite3"),
        ("postgresql://db/backpath", "backpath-data/outbox.sqlite3"),
    ],
)
def test_it_lies_beside_the_store_or_in_the_data_folder(setting: str | None, place: str) -> None:
    assert outbox_file(setting) == Path(place).absolute()


def test_a_store_that_cannot_be_has_no_outbox() -> None:
    with pytest.raises(StoreError):
        outbox_file("mysql://db/backpath")


def test_threads_and_a_forked_worker_write_into_one_outbox(outbox: Outbox, file: Path) -> None:
    outbox.prepare()
    outbox.append(a_call())  # a connection that must not be used after the fork

    def many(count: int) -> None:
        for _ in range(count):
            outbox.append(a_call())

    worker = multiprocessing.get_context("fork").Process(target=many, args=(200,))
    worker.start()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(many, [50] * 4))
    worker.join()

    assert worker.exitcode == 0
    assert outbox.depth() == 401
    assert Outbox(file).depth() == 401


def test_nobody_waits_long_for_an_outbox_that_another_holds(outbox: Outbox, file: Path) -> None:
    outbox.append(a_call())
    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")

        def refused() -> None:
            with pytest.raises(OutboxError) as caught:
                outbox.append(a_call())
            assert caught.value.cause == "SQLITE_BUSY"

        waited = seconds(refused)

    assert waited < SLACK_S
    outbox.append(a_call())
    assert outbox.depth() == 2


def test_an_outbox_that_is_full_leaves_room_for_feedback(file: Path, log: Log) -> None:
    outbox = Outbox(file, log=log, most_bytes=1_000_000)

    cause, calls = until_refused(lambda: outbox.append(a_call()))
    outbox.append_safely([a_report() for _ in range(50)])

    assert cause == "SQLITE_FULL"
    assert calls > 100
    assert outbox.depth() == calls + 50


def test_feedback_too_is_refused_when_nothing_more_fits(file: Path, log: Log) -> None:
    outbox = Outbox(file, log=log, most_bytes=500_000)

    cause, batches = until_refused(lambda: outbox.append_safely([a_report(), a_report()]))

    assert cause == "SQLITE_FULL"
    assert outbox.depth() == 2 * batches


def fill_until_refused(file: Path) -> tuple[int, str, bool, int]:
    """In a process of its own, whose files may not grow any more, and then may again."""
    outbox = Outbox(file, log=log_to(io.StringIO()))
    outbox.prepare()
    outbox.append_safely([a_report()])
    size = file.with_name(f"{file.name}-wal").stat().st_size
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100_000, most))
    cause, batches = until_refused(lambda: outbox.append_safely([a_report(), a_report()]))
    kept = 1 + 2 * batches
    whole = outbox.depth() == kept  # a batch is kept as a whole or not at all
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    outbox.append_safely([a_report()])
    return kept + 1, cause, whole, outbox.depth()


def test_a_full_disk_refuses_feedback_and_keeps_what_it_has(file: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        kept, cause, whole, depth = pool.apply(fill_until_refused, (file,))
        pool.close()
        pool.join()

    assert cause in ("SQLITE_FULL", "SQLITE_IOERR_WRITE")
    assert whole
    assert depth == kept == Outbox(file).depth()


def test_a_place_that_cannot_be_written_refuses_and_recovers(outbox: Outbox, file: Path) -> None:
    file.parent.write_text("not a folder")
    prepared = outbox.prepare()
    with pytest.raises(OutboxError):
        outbox.append(a_call())
    with pytest.raises(OutboxError):
        outbox.append_safely([a_report()])

    file.parent.unlink()
    outbox.append(a_call())

    assert not prepared
    assert outbox.depth() == 1


def test_an_outbox_that_somebody_deleted_is_made_again(outbox: Outbox, file: Path) -> None:
    outbox.append(a_call())
    for path in file.parent.glob(f"{file.name}*"):
        path.unlink()

    outbox.append(a_call())
    outbox.append_safely([a_report()])

    assert outbox.depth() == 2


def test_the_log_of_the_file_does_not_grow_for_ever(outbox: Outbox, file: Path) -> None:
    log_file = file.with_name(f"{file.name}-wal")
    sizes = []

    for _ in range(6):
        for _ in range(600):
            outbox.append(a_call())
        outbox.settle()
        outbox.remove(outbox.oldest(ALL))
        sizes.append(log_file.stat().st_size)

    assert sizes[-1] <= max(sizes[:3])


def test_calls_go_on_while_the_log_is_written_into_the_file(outbox: Outbox) -> None:
    for _ in range(3_000):
        outbox.append(a_call())
    settling = threading.Thread(target=outbox.settle)

    settling.start()
    slowest = max(seconds(lambda: outbox.append(a_call())) for _ in range(100))
    settling.join()

    assert slowest < SLACK_S
    assert outbox.depth() == 3_100


def test_an_append_costs_little(outbox: Outbox, record_property: Callable[[str, object], None]) -> None:
    calls = [a_call() for _ in range(1_000)]
    outbox.warm()
    began = os.times()

    for call in calls:
        outbox.append(call)

    ended = os.times()
    milliseconds = (ended.user + ended.system - began.user - began.system) * 1000 / len(calls)
    record_property("append_ms", milliseconds)
    assert milliseconds < 0.5  # 0.1 by itself; the tests share the machine
