"""Keys over real HTTP: fetched, rotated, and never from where no tenant says."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network

import pytest

from cds_service.fetching.jwks import JwksReader
from cds_service.fetching.web import Web
from cds_service.tenants.model import Tenant
from cds_service.trust.errors import Reason
from cds_service.trust.keys import Keys
from cds_service.trust.verifying import Verifier
from tests.cds_service.trust.making import (
    NOW,
    PUBLIC_URL,
    UsedNonces,
    bearer,
    header,
    jwk,
    key_set,
    reason,
    tenant,
    token,
)

pytestmark = pytest.mark.integration
OWN = (ip_network("127.0.0.0/8"),)


class JwksServer:
    """Serves one key set, which can be changed, and counts who asks."""

    def __init__(self) -> None:
        self.status = 200
        self.document = key_set()
        self.asked = 0
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                served.asked += 1
                self.send_response(served.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(served.document)))
                self.end_headers()
                self.wfile.write(served.document)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.jku = f"http://127.0.0.1:{self._server.server_port}/jwks.json"

    @contextmanager
    def running(self) -> Iterator["JwksServer"]:
        thread = threading.Thread(target=self._server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


@pytest.fixture
def server() -> Iterator[JwksServer]:
    with JwksServer().running() as running:
        yield running


@pytest.fixture
def unlisted() -> Iterator[socket.socket]:
    """Listens where no tenant's keys are; a connection waits here, should one come."""
    with socket.create_server(("127.0.0.2", 0)) as listening:
        listening.settimeout(0.2)
        yield listening


class Client:
    """A client whose keys are on the server, the verifier that knows it, and the clock of its keys."""

    def __init__(self, server: JwksServer, web: Web) -> None:
        self.seconds = 0.0
        self.jku = server.jku
        self.tenant: Tenant = tenant(jku=server.jku, fhir_networks=OWN)
        keys = Keys(JwksReader(web, lambda: [self.tenant]), clock=lambda: self.seconds)
        self.verifier = Verifier(keys, UsedNonces(), public_url=PUBLIC_URL, now=lambda: NOW)

    def told(self, name: str, jku: str | None = None) -> Reason | None:
        """Why a token signed with this key is refused; None: it is let in."""
        made = token(header(kid=name, jku=jku or self.jku), by=name)
        return reason(bearer(made), self.tenant, by=self.verifier)


@pytest.fixture
def client(server: JwksServer) -> Iterator[Client]:
    with Web() as web:
        yield Client(server, web)


def test_a_rotation_as_clients_do_it(server: JwksServer, client: Client) -> None:
    server.document = key_set(jwk("ES384 old"))
    before = [client.told("ES384 old"), client.told("ES384 new")]

    client.seconds = 100
    server.document = key_set(jwk("ES384 old"), jwk("ES384 new"))
    between = [client.told("ES384 new"), client.told("ES384 old")]

    client.seconds = 200
    server.document = key_set(jwk("ES384 new"))
    cached = client.told("ES384 old")
    client.seconds = 700
    after = [client.told("ES384 old"), client.told("ES384 new")]

    assert before == [None, Reason.UNKNOWN_KEY]
    assert between == [None, None]
    assert cached is None
    assert after == [Reason.UNKNOWN_KEY, None]
    assert server.asked == 3


@pytest.mark.parametrize(("status", "document"), [(500, b"{}"), (404, b"{}"), (200, b"<html></html>")])
def test_an_outage_is_bridged(server: JwksServer, client: Client, status: int, document: bytes) -> None:
    server.document = key_set(jwk("ES384 old"))
    client.told("ES384 old")

    client.seconds = 600
    server.status, server.document = status, document

    assert client.told("ES384 old") is None
    assert server.asked == 2


def test_keys_never_had_let_nobody_in(server: JwksServer, client: Client) -> None:
    server.status = 503

    assert client.told("ES384 old") is Reason.KEYS_NOT_FETCHED


def test_an_unlisted_jku_is_never_contacted(
    server: JwksServer, client: Client, unlisted: socket.socket
) -> None:
    server.document = key_set(jwk("ES384 old"))
    host, port = unlisted.getsockname()

    for kid in ("ES384 old", "ES384 other"):
        assert client.told(kid, jku=f"http://{host}:{port}/jwks.json") is Reason.JKU_NOT_LISTED

    with pytest.raises(TimeoutError):
        unlisted.accept()
    assert server.asked == 0
    assert client.told("ES384 old") is None
