"""What can be wrong with the store: its setting, which stops the start, or its database, which does not."""

from cds_service.errors import SettingsError

# SQLSTATEs: a statement took longer than it may, or waited for a lock that it may not wait for
POSTGRESQL_LATE = frozenset({"57014", "55P03"})


class StoreError(SettingsError):
    """BACKPATH_STORE cannot be used as it is, or its tables are of a newer version: stops the start."""


class StoreAwayError(Exception):
    """The database did not do its work, or not in time; never an answer to a client.

    `cause` can be logged: the database's own name of the error or a word of ours, never a message,
    which may hold an address, a password or a value.
    """

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class StoreLateError(StoreAwayError):
    """It was not done in time, which a healthy database may be now and then: of a busy machine, say."""


def failure_of(error: BaseException) -> StoreAwayError:
    """What the error of a driver means: the database is away, or was late because others were at work."""
    cause = cause_of(error)
    is_late = cause.startswith("SQLITE_BUSY") or cause in POSTGRESQL_LATE
    return StoreLateError(cause) if is_late else StoreAwayError(cause)


def cause_of(error: BaseException) -> str:
    """SQLite's name of the error, PostgreSQL's SQLSTATE, or the type of the exception."""
    origin = getattr(error, "orig", None) or error
    named = getattr(origin, "sqlite_errorname", None) or getattr(origin, "sqlstate", None)
    return str(named or type(origin).__name__)
