"""The tables of a new store, of an old one, and of one that is too new."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, inspect, select

from cds_service.memory.rows import Writer
from cds_service.store.connecting import Connect, connector
from cds_service.store.errors import StoreError
from cds_service.store.location import location_of
from cds_service.store.migrating import FOLDER, migrate, move, revision_of
from cds_service.store.nonces import digest_of
from cds_service.store.tables import REVISION, metadata, nonces
from tests.cds_service.memory.recording import a_call, a_report
from tests.cds_service.store.making import ISSUER, OpenStore, use

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
