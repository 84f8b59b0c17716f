"""A token opens the door once, over threads and processes that share a store."""

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from cds_service.logs import log_to
from cds_service.store.opening import OK, open_store
from cds_service.trust.keys import Keys
from cds_service.trust.verifying import Verifier
from tests.cds_service.trust.making import (
    PATH,
    PUBLIC_URL,
    KeyServer,
    bearer,
    claims,
    header,
    jwk,
    reason,
    tenant,
    token,
)

pytestmark = pytest.mark.integration
PROCESSES, THREADS, TOKENS = 2, 4, 50
KID = "ES384 shared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a worker process is given: it has no memory in common with the other."""

    store: str
    key: dict[str, str]
    tokens: tuple[str, ...]


@dataclass(slots=True)
class Start:
    """Set in each worker process before its work."""

    barrier: Barrier | None = None


START = Start()


def prepare(barrier: Barrier) -> None:
    START.barrier = barrier


def accepted(work: Work) -> tuple[list[int], str]:
    """How often each token was let in here, by threads that all begin at once; and the store's state."""
    assert START.barrier is not None
    store = open_store(work.store, log=log_to())
    by = Verifier(Keys(KeyServer({})), store.nonces, public_url=PUBLIC_URL)
    client = tenant(jku=None, jwks=(work.key,))

    def let_in(made: str) -> int:
        assert START.barrier is not None
        START.barrier.wait(30)
        return int(reason(bearer(made), client, by=by, path=PATH) is None)

    with ThreadPoolExecutor(THREADS) as pool:
        counts = [sum(pool.map(let_in, [made] * THREADS)) for made in work.tokens]
    state = store.state
    store.close()
    return counts, state


def test_of_all_concurrent_uses_of_a_token_one_is_accepted(tmp_path: Path) -> None:
    now = int(time.time())
    work = Work(
        store=f"sqlite:///{tmp_path / 'store.db'}",
        key=jwk(KID),
        tokens=tuple(
            token(header(kid=KID, jku=None), claims(iat=now, exp=now + 300), by=KID) for _ in range(TOKENS)
        ),
    )
    spawning = multiprocessing.get_context("spawn")
    barrier = spawning.Barrier(PROCESSES * THREADS)

    with ProcessPoolExecutor(PROCESSES, spawning, prepare, (barrier,)) as pool:
        results = [call.result(120) for call in [pool.submit(accepted, work) for _ in range(PROCESSES)]]

    assert [sum(uses) for uses in zip(*(counts for counts, _ in results), strict=True)] == [1] * TOKENS
    assert {state for _, state in results} == {OK}
