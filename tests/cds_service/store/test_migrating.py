"""The tables of a new store, of an old one, and of one that is too new."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select

from cds_service.store.connecting import Connect, connector
from cds_service.store.errors import StoreError
from cds_service.store.location import location_of
from cds_service.store.migrating import FOLDER, migrate, move, revision_of
from cds_service.store.tables import REVISION, metadata, nonces
from tests.cds_service.store.making import OpenStore

DIGEST = b"d" * 32


@pytest.fixture
def connect(address: str) -> Connect:
    return connector(location_of(address), patience_s=30)


@pytest.fixture
def connection(connect: Connect) -> Iterator[Connection]:
    with connect() as connection:
        yield connection


def rows(connection: Connection) -> list[tuple[bytes, int]]:
    return [(row.digest, row.expires_at) for row in connection.execute(select(nonces))]


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
