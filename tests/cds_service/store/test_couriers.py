"""Work is handed to a database server, and nobody waits longer for it than told."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection

from cds_service.store.connecting import connector
from cds_service.store.couriers import Couriers
from cds_service.store.errors import StoreAwayError
from cds_service.store.location import location_of
from tests.cds_service.store.making import UNHURRIED_S, seconds, wait_until
from tests.cds_service.store.postgres_server import PostgresServer

pytestmark = pytest.mark.integration


@pytest.fixture
def couriers(postgresql: PostgresServer) -> Iterator[Callable[..., Couriers]]:
    made: list[Couriers] = []
    address = postgresql.new_database()

    def make(width: int = 2, try_after_s: float = 20.0) -> Couriers:
        connect = connector(location_of(address), patience_s=30)
        made.append(Couriers(connect, width=width, try_after_s=try_after_s))
        return made[-1]

    yield make
    for line in made:
        line.close()


def session(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


def is_there(number: int) -> Callable[[Connection], bool]:
    query = f"SELECT count(*) FROM pg_stat_activity WHERE pid = {number}"  # noqa: S608 - a number
    return lambda connection: bool(connection.exec_driver_sql(query).scalar_one())


def sleep(duration_s: float) -> Callable[[Connection], object]:
    return lambda connection: connection.exec_driver_sql(f"SELECT pg_sleep({duration_s})")


def test_connections_are_kept_and_no_more_are_made_than_told(couriers: Callable[..., Couriers]) -> None:
    line = couriers(width=2)

    with ThreadPoolExecutor(8) as pool:
        sessions = set(pool.map(lambda _: line.run(session, UNHURRIED_S), range(100)))

    assert 1 <= len(sessions) <= 2


def test_work_that_is_late_is_given_up_and_its_courier_is_soon_free(
    couriers: Callable[..., Couriers],
) -> None:
    line = couriers(width=1)
    before = line.run(session, UNHURRIED_S)

    with pytest.raises(StoreAwayError, match="late"):
        line.run(sleep(60), 0.05)
    after_s = seconds(lambda: line.run(session, UNHURRIED_S))

    assert after_s < UNHURRIED_S / 2
    assert line.run(session, UNHURRIED_S) != before


def test_work_that_nobody_waits_for_any_more_is_not_begun(couriers: Callable[..., Couriers]) -> None:
    line, begun = couriers(width=1), []
    line.run(session, UNHURRIED_S)

    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(line.run, sleep(0.5), UNHURRIED_S)
        wait_until(slow.running)
        with pytest.raises(StoreAwayError, match="late"):
            line.run(lambda _: begun.append("late work"), 0.05)
        slow.result()
    line.run(lambda _: begun.append("next work"), UNHURRIED_S)

    assert begun == ["next work"]


def test_a_defect_of_the_work_is_told_and_keeps_the_connection(couriers: Callable[..., Couriers]) -> None:
    line = couriers(width=1)
    before = line.run(session, UNHURRIED_S)

    with pytest.raises(ZeroDivisionError):
        line.run(lambda _: 1 // 0, UNHURRIED_S)

    assert line.run(session, UNHURRIED_S) == before


def test_a_connection_closed_while_idle_is_replaced_unseen(couriers: Callable[..., Couriers]) -> None:
    line, other = couriers(width=1, try_after_s=0.0), couriers(width=1)
    before = line.run(session, UNHURRIED_S)

    other.run(
        lambda connection: connection.exec_driver_sql(f"SELECT pg_terminate_backend({before})"), UNHURRIED_S
    )
    after = line.run(session, UNHURRIED_S)

    assert after != before


def end_session(number: int) -> Callable[[Connection], object]:
    return lambda connection: connection.exec_driver_sql(f"SELECT pg_terminate_backend({number})")


def test_a_connection_closed_just_now_is_replaced_unseen(couriers: Callable[..., Couriers]) -> None:
    line, other = couriers(width=1, try_after_s=20.0), couriers(width=1)
    before, begun = line.run(session, UNHURRIED_S), list[int]()
    other.run(end_session(before), UNHURRIED_S)
    wait_until(lambda: not other.run(is_there(before), UNHURRIED_S))

    line.run(lambda connection: begun.append(session(connection)), UNHURRIED_S)

    assert len(begun) == 1
    assert begun != [before]


def test_work_whose_connection_breaks_is_done_again_on_another(couriers: Callable[..., Couriers]) -> None:
    line = couriers(width=1)
    sessions: list[int] = []

    def break_once(connection: Connection) -> int:
        sessions.append(session(connection))
        if len(sessions) == 1:
            end_session(sessions[0])(connection)
        return sessions[-1]

    last = line.run(break_once, UNHURRIED_S)

    assert [last] == sessions[1:]
    assert len(set(sessions)) == 2


def test_work_that_breaks_its_connection_twice_is_given_up(couriers: Callable[..., Couriers]) -> None:
    line = couriers(width=1)
    sessions: list[int] = []

    def break_always(connection: Connection) -> None:
        sessions.append(session(connection))
        end_session(sessions[-1])(connection)

    with pytest.raises(StoreAwayError, match="57P01"):
        line.run(break_always, UNHURRIED_S)

    assert len(set(sessions)) == 2
    assert line.run(session, UNHURRIED_S) not in sessions


def test_nobody_is_served_after_the_close(couriers: Callable[..., Couriers]) -> None:
    line = couriers()
    line.run(session, UNHURRIED_S)

    line.close()

    with pytest.raises(StoreAwayError, match="closed"):
        line.run(session, UNHURRIED_S)
