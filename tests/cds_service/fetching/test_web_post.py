"""Creating a resource: once, within the reach, and saying where it was created."""

import time
from collections.abc import Iterator

import pytest

from cds_service.fetching.addresses import LOOPBACK
from cds_service.fetching.reach import Reach
from cds_service.fetching.refusals import NotFetchedError, Why
from cds_service.fetching.web import Web
from tests.cds_service.fetching.misbehaving_server import MisbehavingServer, whole

pytestmark = pytest.mark.integration

BODY = b'{"resourceType":"ServiceRequest"}'


@pytest.fixture
def server() -> Iterator[MisbehavingServer]:
    with MisbehavingServer() as server:
        yield server


def posted(web: Web, url: str, *, base: str | None = None, budget_s: float = 1, **headers: str) -> str:
    reach = Reach((base or url.rpartition("/")[0],), LOOPBACK)
    return web.post(url, BODY, headers=headers, reach=reach, deadline=time.monotonic() + budget_s)


def why(web: Web, url: str, *, base: str | None = None, budget_s: float = 1) -> Why:
    with pytest.raises(NotFetchedError) as caught:
        posted(web, url, base=base, budget_s=budget_s)
    return caught.value.why


def test_the_resource_is_sent_and_its_place_told(server: MisbehavingServer) -> None:
    server.raw = whole(b"{}", "201 Created", b"Location: /raw/ServiceRequest/7/_history/1")

    with Web() as web:
        location = posted(web, f"{server.origin}/raw/ServiceRequest", Authorization="Bearer t0k3n")

    line, *lines = server.questions[0].decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    assert location == "/raw/ServiceRequest/7/_history/1"
    assert line == "POST /raw/ServiceRequest HTTP/1.1"
    assert headers["content-type"] == "application/fhir+json"
    assert headers["content-length"] == str(len(BODY))
    assert headers["authorization"] == "bearer t0k3n"


def test_a_server_that_does_not_say_where_has_created_it_all_the_same(server: MisbehavingServer) -> None:
    server.raw = whole(b"", "201 Created")

    with Web() as web:
        assert posted(web, f"{server.origin}/raw/ServiceRequest") == ""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("400", Why.STATUS_4XX),
        ("401", Why.STATUS_401),
        ("403", Why.STATUS_403),
        ("500", Why.STATUS_5XX),
        ("204", Why.EMPTY),
        ("redirect-elsewhere", Why.STATUS_OTHER),
        ("redirect-out-of-base", Why.STATUS_OTHER),
        ("closed", Why.BROKEN),
        ("not-http", Why.BROKEN),
    ],
)
def test_what_is_not_created_says_why_and_is_not_sent_again(
    server: MisbehavingServer, path: str, expected: Why
) -> None:
    with Web() as web:
        found = why(web, f"{server.origin}/{path}/ServiceRequest")

    assert found is expected
    assert len(server.questions) == 1


def test_silence_ends_at_the_deadline(server: MisbehavingServer) -> None:
    began = time.monotonic()

    with Web() as web:
        found = why(web, f"{server.origin}/silent/ServiceRequest", budget_s=0.3)

    assert found is Why.TIMEOUT
    assert time.monotonic() - began < 5  # the server is silent for longer


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("{origin}/other/ServiceRequest", Why.OTHER_ORIGIN),
        ("{origin}/raw/../other/ServiceRequest", Why.REFUSED_URL),
        ("http://169.254.169.254/raw/x", Why.OTHER_ORIGIN),
        ("file:///etc/passwd", Why.REFUSED_URL),
    ],
)
def test_nothing_is_sent_outside_the_reach(server: MisbehavingServer, url: str, expected: Why) -> None:
    with Web() as web:
        found = why(web, url.format(origin=server.origin), base=f"{server.origin}/raw")

    assert found is expected
    assert server.questions == []


def test_an_address_that_may_not_be_called_is_not_dialled() -> None:
    reach = Reach(("http://10.0.0.1/fhir",), LOOPBACK)

    with Web() as web, pytest.raises(NotFetchedError) as caught:
        web.post("http://10.0.0.1/fhir/x", BODY, headers={}, reach=reach, deadline=time.monotonic() + 1)

    assert caught.value.why is Why.REFUSED_ADDRESS
