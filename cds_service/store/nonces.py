"""Each client's token is used once, over all workers and replicas that share the store.

A token is known by the SHA-256 of its issuer and its `jti`: what a stranger wrote is never kept. When the
store is away each process remembers those that it saw itself, and writes them to the store when it is back.
"""

import math
import time
from collections.abc import Callable
from hashlib import sha256
from itertools import count

from sqlalchemy import Connection, LargeBinary, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Delete, Insert

from cds_service.store.access import WORK_S, Access
from cds_service.store.errors import StoreAwayError
from cds_service.store.lines import Line
from cds_service.store.location import SQLITE
from cds_service.store.remembered import Remembered
from cds_service.store.statement_texts import changed_by, text_of
from cds_service.store.tables import nonces

# Of a call's time; what is not answered by then is answered from this process's memory. An answer takes 1 ms;
# this is for machines that are short of processors, and for others who write into the same file.
LIMIT_S = 0.2
FAR = 2**53  # s since 1970: a token that says that it never expires
MARGIN_S = 300  # expired ones are kept a little longer: the clocks of replicas differ
DELIVERED_AT_A_TIME = 200
# Purging: so many uses apart, so many of the 256 ranges of the key's first byte, at most so many rows of each
TIDY_EVERY, RANGES, ROWS = 512, 8, 1000
NO_DIGEST = b""  # no row has it


class Nonces:
    """Which tokens were used."""

    def __init__(
        self, access: Access, *, kind: str, now: Callable[[], float] = time.time, limit_s: float = LIMIT_S
    ) -> None:
        """Nothing is asked of the database yet; `kind` is `Location.kind`."""
        self._access = access
        self._now = now
        self._limit_s = limit_s
        self._insert = _insert_new(kind)
        self._insert_text = text_of(self._insert, kind)
        self._seen = Remembered()  # by this process
        self._owed = Remembered()  # of these, what the store was not told
        self._uses = count(1)
        self._range = 0
        access.when_back(self._deliver)

    @property
    def away(self) -> bool:
        """The store is away: replays are seen by the process that saw the first use, and by no other."""
        return self._access.cause is not None

    def first_use(self, issuer: str, jti: str, expires_at: float) -> bool:
        """Whether this token was not used before; it is from now on.

        Never raises, and answers within the limit. What the store did not answer in time counts as new, and
        the store is told of it later. When the connection breaks the store is asked again: had it taken the
        token and only its answer was lost, this one use counts as a second.

        Args:
            issuer: Claim `iss`, verified.
            jti: Claim `jti`, whatever it holds.
            expires_at: s since 1970, until when the token is accepted: `exp` and the clock skew allowed.
        """
        digest = digest_of(issuer, jti)
        expires = math.ceil(expires_at) if 0 < expires_at < FAR else FAR
        if not self._seen.add(digest, expires, self._now()):
            return False
        values = {"digest": digest, "expires_at": expires}
        try:
            first = self._access.run(
                lambda connection: changed_by(connection, self._insert_text, values) > 0, self._limit_s
            )
        except StoreAwayError:
            self._owe(digest, expires)
            return True
        if next(self._uses) % TIDY_EVERY == 0:
            self._access.soon(self.tidy, beside=True)
        return first

    def tidy(self, line: Line) -> None:
        """Remove expired nonces of the next ranges of the key, and let the database settle.

        Raises:
            StoreAwayError: the database failed or was late.
        """
        self._deliver(line)
        for _ in range(RANGES):
            first, self._range = self._range, (self._range + 1) % 256
            line.run(lambda connection, first=first: self._purge(connection, first), WORK_S)  # type: ignore[misc]
        line.settle()

    def _owe(self, digest: bytes, expires: int) -> None:
        self._owed.add(digest, expires, self._now())
        self._access.soon(self._deliver, beside=True)  # while it is away this does nothing: see `when_back`

    def _deliver(self, line: Line) -> None:
        """Tell the store what it was not told."""
        while batch := self._owed.oldest(DELIVERED_AT_A_TIME):
            rows = [{"digest": digest, "expires_at": expires_at} for digest, expires_at in batch]
            line.run(lambda connection, rows=rows: connection.execute(self._insert, rows), WORK_S)  # type: ignore[misc]
            self._owed.forget(digest for digest, _ in batch)

    def _purge(self, connection: Connection, first: int) -> int:
        bounds = {"low": bytes([first]), "high": bytes([first, *b"\xff" * 32])}
        return connection.execute(PURGE, {**bounds, "now": int(self._now()) - MARGIN_S}).rowcount


def digest_of(issuer: str, jti: str) -> bytes:
    """The key of a token; the length keeps apart what would read the same when joined."""
    return sha256(f"{len(issuer)} {issuer} {jti}".encode("utf-8", "surrogatepass")).digest()


def can_be_written(connection: Connection) -> None:
    """Change nothing, in a way that a database that is only read refuses.

    Raises:
        SQLAlchemyError: the database cannot be written, or has no table of nonces.
    """
    connection.execute(_PROBE)


def _insert_new(kind: str) -> Insert:
    insert = sqlite.insert if kind == SQLITE else postgresql.insert
    return insert(nonces).on_conflict_do_nothing()


def _purge() -> Delete:
    expired = (
        select(nonces.c.digest)
        .where(
            nonces.c.digest.between(bindparam("low", type_=LargeBinary), bindparam("high", type_=LargeBinary))
        )
        .where(nonces.c.expires_at < bindparam("now"))
        .limit(ROWS)
    )
    return delete(nonces).where(nonces.c.digest.in_(expired))


PURGE = _purge()
_PROBE = delete(nonces).where(nonces.c.digest == NO_DIGEST)
