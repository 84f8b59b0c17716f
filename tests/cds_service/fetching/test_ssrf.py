"""Nothing but what was allowed is contacted: a witness listens wherever a call might be led to.

127.0.0.1 plays the FHIR server, 127.0.0.2 an address that may not be called, and names are resolved
by the test. The real private and metadata ranges are the matter of test_addresses.py.
"""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from typing import Self

import pytest

from cds_service.fetching.resolving import Resolver
from cds_service.fetching.web import NotFetchedError, Reach, Web, Why
from tests.cds_service.fetching.misbehaving_server import BUNDLE, MisbehavingServer, whole

pytestmark = pytest.mark.integration

ALLOWED = (ip_network("127.0.0.1/32"),)
HOST = "ehr.example.org"


class Witness:
    """Listens, and counts who comes."""

    def __init__(self, host: str) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family)
        self.port = int(self._listener.getsockname()[1])
        self.visits = 0

    def __enter__(self) -> Self:
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _watch(self) -> None:
        while True:
            try:
                visitor, _ = self._listener.accept()
            except OSError:
                return
            self.visits += 1
            visitor.close()


@pytest.fixture
def witness() -> Iterator[Witness]:
    with Witness("127.0.0.2") as witness:
        yield witness


@pytest.fixture
def server() -> Iterator[MisbehavingServer]:
    with MisbehavingServer() as server:
        yield server


class Names:
    """A resolver that gives one answer after the other, the last for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked = 0

    def __call__(self, _host: str, _port: int) -> Sequence[str]:
        self.asked += 1
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def why(resolver: Resolver, url: str, base: str | None = None) -> Why:
    with Web(resolver) as web:
        return why_of(web, url, base)


def why_of(web: Web, url: str, base: str | None = None) -> Why:
    reach = Reach((base or url,), ALLOWED)
    with pytest.raises(NotFetchedError) as caught:
        web.get(
            url,
            headers={"Authorization": "Bearer t"},
            reach=reach,
            deadline=time.monotonic() + 1,
            limit_bytes=9999,
        )
    return caught.value.why


def test_the_witness_would_notice(witness: Witness) -> None:
    url = f"http://127.0.0.2:{witness.port}/x"
    reach = Reach((url,), (ip_network("127.0.0.2"),))

    with Web() as web, pytest.raises(NotFetchedError):
        web.get(url, headers={}, reach=reach, deadline=time.monotonic() + 1, limit_bytes=9999)

    assert witness.visits == 1


@pytest.mark.parametrize("host", ["127.0.0.2", "[::ffff:127.0.0.2]", "[::ffff:7f00:2]", "[::127.0.0.2]"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_address_that_may_not_be_called_is_not(witness: Witness, host: str, scheme: str) -> None:
    assert why(Names(()), f"{scheme}://{host}:{witness.port}/fhir") == Why.REFUSED_ADDRESS
    assert witness.visits == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]"])  # noqa: S104 - both lead to this machine
def test_the_unspecified_address_is_not_called(host: str) -> None:
    with Witness("0.0.0.0") as witness:  # noqa: S104 - to see what comes
        assert why(Names(()), f"http://{host}:{witness.port}/fhir") == Why.REFUSED_ADDRESS
        assert witness.visits == 0


@pytest.mark.parametrize("host", ["127.2", "2130706434", "0x7f000002", "0177.0.0.2", "127.0.0.2."])
def test_an_address_in_another_spelling_is_not_called(witness: Witness, host: str) -> None:
    url = f"http://{host}:{witness.port}/fhir"

    assert why(Names(["127.0.0.2"]), url) == Why.REFUSED_URL
    assert witness.visits == 0


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.2"],
        ["127.0.0.1", "127.0.0.2"],
        ["127.0.0.2", "127.0.0.1"],
        ["::ffff:127.0.0.2"],
        ["127.0.0.1", "169.254.169.254"],
        ["fe80::1%lo"],
        ["127.0.0.1", "localhost"],
        [],
    ],
)
def test_a_name_with_an_address_that_may_not_be_called_is_not(
    witness: Witness, server: MisbehavingServer, addresses: list[str]
) -> None:
    assert why(Names(addresses), f"http://{HOST}:{witness.port}/fhir") == Why.REFUSED_ADDRESS
    assert why(Names(addresses), f"http://{HOST}:{server.port}/fine") == Why.REFUSED_ADDRESS
    assert (witness.visits, server.accepted) == (0, 0)


def test_a_name_is_looked_up_once_for_check_and_dial(server: MisbehavingServer) -> None:
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    url = f"http://{HOST}:{server.port}/fine"

    with Web(names) as web:
        body = web.get(
            url, headers={}, reach=Reach((url,), ALLOWED), deadline=time.monotonic() + 1, limit_bytes=9999
        )

    assert body == BUNDLE
    assert names.asked == 1


def test_a_name_that_turns_private_is_refused_on_the_next_connection(server: MisbehavingServer) -> None:
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    url = f"http://{HOST}:{server.port}/fine-until-close"
    with Witness("127.0.0.2"), Web(names) as web:
        reach = Reach((url,), ALLOWED)
        web.get(url, headers={}, reach=reach, deadline=time.monotonic() + 1, limit_bytes=9999)

        assert why_of(web, url) == Why.REFUSED_ADDRESS

    assert server.accepted == 1


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.2:{witness}/raw",
        "//127.0.0.2:{witness}/raw",
        "http://user@127.0.0.2:{witness}/raw",
        "http://127.0.0.1:{server}@127.0.0.2:{witness}/raw",
        "http://127.0.0.2:{witness}\\@127.0.0.1:{server}/raw",
        "https://127.0.0.1:{server}/raw",
        "http://127.0.0.1:{other}/raw",
        "http://ehr.example.org:{witness}/raw",
        "file:///etc/passwd",
        "/elsewhere",
        "/raw/../elsewhere",
        "/raw/%2e%2e/elsewhere",
    ],
)
def test_neither_redirect_nor_next_link_leads_elsewhere(
    witness: Witness, server: MisbehavingServer, location: str
) -> None:
    with Witness("127.0.0.1") as other:
        target = location.format(witness=witness.port, server=server.port, other=other.port)
        base = f"{server.origin}/raw"
        server.raw = whole(b"", "302 Found", b"Location: " + target.encode())
        reach = Reach((base,), ALLOWED)

        redirected = why(Names(["127.0.0.2"]), f"{base}/Condition", base)
        with pytest.raises(NotFetchedError):
            reach.following(reach.place(base), target)

        assert redirected == Why.REDIRECT
        assert (witness.visits, other.visits, len(server.questions)) == (0, 0, 1)


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://127.0.0.2/x", "dict://127.0.0.2:11211/", "unix:///run/x.sock", "data:,{}"],
)
def test_only_http_is_spoken(url: str) -> None:
    assert why(Names(["127.0.0.1"]), url) == Why.REFUSED_URL


def test_another_port_of_an_allowed_host_is_not_called(server: MisbehavingServer) -> None:
    with Witness("127.0.0.1") as other:
        url = f"http://127.0.0.1:{other.port}/fine"

        assert why(Names(()), url, f"{server.origin}/fine") == Why.OTHER_ORIGIN
        assert other.visits == 0


def test_the_token_goes_to_the_server_it_is_for_and_no_further(
    witness: Witness, server: MisbehavingServer
) -> None:
    server.raw = whole(b"", "307 Temporary Redirect", b"Location: http://127.0.0.2:%d/raw" % witness.port)

    why(Names(()), f"{server.origin}/raw")

    assert [b"Authorization: Bearer t" in question for question in server.questions] == [True]
    assert witness.visits == 0
