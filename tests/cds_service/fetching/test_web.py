"""Fetching: names, deadlines, TLS, limits, headers and processes."""

import gzip
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from cds_service.fetching.addresses import LOOPBACK
from cds_service.fetching.resolving import AT_ONCE, Resolver
from cds_service.fetching.web import NotFetchedError, Reach, Web, Why
from tests.cds_service.fetching.certificates import Authority
from tests.cds_service.fetching.misbehaving_server import BUNDLE, MisbehavingServer, chunk, head, whole

pytestmark = pytest.mark.integration

HOST = "ehr.example.org"
BUDGET_S, GRACE_S = 0.3, 0.1


def resolving_to(*addresses: str) -> Resolver:
    return lambda _host, _port: addresses


def got(web: Web, url: str, *, budget_s: float = BUDGET_S, limit: int = 1_000_000, **headers: str) -> bytes:
    reach = Reach((url.rpartition("/")[0],), LOOPBACK)
    deadline = time.monotonic() + budget_s
    return web.get(url, headers=headers, reach=reach, deadline=deadline, limit_bytes=limit)


def why(web: Web, url: str, *, budget_s: float = BUDGET_S, limit: int = 1_000_000, **headers: str) -> Why:
    began = time.monotonic()
    with pytest.raises(NotFetchedError) as caught:
        got(web, url, budget_s=budget_s, limit=limit, **headers)
    assert time.monotonic() - began < max(0, budget_s) + GRACE_S
    return caught.value.why


def settled(holds: Callable[[], bool]) -> None:
    """Wait a little for what other threads do."""
    until = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture
def server() -> Iterator[MisbehavingServer]:
    with MisbehavingServer() as server:
        yield server


def test_the_question_says_what_is_wanted_and_carries_the_token(server: MisbehavingServer) -> None:
    with Web() as web:
        got(web, f"{server.origin}/fine/Condition?code=a|b,c&_count=100", Authorization="Bearer t0k3n")

    line, *lines = server.questions[0].decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    assert line == "GET /fine/Condition?code=a%7Cb,c&_count=100 HTTP/1.1"
    assert headers.pop("user-agent").startswith("backpath/")
    assert headers == {
        "host": f"127.0.0.1:{server.port}",
        "accept": "application/fhir+json, application/json;q=0.9",
        "accept-encoding": "gzip",
        "authorization": "bearer t0k3n",
    }


@pytest.mark.parametrize(
    "value",
    [
        "Bearer a\r\nX-Evil: 1",
        "Bearer a\n",
        "Bearer \u2028",
        "Bearer é",
        "a\x00",
        pytest.param("a" * 16_385, id="long"),
    ],
)
def test_a_token_that_is_no_plain_line_is_not_sent(server: MisbehavingServer, value: str) -> None:
    with Web() as web:
        assert why(web, f"{server.origin}/fine/x", Authorization=value) == Why.REFUSED_HEADER

    assert server.questions == []


def test_the_environment_changes_nothing(server: MisbehavingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.2:9")

    with Web() as web:
        assert got(web, f"{server.origin}/fine/x") == BUNDLE


def test_a_deadline_that_is_over_sends_nothing(server: MisbehavingServer) -> None:
    with Web() as web:
        assert why(web, f"{server.origin}/fine/x", budget_s=-1) == Why.TIMEOUT
        assert why(web, f"{server.origin}/fine/x", budget_s=0) == Why.TIMEOUT

    assert server.connections == 0


def test_the_limit_counts_to_the_byte(server: MisbehavingServer) -> None:
    body = b'{"a":"' + b"a" * 200_000 + b'"}'
    packed = gzip.compress(body)
    chunked = head("200 OK", b"Transfer-Encoding: chunked") + chunk(body) + b"0\r\n\r\n"

    with Web() as web:
        for answer in (
            whole(body),
            whole(packed, "200 OK", b"Content-Encoding: gzip"),
            chunked,
            head() + body,
        ):
            server.raw = answer
            assert got(web, f"{server.origin}/raw/x", limit=len(body)) == body
            assert why(web, f"{server.origin}/raw/x", limit=len(body) - 1) == Why.TOO_LARGE


def test_brackets_in_strings_are_not_depth(server: MisbehavingServer) -> None:
    body = json.dumps({"div": '[{"\\' * 500, "list": [{"a": ["[", {"b": '"{'}]}] * 200, "c": "\\"}).encode()
    server.raw = whole(body)

    with Web() as web:
        assert got(web, f"{server.origin}/raw/x") == body


@pytest.mark.parametrize(("levels", "fits"), [(100, True), (101, False)])
def test_a_hundred_levels_are_the_most(server: MisbehavingServer, levels: int, fits: bool) -> None:
    server.raw = whole(b'{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}")

    with Web() as web:
        if fits:
            got(web, f"{server.origin}/raw/x")
        else:
            assert why(web, f"{server.origin}/raw/x") == Why.TOO_DEEP


def test_a_port_where_nobody_listens_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with Web() as web:
        assert why(web, f"http://127.0.0.1:{port}/x") == Why.UNREACHABLE


def test_a_host_that_does_not_take_connections_is_late() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, Web() as web:
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.settimeout(0)
            one.connect_ex(("127.0.0.1", port))

        assert why(web, f"http://127.0.0.1:{port}/x") == Why.TIMEOUT

        for one in waiting:
            one.close()


def test_the_next_address_is_tried_where_one_does_not_answer(server: MisbehavingServer) -> None:
    with Web(resolving_to("127.0.0.2", "127.0.0.1", "127.0.0.2")) as web:
        assert got(web, f"http://{HOST}:{server.port}/fine/x") == BUNDLE

    assert f"Host: {HOST}:{server.port}".encode() in server.questions[0]


def test_ipv6_is_spoken_where_the_machine_has_it() -> None:
    try:
        server = MisbehavingServer("::1")
    except OSError:
        pytest.skip("this machine has no IPv6")

    with server, Web(resolving_to("::1")) as web:
        assert got(web, f"http://[::1]:{server.port}/fine/x") == BUNDLE
        assert got(web, f"http://{HOST}:{server.port}/fine/x") == BUNDLE

    assert f"Host: [::1]:{server.port}".encode() in server.questions[0]


def test_a_name_that_nobody_knows_is_unreachable() -> None:
    def unknown(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror

    def unspeakable(host: str, _port: int) -> Sequence[str]:
        return [host.encode("idna").decode(), "\udc80".encode("idna").decode()]

    for resolver in (unknown, unspeakable):
        with Web(resolver) as web:
            assert why(web, f"http://{HOST}/x") == Why.UNREACHABLE


def test_a_name_server_that_hangs_costs_the_budget_and_a_bounded_number_of_threads() -> None:
    released = threading.Event()

    def hanging(_host: str, _port: int) -> Sequence[str]:
        released.wait(30)
        return ()

    before = threading.active_count()
    with Web(hanging) as web:
        for _ in range(AT_ONCE + 10):
            assert why(web, f"http://{HOST}/x", budget_s=0.02) == Why.TIMEOUT

        assert threading.active_count() - before == AT_ONCE
        released.set()
        settled(lambda: threading.active_count() == before)


def test_a_connection_that_was_closed_meanwhile_is_made_anew(server: MisbehavingServer) -> None:
    with Web() as web:
        for _ in range(4):
            assert got(web, f"{server.origin}/fine-once/x") == BUNDLE


def test_connections_of_one_reach_do_not_serve_another(server: MisbehavingServer) -> None:
    url = f"{server.origin}/fine/x"

    with Web() as web:
        assert got(web, url) == BUNDLE
        with pytest.raises(NotFetchedError) as caught:
            web.get(url, headers={}, reach=Reach((url,)), deadline=time.monotonic() + 1, limit_bytes=999)

    assert caught.value.why == Why.REFUSED_ADDRESS
    assert len(server.questions) == 1


def test_closing_leaves_no_connection(server: MisbehavingServer) -> None:
    with Web() as web:
        got(web, f"{server.origin}/fine/x")
        assert server.connections == 1

    settled(lambda: server.connections == 0)


def test_a_forked_process_has_connections_of_its_own() -> None:
    program = """
import os, sys, time
from cds_service.fetching.addresses import LOOPBACK
from cds_service.fetching.web import Reach, Web
from tests.cds_service.fetching.misbehaving_server import MisbehavingServer
def got():
    web.get(url, headers={}, reach=Reach((url,), LOOPBACK), deadline=time.monotonic() + 5, limit_bytes=999)
url, web = sys.argv[1], Web()
got()
if os.fork() == 0:
    got(), got()
    os._exit(0)
assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
got()
"""
    with MisbehavingServer() as server:
        command = [sys.executable, "-W", "ignore", "-c", program, f"{server.origin}/fine/x"]
        subprocess.run(command, check=True, timeout=60, cwd=Path(__file__).parents[3])

        assert len(server.questions) == 4
        assert server.accepted == 2


# TLS


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@contextmanager
def speaking_tls(context: ssl.SSLContext) -> Iterator[tuple[int, list[str | None]]]:
    """A server that answers every question with an empty Bundle: its port, and the names asked for."""
    names: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)

    def answer(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as secure:
                while secure.recv(65536):
                    secure.sendall(whole(BUNDLE))
        except OSError:
            connection.close()  # the client does not like the certificate

    def accept(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1], names
        listener.shutdown(socket.SHUT_RDWR)


def test_a_certificate_is_checked_by_the_name_that_was_called(authority: Authority) -> None:
    web = Web(resolving_to("127.0.0.1"), tls=authority.trusted())

    with speaking_tls(authority.server(HOST)) as (port, names), web:
        for _ in range(3):
            assert got(web, f"https://{HOST}:{port}/x") == BUNDLE
        assert names == [HOST]
        assert why(web, f"https://other.example.org:{port}/x") == Why.UNTRUSTED
        assert why(web, f"https://127.0.0.1:{port}/x") == Why.UNTRUSTED


def test_a_certificate_of_an_unknown_authority_is_refused(authority: Authority) -> None:
    with speaking_tls(authority.server(HOST)) as (port, _), Web(resolving_to("127.0.0.1")) as web:
        assert why(web, f"https://{HOST}:{port}/x") == Why.UNTRUSTED


def test_an_expired_certificate_is_refused(authority: Authority) -> None:
    web = Web(resolving_to("127.0.0.1"), tls=authority.trusted())

    with speaking_tls(authority.server(HOST, lasts=timedelta(days=-1))) as (port, _), web:
        assert why(web, f"https://{HOST}:{port}/x") == Why.UNTRUSTED


def test_a_server_that_does_not_speak_tls_is_refused(server: MisbehavingServer) -> None:
    with Web() as web:
        assert why(web, f"https://127.0.0.1:{server.port}/x") in (Why.UNTRUSTED, Why.TIMEOUT)

    assert server.questions == []


@pytest.mark.parametrize("drop", [b"", b"\x16\x03\x03\x40\x00"])
def test_a_handshake_in_drops_ends_in_time(drop: bytes) -> None:
    stopped = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener, Web() as web:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(drop)
                while drop and not stopped.wait(0.01):
                    try:
                        connection.sendall(b"\x02")
                    except OSError:
                        return
                stopped.wait(5)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()

        assert why(web, f"https://127.0.0.1:{listener.getsockname()[1]}/x") == Why.TIMEOUT

        stopped.set()
        thread.join(5)


def test_an_answer_in_drops_within_tls_ends_in_time(authority: Authority) -> None:
    stopped = threading.Event()
    web = Web(resolving_to("127.0.0.1"), tls=authority.trusted())
    with socket.create_server(("127.0.0.1", 0)) as listener, web:

        def serve() -> None:
            with authority.server(HOST).wrap_socket(listener.accept()[0], server_side=True) as connection:
                connection.recv(65536)
                while not stopped.wait(0.01):
                    try:
                        connection.sendall(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()

        assert why(web, f"https://{HOST}:{listener.getsockname()[1]}/x") == Why.TIMEOUT

        stopped.set()
        thread.join(5)
