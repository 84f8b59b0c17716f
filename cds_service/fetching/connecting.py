"""Connects requests to the very addresses that were checked, within one deadline.

Between a check and a later look-up a name may change its address (DNS rebinding). So the look-up is
made here, once, and the socket goes to what it gave; Host, SNI and certificate stay with the name.
"""

import socket
import ssl
import time
from collections.abc import Callable, Sequence
from functools import cache
from http.client import RemoteDisconnected
from typing import TypeAlias

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import BaseHTTPResponse, HTTPResponse

from cds_service.fetching.addresses import Admission
from cds_service.fetching.reach import is_ip
from cds_service.fetching.refusals import NotFetchedError, Why
from cds_service.fetching.resolving import Resolving
from cds_service.fetching.sockets import TimedSocket, TimedTLSSocket, left

POOLS = 64  # hosts whose connections are kept
POOL_SIZE = 64  # connections kept for each host: 8 searches of as many calls at once

Dial: TypeAlias = Callable[[str, int, float], TimedSocket]


class StaleConnectionError(Exception):
    """A kept connection turned out to be closed before it answered; another one may serve."""


class Until(urllib3.Timeout):
    """A time-out that is the rest of a deadline whenever it is asked."""

    def __init__(self, deadline: float) -> None:
        super().__init__()
        self._deadline = deadline

    def clone(self) -> "Until":
        """Itself: there is nothing to count."""
        return self

    def start_connect(self) -> float:
        """Nothing starts here."""
        return time.monotonic()

    @property
    def connect_timeout(self) -> float:
        """Seconds left."""
        return left(self._deadline)

    @property
    def read_timeout(self) -> float:
        """Seconds left."""
        return left(self._deadline)


class Dialling:
    """Opens sockets to those addresses of a host that may be called."""

    def __init__(self, resolving: Resolving, admission: Admission) -> None:
        self._resolving = resolving
        self._admission = admission

    def __call__(self, host: str, port: int, deadline: float) -> TimedSocket:
        """A connected socket.

        Raises:
            NotFetchedError: an address of the host may not be called, or none answers.
        """
        addresses = [host] if is_ip(host) else self._addresses(host, port, deadline)
        if not self._admission.admits_all(addresses):
            raise NotFetchedError(Why.REFUSED_ADDRESS)
        for tried, address in enumerate(addresses):
            share = left(deadline) / (len(addresses) - tried)  # one that is silent leaves time for the next
            connection = _connected(address, port, share)
            if connection is not None:
                connection.settimeout(left(deadline))
                return connection
        raise NotFetchedError(Why.TIMEOUT if time.monotonic() >= deadline else Why.UNREACHABLE)

    def _addresses(self, host: str, port: int, deadline: float) -> Sequence[str]:
        try:
            return list(dict.fromkeys(self._resolving.addresses(host, port, deadline)))
        except TimeoutError:
            why = Why.TIMEOUT
        except OSError:
            why = Why.UNREACHABLE
        raise NotFetchedError(why)


def _connected(address: str, port: int, seconds: float) -> TimedSocket | None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connection = TimedSocket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect((address, port))
    except OSError:
        connection.close()
        return None
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


class _Timed(HTTPConnection):
    """A connection whose time-out runs from when it was set, and whose sockets are dialled here."""

    dial: Dial
    _deadline: float | None = None
    _answers = 0

    @property
    def timeout(self) -> float | None:
        """Seconds left; urllib3 hands them to the socket before it sends and before it reads."""
        return None if self._deadline is None else left(self._deadline)

    @timeout.setter
    def timeout(self, seconds: float | None) -> None:
        self._deadline = None if seconds is None else time.monotonic() + seconds

    def _new_conn(self) -> TimedSocket:
        self._answers = 0
        return type(self).dial(self.host, self.port, self._deadline or time.monotonic())

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as in urllib3
        """The answer.

        Raises:
            StaleConnectionError: the other side had closed a connection that had served before.
        """
        try:
            response = super().getresponse()
        except (RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            if self._answers:
                raise StaleConnectionError from None
            raise
        self._answers += 1
        return response


class Adapter(HTTPAdapter):
    """Sends requests to the addresses that one admission admits; keeps connections, and no cookies."""

    def __init__(self, dial: Dial, tls: ssl.SSLContext) -> None:
        """Dial with `dial` and speak TLS as `tls` says, which must make `TimedTLSSocket`s."""
        self._tls = tls
        super().__init__(pool_connections=POOLS, pool_maxsize=POOL_SIZE)
        self.poolmanager.pool_classes_by_scheme = _pool_classes(dial)

    def init_poolmanager(self, connections: int, maxsize: int, *_: object, **__: object) -> None:
        """One TLS context for all: loading the authorities takes as long as a whole call."""
        super().init_poolmanager(connections, maxsize, ssl_context=self._tls)

    def close(self) -> None:
        """Close the kept connections now; urllib3 leaves it to the collector."""
        for key in self.poolmanager.pools.keys():  # noqa: SIM118 - it cannot be iterated
            pool = self.poolmanager.pools.get(key)
            if pool is not None:
                pool.close()
        super().close()

    def cert_verify(self, conn: HTTPConnectionPool, *_: object, **__: object) -> None:
        """Always required; by the context, whose authorities need not be loaded again."""
        if isinstance(conn, HTTPSConnectionPool):
            conn.cert_reqs = "CERT_REQUIRED"

    def build_response(self, req: requests.PreparedRequest, resp: BaseHTTPResponse) -> requests.Response:
        """Status, headers and the stream: what a cookie says is not even read."""
        response = requests.Response()
        response.status_code = resp.status
        response.headers = CaseInsensitiveDict(resp.headers)
        response.raw = resp
        response.request = req
        response.url = req.url or ""
        return response


@cache
def tls_context() -> ssl.SSLContext:
    """Certificates are checked against the machine's authorities and those that requests carries.

    One for the process: to read the authorities takes as long as dozens of calls.
    A hospital's own authority is added the usual way: to the machine's store, or by SSL_CERT_FILE.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context


def timed(context: ssl.SSLContext) -> ssl.SSLContext:
    """The context, making sockets that keep a deadline."""
    context.sslsocket_class = TimedTLSSocket
    return context


def _pool_classes(dial: Dial) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(_Timed):
        pass

    class Secure(_Timed, HTTPSConnection):
        pass

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    Plain.dial = Secure.dial = staticmethod(dial)
    return {"http": PlainPool, "https": SecurePool}
