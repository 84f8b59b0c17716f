"""The trail of calls is tried on SQLite and on a PostgreSQL that really runs."""

import io
from collections.abc import Callable, Iterator

import pytest

from cds_service.logs import log_to
from cds_service.store.opening import Store, open_store
from tests.cds_service.store.conftest import address, postgresql, sqlite_address, started_postgresql
from tests.cds_service.store.making import UNHURRIED_S

__all__ = ["address", "make_a_store", "postgresql", "sqlite_address", "started_postgresql"]


@pytest.fixture
def make_a_store() -> Iterator[Callable[[str], None]]:
    """Makes the tables at an address."""
    opened: list[Store] = []

    def make(place: str) -> None:
        opened.append(open_store(place, log=log_to(io.StringIO()), limit_s=UNHURRIED_S))

    yield make
    for store in opened:
        store.close()
