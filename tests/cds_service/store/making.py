"""Nonces and waiting, for the tests of the store."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from cds_service.store.location import location_of
from cds_service.store.opening import Store

ISSUER = "https://ehr.example"
# of a call's time, where the claim is not about time: a busy machine must not look like a lost database
UNHURRIED_S = 10.0
NOW = 1_800_000_000.0  # s since 1970
IN_FIVE_MINUTES = NOW + 300


class OpenStore(Protocol):
    """The fixture `open_a_store`."""

    def __call__(
        self, address: str | None, *, limit_s: float = ..., now: Callable[[], float] = ...
    ) -> Store: ...


def a_jti() -> str:
    return uuid4().hex


def use(store: Store, jti: str) -> bool:
    return store.nonces.first_use(ISSUER, jti, time.time() + 300)


def file_of(address: str) -> Path:
    """Of SQLite."""
    file = location_of(address).file
    assert file is not None
    return file


def visited_by_another_process(file: Path) -> None:
    """One that reads a file of SQLite and, if it believes to be the last, takes the log away with it."""
    reading = (
        "import sqlite3, sys; connection = sqlite3.connect(sys.argv[1]); "
        "connection.execute('SELECT count(*) FROM sqlite_master').fetchone(); connection.close()"
    )
    subprocess.run([sys.executable, "-c", reading, str(file)], check=True)


def seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def wait_until(claim: Callable[[], bool], within_s: float = 30.0) -> None:
    deadline = time.monotonic() + within_s
    while not claim():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)
