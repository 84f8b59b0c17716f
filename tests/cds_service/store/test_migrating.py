"""The tables of a new store, of an old one, and of one that is too new."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Executable, delete, func, inspect, select, text, update
from sqlalchemy.exc import IntegrityError

from cds_service.memory.purging import DAY_MS
from cds_service.memory.rows import Writer
from cds_service.store.connecting import Connect, connector
from cds_service.store.errors import StoreError
from cds_service.store.location import location_of
from cds_service.store.migrating import FOLDER, migrate, move, revision_of
from cds_service.store.nonces import digest_of
from cds_service.store.tables import REVISION, calls, items, metadata, nonces
from tests.cds_service.memory.recording import a_call, a_report
from tests.cds_service.store.making import ISSUER, OpenStore, use
from tests.cds_service.store.postgres_server import PostgresServer

DIGEST = b"d" * 32
MEMORY = ("calls", "items", "suggestions", "feedback", "comments")


@pytest.fixture
def connect(address: str) -> Connect:
    return connector(location_of(address), patience_s=30)


@pytest.fixture
def connection(connect: Connect) -> Iterator[Connection]:
    with connect() as connection:
        yield connection


def rows(connection: Connection) -> list[tuple[bytes, int]]:
    return [(row.digest, row.expires_at) for row in connection.execute(select(nonces))]


def memory_rows(connection: Connection) -> dict[str, int]:
    counted = {name: select(func.count()).select_from(metadata.tables[name]) for name in MEMORY}
    return {name: connection.scalar(statement) or 0 for name, statement in counted.items()}


def now_ms() -> int:
    return int(time.time() * 1000)


def refuses(connection: Connection, statement: Executable) -> bool:
    """The database itself does not do it."""
    try:
        connection.execute(statement)
    except IntegrityError as error:
        return "only added to" in str(error.orig)
    return False


def test_the_program_names_the_newest_revision() -> None:
    assert ScriptDirectory(str(FOLDER)).get_heads() == [REVISION]


def test_the_migrations_make_the_tables_that_the_program_knows(connection: Connection) -> None:
    migrate(connection)

    assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_second_run_has_nothing_to_do(connection: Connection) -> None:
    assert migrate(connection)
    assert not migrate(connection)


def test_data_outlives_a_step_that_has_nothing_to_do(connection: Connection) -> None:
    migrate(connection)
    connection.execute(nonces.insert(), {"digest": DIGEST, "expires_at": 1})

    migrate(connection)

    assert rows(connection) == [(DIGEST, 1)]


def test_each_step_goes_down_and_up_again_with_data_there(connection: Connection) -> None:
    migrate(connection)
    connection.execute(nonces.insert(), {"digest": DIGEST, "expires_at": 1})

    move(connection, "base")
    after_down = inspect(connection).has_table("nonces")
    move(connection, REVISION)

    assert not after_down
    assert revision_of(connection) == REVISION
    assert rows(connection) == []


def test_an_old_versions_data_is_read_by_the_new(
    connection: Connection, address: str, open_a_store: OpenStore
) -> None:
    move(connection, "0001")
    old = digest_of(ISSUER, "used before")
    connection.execute(nonces.insert(), {"digest": old, "expires_at": int(time.time()) + 300})

    store = open_a_store(address)

    assert revision_of(connection) == REVISION
    assert [digest for digest, _ in rows(connection)] == [old]
    assert not use(store, "used before")
    assert use(store, "not used before")


def test_the_tables_of_memory_go_down_and_up_again_with_data_there(connection: Connection) -> None:
    migrate(connection)
    connection.execute(nonces.insert(), {"digest": DIGEST, "expires_at": 1})
    records = [a_call(), a_report(comment=b"sealed")]
    Writer(connection.dialect.name).write(connection, records)
    filled = memory_rows(connection)

    move(connection, "0001")
    after_down = [name for name in MEMORY if inspect(connection).has_table(name)]
    move(connection, REVISION)

    assert filled == {"calls": 1, "items": 4, "suggestions": 2, "feedback": 1, "comments": 1}
    assert after_down == []
    assert rows(connection) == [(DIGEST, 1)]
    assert set(memory_rows(connection).values()) == {0}
    assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    assert Writer(connection.dialect.name).write(connection, records) == {}


def test_what_was_recorded_outlives_the_step_that_puts_it_together(connection: Connection) -> None:
    move(connection, "0003")
    record = a_call(at=now_ms())
    Writer(connection.dialect.name).write(connection, [record, a_report()])
    filled = memory_rows(connection)

    move(connection, REVISION)
    after_up = memory_rows(connection)
    refused = refuses(connection, delete(items).where(items.c.call == record.id))
    move(connection, "0003")
    after_down = memory_rows(connection)
    indexes = {index["name"] for index in inspect(connection).get_indexes("suggestions")}
    move(connection, REVISION)

    assert filled == after_up == after_down == memory_rows(connection)
    assert filled["suggestions"] > 0
    assert refused
    assert "suggestions_by_call" in indexes
    assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_trail_is_only_added_to_until_it_is_old(connection: Connection) -> None:
    migrate(connection)
    young, old = a_call(at=now_ms() - 29 * DAY_MS), a_call(at=now_ms() - 31 * DAY_MS)
    Writer(connection.dialect.name).write(connection, [young, old, a_report()])

    assert refuses(connection, update(calls).values(tenant="south"))
    assert refuses(connection, update(items).values(fate="quiet"))
    assert refuses(connection, delete(calls).where(calls.c.id == young.id))
    assert refuses(connection, delete(items).where(items.c.call == young.id))
    assert refuses(connection, delete(calls))
    assert memory_rows(connection)["calls"] == 2

    connection.execute(delete(items).where(items.c.call == old.id))
    connection.execute(delete(calls).where(calls.c.id == old.id))
    assert (memory_rows(connection)["calls"], memory_rows(connection)["items"]) == (1, 4)


@pytest.mark.integration
@pytest.mark.parametrize("name", ["calls", "items"])
def test_the_trail_is_not_emptied_at_once(name: str, postgresql: PostgresServer) -> None:
    with connector(location_of(postgresql.new_database()), patience_s=30)() as connection:
        migrate(connection)

        assert refuses(connection, text(f"TRUNCATE {name}"))


def test_a_trail_of_the_version_before_is_kept_and_from_then_on_only_added_to(
    connection: Connection, address: str, open_a_store: OpenStore
) -> None:
    move(connection, "0002")
    records = [a_call(), a_report(comment=b"sealed")]
    Writer(connection.dialect.name).write(connection, records)
    filled = memory_rows(connection)

    open_a_store(address)
    refused_after_up = refuses(connection, update(calls).values(tenant="south"))
    move(connection, "0002")
    refused_after_down = refuses(connection, update(calls).values(tenant="south"))
    after_down = memory_rows(connection)
    move(connection, REVISION)

    assert (refused_after_up, refused_after_down) == (True, False)
    assert filled == after_down == memory_rows(connection)
    assert refuses(connection, delete(calls))
    assert Writer(connection.dialect.name).write(connection, records) == {}


def test_tables_of_a_newer_version_stop_the_start_and_stay_as_they_are(
    connection: Connection, address: str, open_a_store: OpenStore
) -> None:
    migrate(connection)
    connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(StoreError, match="newer version"):
        open_a_store(address)

    assert revision_of(connection) == "9999"
    assert rows(connection) == []


def test_a_step_that_fails_leaves_nothing_behind(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE nonces (something_else INTEGER)")

    with pytest.raises(Exception, match="nonces"):
        migrate(connection)

    assert revision_of(connection) is None


def test_of_many_that_start_at_once_one_does_the_work(connect: Connect) -> None:
    def start(_: int) -> bool:
        with connect() as connection:
            return migrate(connection)

    with ThreadPoolExecutor(8) as pool:
        worked = list(pool.map(start, range(8)))

    assert sorted(worked) == [False] * 7 + [True]


def test_several_stores_are_opened_on_one_database(
    address: str, open_a_store: OpenStore, events: Callable[[], list[str]]
) -> None:
    stores = [open_a_store(address) for _ in range(3)]

    assert [store.state for store in stores] == ["ok"] * 3
    assert events() == ["store.opened"] * 3
