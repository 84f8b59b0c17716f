"""Why something could not be fetched: one word for each reason, and nothing of the request."""

from enum import StrEnum
from http import HTTPStatus


class Why(StrEnum):
    """The reason, fit for a log and a data gap."""

    # never sent
    REFUSED_URL = "refused-url"  # not a plain http or https URL
    OTHER_ORIGIN = "other-origin"  # outside the bases that may be called
    REFUSED_ADDRESS = "refused-address"  # the host has an address that may not be called
    REFUSED_HEADER = "refused-header"  # a header, the token for one, cannot be sent as it is
    # no answer
    UNREACHABLE = "unreachable"  # no such name, or nothing listens there
    UNTRUSTED = "untrusted"  # TLS failed: the certificate does not prove the host, or it does not speak TLS
    TIMEOUT = "timeout"  # the whole of it was not here by the deadline
    BROKEN = "broken"  # reset, cut short, or not HTTP
    # an answer that says no
    REDIRECT = "redirect"  # to somewhere else, or too often
    STATUS_401 = "status-401"
    STATUS_403 = "status-403"
    STATUS_404 = "status-404"
    STATUS_410 = "status-410"
    STATUS_429 = "status-429"
    STATUS_4XX = "status-4xx"  # another one
    STATUS_5XX = "status-5xx"
    STATUS_OTHER = "status-other"  # neither 200 nor an error
    # an answer that cannot be used
    EMPTY = "empty"
    NOT_JSON = "not-json"  # HTML, for example
    TOO_LARGE = "too-large"  # as sent or as unpacked
    TOO_DEEP = "too-deep"

    @classmethod
    def of_status(cls, status: int) -> "Why":
        """The reason that a status other than 200 is."""
        if f"status-{status}" in _NAMED:
            return cls(f"status-{status}")
        if status == HTTPStatus.NO_CONTENT:
            return cls.EMPTY
        return {4: cls.STATUS_4XX, 5: cls.STATUS_5XX}.get(status // 100, cls.STATUS_OTHER)


_NAMED = frozenset(Why)


class NotFetchedError(Exception):
    """Something could not be fetched; the message is the reason alone, never a URL or a token."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why
