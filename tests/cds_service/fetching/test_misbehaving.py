"""Each way in which a FHIR server can misbehave ends in time, with its reason, and leaks nothing."""

import logging
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cds_service.fetching.addresses import LOOPBACK
from cds_service.fetching.web import NotFetchedError, Reach, Web, Why
from tests.cds_service.fetching.misbehaving_server import BEHAVIOURS, BUNDLE, MisbehavingServer, head, whole

pytestmark = pytest.mark.integration

BUDGET_S, GRACE_S = 0.3, 0.1
LIMIT = 4 * 1024 * 1024
TOKEN = "s3cr3t-t0k3n"  # noqa: S105 - of this test
PATIENT = "patient-4711"
WHY = {
    "204": Why.EMPTY,
    "304": Why.STATUS_OTHER,
    "400": Why.STATUS_4XX,
    "401": Why.STATUS_401,
    "403": Why.STATUS_403,
    "404": Why.STATUS_404,
    "410": Why.STATUS_410,
    "429": Why.STATUS_429,
    "500": Why.STATUS_5XX,
    "503": Why.STATUS_5XX,
    "500-drip": Why.STATUS_5XX,
    "redirect-elsewhere": Why.REDIRECT,
    "redirect-to-metadata": Why.REDIRECT,
    "redirect-to-file": Why.REDIRECT,
    "redirect-out-of-base": Why.REDIRECT,
    "redirect-dots": Why.REDIRECT,
    "redirect-to-https": Why.REDIRECT,
    "redirect-loop": Why.REDIRECT,
    "redirect-nowhere": Why.STATUS_OTHER,
    "redirect-large": Why.REDIRECT,
    "html": Why.NOT_JSON,
    "html-called-json": Why.NOT_JSON,
    "array": Why.NOT_JSON,
    "not-quite-json": Why.NOT_JSON,
    "empty": Why.EMPTY,
    "blank": Why.EMPTY,
    "deep": Why.TOO_DEEP,
    "very-deep": Why.TOO_DEEP,
    "cut": Why.BROKEN,
    "cut-without-length": Why.BROKEN,
    "cut-chunk": Why.BROKEN,
    "cut-gzip": Why.BROKEN,
    "cut-head": Why.EMPTY,  # Python takes the end of the stream for the end of the head
    "half-closed": Why.BROKEN,
    "closed": Why.BROKEN,
    "reset": Why.BROKEN,
    "reset-in-body": Why.BROKEN,
    "not-http": Why.BROKEN,
    "bad-status": Why.BROKEN,
    "bad-chunk": Why.BROKEN,
    "negative-chunk": Why.BROKEN,
    "two-lengths": Why.BROKEN,
    "wrong-gzip": Why.BROKEN,
    "unasked-encoding": Why.BROKEN,
    "many-headers": Why.BROKEN,
    "large": Why.TOO_LARGE,
    "endless-body": Why.TOO_LARGE,
    "endless-chunks": Why.TOO_LARGE,
    "gzip-bomb": Why.TOO_LARGE,
    "endless-status-line": Why.BROKEN,
    "endless-header": Why.BROKEN,
    "endless-headers": Why.BROKEN,
    "endless-interim": Why.TIMEOUT,
    "endless-chunk-size": Why.BROKEN,
    "endless-trailers": Why.TIMEOUT,
    "silent": Why.TIMEOUT,
    "silent-after-status": Why.TIMEOUT,
    "silent-after-head": Why.TIMEOUT,
    "silent-in-body": Why.TIMEOUT,
    "silent-in-chunk": Why.TIMEOUT,
    "silent-at-end": Why.TIMEOUT,
    "drip-status": Why.TIMEOUT,
    "drip-head": Why.TIMEOUT,
    "drip-body": Why.TIMEOUT,
    "drip-chunks": Why.TIMEOUT,
    "drip-interim": Why.TIMEOUT,
    "drip-trailers": Why.TIMEOUT,
}
GOOD = sorted(BEHAVIOURS.keys() - WHY.keys())


@pytest.fixture(scope="module")
def server() -> Iterator[MisbehavingServer]:
    with MisbehavingServer() as server:
        yield server


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with Web() as web:
        yield web


def got(web: Web, server: MisbehavingServer, name: str, limit: int = LIMIT) -> bytes:
    base = f"{server.origin}/{name}"
    return web.get(
        f"{base}/Condition?patient={PATIENT}",
        headers={"Authorization": f"Bearer {TOKEN}"},
        reach=Reach((base,), LOOPBACK),
        deadline=time.monotonic() + BUDGET_S,
        limit_bytes=limit,
    )


def why(web: Web, server: MisbehavingServer, name: str) -> Why | None:
    try:
        got(web, server, name)
    except NotFetchedError as error:
        return error.why
    return None


@pytest.mark.parametrize("name", WHY)
def test_each_misbehaviour_ends_in_time_with_its_reason(
    web: Web, server: MisbehavingServer, name: str
) -> None:
    began = time.monotonic()

    found = why(web, server, name)

    assert time.monotonic() - began < BUDGET_S + GRACE_S
    assert found == WHY[name]


@pytest.mark.parametrize("name", [name for name in GOOD if name.startswith("fine")])
def test_each_form_of_a_proper_answer_is_read(web: Web, server: MisbehavingServer, name: str) -> None:
    for _ in range(3):
        assert got(web, server, name) == BUNDLE


def test_a_server_that_is_late_every_time_is_late_side_by_side_too(
    web: Web, server: MisbehavingServer
) -> None:
    names = ["drip-body", "drip-head", "silent", "endless-interim"] * 4
    began = time.monotonic()

    with ThreadPoolExecutor(len(names)) as pool:
        found = list(pool.map(lambda name: why(web, server, name), names))

    assert set(found) == {Why.TIMEOUT}
    assert time.monotonic() - began < BUDGET_S + 2 * GRACE_S


@pytest.mark.parametrize("name", ["fine", *WHY])
def test_neither_logs_nor_the_error_tell_the_token_or_the_patient(
    web: Web, server: MisbehavingServer, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    if name == "fine":
        got(web, server, name)
        told = ""
    else:
        with pytest.raises(NotFetchedError) as caught:
            got(web, server, name)
        told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
        assert (caught.value.__context__, caught.value.__cause__) == (None, None)

    for secret in (TOKEN, PATIENT, server.origin, "127.0.0.1"):
        assert secret not in told
        assert secret not in caplog.text


def test_cookies_are_not_kept(web: Web, server: MisbehavingServer) -> None:
    got(web, server, "fine-cookies")
    server.questions.clear()

    got(web, server, "fine-cookies")

    assert b"\r\ncookie:" not in server.questions[0].lower()


def test_an_answer_sent_in_advance_is_not_taken_for_the_next_one(web: Web, server: MisbehavingServer) -> None:
    server.raw = whole(b'{"n":1}') + whole(b'{"n":2}')

    assert got(web, server, "raw") == b'{"n":1}'
    assert got(web, server, "fine") == BUNDLE


def test_connections_are_kept_for_the_next_question() -> None:
    with MisbehavingServer() as server, Web() as web:
        for name in ("fine", "fine-gzip", "404", "fine-chunked-gzip", "fine-moved", "fine"):
            why(web, server, name)

        assert server.accepted == 1


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    answer=st.binary(max_size=200)
    | st.binary(max_size=200).map(lambda tail: b"HTTP/1.1 200 OK\r\n" + tail)
    | st.binary(max_size=200).map(lambda tail: head("200 OK", b"Transfer-Encoding: chunked") + tail)
    | st.binary(max_size=200).map(lambda body: whole(body, "200 OK", b"Content-Encoding: gzip"))
    | st.text(max_size=100).map(lambda text: whole(b'{"' + text.encode("utf-8", "surrogatepass")))
)
@example(answer=b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\n{}")
@example(answer=b"HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n\r\n{}")
@example(answer=b"HTTP/9.9 200 OK\r\n\r\n{}")
@example(answer=b"HTTP/1.1 302 Found\r\nLocation: http://[\r\n\r\n")
@example(answer=b"HTTP/1.1 302 Found\r\nLocation: //\xff\xfe\r\n\r\n")
@example(answer=b"HTTP/1.1 200 OK\r\nContent-Type: \xff;charset=\x00\r\n\r\n{}")
def test_whatever_a_server_answers_is_json_or_a_reason(
    web: Web, server: MisbehavingServer, answer: bytes
) -> None:
    server.raw = answer

    found = why(web, server, "raw")

    assert found is None or found in Why
