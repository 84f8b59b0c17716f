"""Key sets are read from where a tenant says, and from nowhere else."""

import json
import time
from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from cds_service.fetching.jwks import LIMIT_BYTES, TIMEOUT_S, JwksReader
from cds_service.fetching.web import NotFetchedError, Web, Why
from cds_service.tenants.model import Network, Tenant
from tests.cds_service.fetching.misbehaving_server import MisbehavingServer, whole

pytestmark = pytest.mark.integration

KEYS = json.dumps({"keys": [{"kty": "EC", "kid": "a"}]}).encode()
HERE: tuple[Network, ...] = (ip_network("127.0.0.0/8"),)


@pytest.fixture
def server() -> Iterator[MisbehavingServer]:
    with MisbehavingServer() as server:
        server.raw = whole(KEYS)
        yield server


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with Web(lambda _host, _port: ["127.0.0.1"]) as web:
        yield web


def reader(web: Web, jku: str, networks: tuple[Network, ...] = HERE) -> JwksReader:
    tenants = [Tenant(id="a", title="A", jku=jku, fhir_networks=networks), Tenant(id="b", title="B")]
    return JwksReader(web, lambda: tenants)


def why(read: JwksReader, url: str) -> Why:
    with pytest.raises(NotFetchedError) as caught:
        read(url)
    return caught.value.why


def test_a_key_set_is_read_as_it_is(web: Web, server: MisbehavingServer) -> None:
    jku = f"{server.origin}/raw/jwks.json"

    assert reader(web, jku)(jku) == KEYS
    assert b"Accept: application/jwk-set+json" in server.questions[0]
    assert b"Authorization" not in server.questions[0]


@pytest.mark.parametrize("tail", ["/", "/../x", "?x", "#x", "x"])
def test_a_url_that_no_tenant_names_is_not_called(web: Web, server: MisbehavingServer, tail: str) -> None:
    jku = f"{server.origin}/raw/jwks.json"

    assert why(reader(web, jku), jku + tail) == Why.OTHER_ORIGIN
    assert server.accepted == 0


def test_the_tenants_in_force_are_asked_each_time(web: Web, server: MisbehavingServer) -> None:
    jku = f"{server.origin}/raw/jwks.json"
    tenants = [Tenant(id="a", title="A", jku=jku, fhir_networks=HERE)]
    read = JwksReader(web, lambda: tenants)
    read(jku)

    tenants.clear()

    assert why(read, jku) == Why.OTHER_ORIGIN


def test_a_key_set_outside_the_networks_of_its_tenant_is_not_called(
    web: Web, server: MisbehavingServer
) -> None:
    for host in ("127.0.0.1", "keys.example.org"):
        jku = f"http://{host}:{server.port}/raw/jwks.json"

        assert why(reader(web, jku, ()), jku) == Why.REFUSED_ADDRESS

    assert server.accepted == 0


def test_plain_http_is_not_spoken_to_public_addresses() -> None:
    jku = "http://keys.example.org/jwks.json"

    with Web(lambda _host, _port: ["8.8.8.8"]) as web:
        assert why(reader(web, jku), jku) == Why.REFUSED_ADDRESS


def test_a_slow_key_server_is_given_up(web: Web, server: MisbehavingServer) -> None:
    jku = f"{server.origin}/drip-body/jwks.json"
    began = time.monotonic()

    assert why(reader(web, jku), jku) == Why.TIMEOUT
    assert time.monotonic() - began < TIMEOUT_S + 0.1


def test_a_huge_key_set_is_not_read(web: Web, server: MisbehavingServer) -> None:
    server.raw = whole(b'{"keys":["' + b"a" * LIMIT_BYTES + b'"]}')
    jku = f"{server.origin}/raw/jwks.json"

    assert why(reader(web, jku), jku) == Why.TOO_LARGE


def test_a_key_set_elsewhere_is_not_followed(web: Web, server: MisbehavingServer) -> None:
    jku = f"{server.origin}/redirect-out-of-base/jwks.json"

    assert why(reader(web, jku), jku) == Why.REDIRECT
    assert len(server.questions) == 1
