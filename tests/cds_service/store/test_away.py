"""The database is lost, at the start or later: no call fails or waits long, and no use is forgotten."""

import io
import json
import multiprocessing
import resource
import shutil
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from cds_service.logs import Log, log_to
from cds_service.store.access import LATE_IN_A_ROW
from cds_service.store.nonces import LIMIT_S
from cds_service.store.opening import AWAY, OK, Store, open_store
from tests.cds_service.store.making import (
    UNHURRIED_S,
    OpenStore,
    a_jti,
    file_of,
    seconds,
    use,
    wait_until,
)
from tests.cds_service.store.postgres_server import PASSWORD, PostgresServer

SLACK_S = 3.0  # for a busy machine; what is not bounded hangs for longer by far
CALLS = 500


def goes_on_without(store: Store) -> list[str]:
    """The calls while the database is away; gives what they used."""
    jtis = [a_jti() for _ in range(CALLS)]

    first_s = seconds(lambda: use(store, jtis[0]))
    others_s = seconds(lambda: [use(store, jti) for jti in jtis[1:]])

    assert store.state == AWAY
    assert store.nonces.away
    assert not any(use(store, jti) for jti in jtis)
    assert first_s < LIMIT_S + SLACK_S
    assert others_s < (LATE_IN_A_ROW - 1) * LIMIT_S + SLACK_S  # nobody waits once it is known
    return jtis


def comes_back(store: Store) -> None:
    wait_until(lambda: store.state == OK)
    assert not store.nonces.away


def test_a_locked_file_is_away_after_a_few_calls_and_loses_nothing(
    sqlite_address: str, open_a_store: OpenStore, events: Callable[[], list[str]]
) -> None:
    store, other = open_a_store(sqlite_address, limit_s=LIMIT_S), open_a_store(sqlite_address)
    before = a_jti()
    use(store, before)
    with closing(sqlite3.connect(file_of(sqlite_address), isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")

        used = [before, *goes_on_without(store)]

        holder.execute("ROLLBACK")
    comes_back(store)
    assert [jti for jti in used if use(other, jti)] == []
    late = ["store.late"] * (LATE_IN_A_ROW - 1)
    assert events() == ["store.opened", "store.opened", *late, "store.away", "store.back"]


def test_a_place_that_cannot_be_written_does_not_stop_the_start(
    tmp_path: Path, open_a_store: OpenStore, events: Callable[[], list[str]]
) -> None:
    obstacle = tmp_path / "data"
    obstacle.write_text("not a folder")
    address = f"sqlite:///{obstacle}/backpath.sqlite3"

    store = open_a_store(address)
    at_start = store.state
    used = goes_on_without(store)
    obstacle.unlink()
    comes_back(store)

    other = open_a_store(address)
    assert at_start == AWAY
    assert [jti for jti in used if use(other, jti)] == []
    assert events() == ["store.away", "store.back", "store.opened"]


def test_a_file_that_is_no_database_is_left_alone(sqlite_address: str, open_a_store: OpenStore) -> None:
    file = file_of(sqlite_address)
    file.parent.mkdir()
    file.write_bytes(b"something else, " * 1000)

    store = open_a_store(sqlite_address)

    goes_on_without(store)
    assert file.read_bytes() == b"something else, " * 1000


def use_until_full(address: str) -> tuple[list[str], bool, list[str]]:
    """In a process of its own, whose files may not grow any more, and then may again."""
    stream = io.StringIO()
    store = open_store(address, log=log_to(stream), limit_s=1.0)
    file = file_of(address)
    log_bytes = file.with_name(file.name + "-wal").stat().st_size
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log_bytes + 20_000, most))
    used = [a_jti() for _ in range(CALLS)]
    all_are_new = all(use(store, jti) for jti in used)
    all_are_known = not any(use(store, jti) for jti in used)
    was_away = store.state == AWAY
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    wait_until(lambda: store.state == OK)
    store.close()
    names = [json.loads(line)["event"] for line in stream.getvalue().splitlines()]
    return used, all_are_new and all_are_known and was_away, names


def test_a_full_disk_fails_no_call_and_loses_nothing(sqlite_address: str, open_a_store: OpenStore) -> None:
    store = open_a_store(sqlite_address)
    use(store, a_jti())  # keeps SQLite's log there
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        used, as_it_should, names = pool.apply(use_until_full, (sqlite_address,))
        pool.close()
        pool.join()

    assert as_it_should
    assert [jti for jti in used if use(store, jti)] == []
    assert names == ["store.opened", "store.away", "store.back"]


@pytest.mark.integration
def test_a_server_that_is_held_still_is_away_after_a_few_calls_and_loses_nothing(
    postgresql: PostgresServer, open_a_store: OpenStore, events: Callable[[], list[str]]
) -> None:
    address = postgresql.new_database()
    store, other = open_a_store(address, limit_s=LIMIT_S), open_a_store(address)
    store.warm()
    wait_until(lambda: store.check() == OK)
    before = len(events())
    threads = threading.active_count()
    postgresql.hold()

    used = goes_on_without(store)

    postgresql.let_go()
    comes_back(store)
    assert [jti for jti in used if use(other, jti)] == []
    late = ["store.late"] * (LATE_IN_A_ROW - 1)
    assert events()[before:] == [*late, "store.away", "store.back"]
    # besides: a second courier, when the first was not free at once; one beside the calls; the other store's
    wait_until(lambda: threading.active_count() <= threads + 3)


@pytest.mark.integration
def test_of_many_calls_at_once_none_waits_for_a_server_that_is_held_still(
    postgresql: PostgresServer, open_a_store: OpenStore
) -> None:
    store = open_a_store(postgresql.new_database(), limit_s=LIMIT_S)
    store.warm()
    wait_until(lambda: store.check() == OK)
    postgresql.hold()

    with ThreadPoolExecutor(16) as pool:
        waits = list(pool.map(lambda _: seconds(lambda: use(store, a_jti())), range(64)))

    assert max(waits) < LIMIT_S + SLACK_S
    assert store.state == AWAY


@pytest.mark.integration
def test_a_server_that_is_killed_and_started_again_loses_nothing(
    postgresql: PostgresServer, open_a_store: OpenStore, events: Callable[[], list[str]]
) -> None:
    address = postgresql.new_database()
    store, other = open_a_store(address), open_a_store(address)
    before, after = a_jti(), a_jti()
    use(store, before)
    postgresql.kill()

    used = [before, *goes_on_without(store)]

    postgresql.start()
    comes_back(store)
    assert use(store, after)
    other.check()  # its connection is broken, too
    comes_back(other)
    assert [jti for jti in [*used, after] if use(other, jti)] == []
    assert events()[2:4] == ["store.away", "store.back"]


@pytest.mark.integration
@pytest.mark.parametrize("way", ["stopped", "killed"])
def test_a_fail_over_while_nobody_calls_lets_no_token_be_used_twice(
    way: str, postgresql: PostgresServer, open_a_store: OpenStore, events: Callable[[], list[str]]
) -> None:
    address = postgresql.new_database()
    store, other = open_a_store(address), open_a_store(address)
    before, after = a_jti(), a_jti()
    for replica in (store, other):
        use(replica, a_jti())
    use(store, before)

    postgresql.stop() if way == "stopped" else postgresql.kill()
    postgresql.start()
    answers = [use(replica, jti) for jti in (after, before) for replica in (store, other)]

    assert answers == [True, False, False, False]
    assert events() == ["store.opened", "store.opened"]


def test_a_file_that_is_removed_is_noticed_and_made_anew(
    sqlite_address: str, open_a_store: OpenStore, events: Callable[[], list[str]]
) -> None:
    store, other, before = open_a_store(sqlite_address), open_a_store(sqlite_address), a_jti()
    use(store, before)
    use(other, a_jti())
    shutil.rmtree(file_of(sqlite_address).parent)

    noticed = store.check()
    comes_back(store)
    in_the_other_process = other.check()  # its connection is to the file that was removed
    comes_back(other)

    assert (noticed, in_the_other_process) == (AWAY, AWAY)
    assert not use(store, before)
    assert use(store, jti := a_jti())
    assert not use(other, jti)
    assert events()[2:] == ["store.away", "store.back"] * 2


@pytest.mark.integration
@pytest.mark.parametrize("way", ["stopped", "held still"])
def test_a_server_that_does_not_answer_does_not_stop_the_start(
    way: str, postgresql: PostgresServer, open_a_store: OpenStore, events: Callable[[], list[str]]
) -> None:
    address = postgresql.new_database()
    postgresql.stop() if way == "stopped" else postgresql.hold()

    start_s = seconds(lambda: open_a_store(address))
    store = open_a_store(address)
    used = goes_on_without(store)
    if way == "stopped":
        postgresql.start()
    postgresql.let_go()
    comes_back(store)

    other = open_a_store(address)
    assert start_s < 10
    assert [jti for jti in used if use(other, jti)] == []
    assert events()[:3] == ["store.away", "store.away", "store.back"]


@pytest.mark.integration
def test_the_password_is_never_logged(
    postgresql: PostgresServer, log: Log, log_stream: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    right = postgresql.new_database()
    wrong = right.replace(PASSWORD, "hush-hush-hush")
    nowhere = right.replace(str(postgresql.port), "1")

    for address in (right, wrong, nowhere):
        store = open_store(address, log=log, limit_s=UNHURRIED_S)
        use(store, a_jti())
        store.close()

    told = "".join([log_stream.getvalue(), *capfd.readouterr()])
    assert told.count("store.away") == 2
    assert PASSWORD not in told
    assert "127.0.0.1" not in told
