"""What can be wrong with the store: its setting, which stops the start, or its database, which does not."""

from cds_service.errors import SettingsError


class StoreError(SettingsError):
    """BACKPATH_STORE cannot be used as it is, or its tables are of a newer version: stops the start."""


class StoreAwayError(Exception):
    """The database did not do its work, or not in time; never leaves this package.

    `cause` can be logged: the database's own name of the error or a word of ours, never a message,
    which may hold an address, a password or a value.
    """

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


def cause_of(error: BaseException) -> str:
    """SQLite's name of the error, PostgreSQL's SQLSTATE, or the type of the exception."""
    origin = getattr(error, "orig", None) or error
    named = getattr(origin, "sqlite_errorname", None) or getattr(origin, "sqlstate", None)
    return str(named or type(origin).__name__)
