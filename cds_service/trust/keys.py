"""The keys of the clients: fetched, kept for a while, fetched again when a client shows a new one."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import inf
from threading import Lock, Thread
from typing import Final

from cds_service.fetching.refusals import NotFetchedError
from cds_service.tenants.model import Tenant
from cds_service.trust.errors import Reason
from cds_service.trust.jwk import Key, KeySet, inline_key_set, read_key_set

LIFETIME_S = 600.0  # a key that its owner withdraws is refused after this time
STALE_S = 86_400.0  # how long fetched keys serve when they cannot be fetched again: see Keys
REFETCH_S = 30.0  # least time between two requests to one `jku`, whoever asks for what
RETRY_S = 5.0  # the same as long as it has never answered: its clients are all locked out
PATIENCE_S = 0.1  # that a caller who has a key waits for a newer one
NO_KEY_SET: Final = "no-key-set"  # the word for an answer that is not one
NONE: Final = KeySet({}, frozenset())


@dataclass(frozen=True, slots=True)
class State:
    """What is known of a `jku` at one time; replaced as a whole, so it is read without a lock."""

    keys: KeySet | None = None  # None: never fetched
    fetched_at: float = -inf  # on the clock of Keys
    tried_at: float = -inf


@dataclass(slots=True)
class Source:
    """One `jku`; the lock is held by the one that fetches it."""

    state: State = field(default_factory=State)
    lock: Lock = field(default_factory=Lock)


class Keys:
    """Key sets by `jku`, and those of the tenants file; one for each worker process, for all its threads.

    Fetched keys are used for `lifetime_s`, then fetched again. When that fails they serve on for
    `stale_s`: an outage of a client's key server must not silence its clinicians, and what it costs is
    that a key withdrawn during the outage is refused only after it. `told` hears of every failure:
    the `jku`, and why in a word.

    A fetch holds back only those callers who cannot do without it; they share it. Who has a key waits for
    a newer one no longer than `patience_s`, so that a key server that hangs costs no call its time.
    """

    def __init__(
        self,
        read: Callable[[str], bytes],
        *,
        told: Callable[[str, str], None] = lambda _jku, _why: None,
        clock: Callable[[], float] = time.monotonic,
        lifetime_s: float = LIFETIME_S,
        stale_s: float = STALE_S,
        refetch_s: float = REFETCH_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._read = read
        self._told = told
        self._clock = clock
        self._lifetime_s = lifetime_s
        self._stale_s = stale_s
        self._refetch_s = refetch_s
        self._patience_s = patience_s
        self._sources: dict[str, Source] = {}
        self._inline = lru_cache(maxsize=1024)(_inline)

    def find(self, tenant: Tenant, kid: str, algorithm: str) -> Key | Reason:
        """The tenant's key of this `kid`, or why there is none; those of the tenants file go first.

        In development mode nothing is fetched.
        """
        inline = self._inline(tuple(tuple(jwk.items()) for jwk in tenant.jwks))
        if kid in inline or tenant.jku is None or tenant.development:
            return inline.find(kid, algorithm)
        fetched = self._fetched(tenant.jku, kid)
        return Reason.KEYS_NOT_FETCHED if fetched is None else fetched.find(kid, algorithm)

    def _fetched(self, jku: str, kid: str) -> KeySet | None:
        """The keys to be used now, fetched if that is called for."""
        source = self._sources.get(jku) or self._sources.setdefault(jku, Source())
        if self._is_due(source.state, kid):
            if kid in (self._usable(source.state) or NONE):
                self._refresh_beside(jku, kid, source)
            else:
                with source.lock:
                    self._refresh(jku, kid, source)
        return self._usable(source.state)

    def _refresh(self, jku: str, kid: str, source: Source) -> None:
        """Fetch; the caller holds the lock."""
        if self._is_due(source.state, kid):  # the one before may have fetched it
            source.state = self._tried(jku, source.state)

    def _refresh_beside(self, jku: str, kid: str, source: Source) -> None:
        """Fetch in a thread of its own, unless that is being done, and wait for it a moment."""
        if not source.lock.acquire(blocking=False):
            return

        def fetch() -> None:
            try:
                self._refresh(jku, kid, source)
            finally:
                source.lock.release()

        fetching = Thread(target=fetch, name="keys", daemon=True)
        try:
            fetching.start()
        except RuntimeError:  # no thread is to be had: the next caller tries again
            source.lock.release()
            return
        fetching.join(self._patience_s)

    def _is_due(self, state: State, kid: str) -> bool:
        now = self._clock()
        if state.keys is not None and kid in state.keys and now - state.fetched_at < self._lifetime_s:
            return False
        wait = RETRY_S if state.keys is None else self._refetch_s
        return now - state.tried_at >= min(wait, self._refetch_s)

    def _usable(self, state: State) -> KeySet | None:
        return state.keys if self._clock() - state.fetched_at < self._stale_s else None

    def _tried(self, jku: str, before: State) -> State:
        try:
            keys = read_key_set(self._read(jku))
        except NotFetchedError as error:
            self._told(jku, error.why)
        except ValueError:
            self._told(jku, NO_KEY_SET)
        else:
            return State(keys, self._clock(), self._clock())
        return State(before.keys, before.fetched_at, self._clock())


def _inline(jwks: tuple[tuple[tuple[str, str], ...], ...]) -> KeySet:
    named: list[Mapping[str, object]] = [dict(jwk) for jwk in jwks]
    return inline_key_set(named)
