"""A FHIR server that does what a server should not, on a real socket; also a program of its own.

The first segment of the path names what it does: a base of `{origin}/drip-body` belongs to a server
that sends its answers drop by drop. `python -m tests.cds_service.fetching.misbehaving_server` prints
its origin and serves until its standard input ends.
"""

import gzip
import json
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Self, TypeAlias

Send: TypeAlias = Callable[[bytes], None]
Behaviour: TypeAlias = Callable[["Answering"], None]

BUNDLE = json.dumps({"resourceType": "Bundle", "type": "searchset", "total": 0}).encode()
MEGABYTE = 1024 * 1024
DROP_S = 0.01  # between two drops
AFTER_S = 30.0  # how long a silent server holds a connection
JSON_TYPE = b"Content-Type: application/fhir+json\r\n"


def head(status: str = "200 OK", *lines: bytes) -> bytes:
    return b"HTTP/1.1 %s\r\n%s%s\r\n" % (
        status.encode(),
        JSON_TYPE,
        b"".join(line + b"\r\n" for line in lines),
    )


def whole(body: bytes, status: str = "200 OK", *lines: bytes) -> bytes:
    return head(status, b"Content-Length: %d" % len(body), *lines) + body


def chunk(piece: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(piece), piece)


class Answering:
    """One question, and the socket to answer it on."""

    def __init__(self, server: "MisbehavingServer", connection: socket.socket, question: bytes) -> None:
        self.server, self.socket, self.question = server, connection, question
        self.path = question.split(b" ", 2)[1].decode("ascii", "replace")
        self.closes = True  # after the answer

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def drip(self, data: bytes) -> None:
        """Byte by byte."""
        for byte in data:
            self.send(bytes([byte]))
            self.pause(DROP_S)

    def endless(self, piece: bytes) -> None:
        while not self.server.stopped.is_set():
            self.send(piece)

    def pause(self, seconds: float = AFTER_S) -> None:
        self.server.stopped.wait(seconds)


def fixed(answer: bytes, *, closes: bool = True) -> Behaviour:
    def behave(answering: Answering) -> None:
        answering.closes = closes
        answering.send(answer)

    return behave


def _then_silence(answering: Answering, answer: bytes) -> None:
    answering.send(answer)
    answering.pause()


def _dripping(answering: Answering, before: bytes, dripped: bytes) -> None:
    answering.send(before)
    answering.drip(dripped)


def _endless(answering: Answering, before: bytes, piece: bytes) -> None:
    answering.send(before)
    answering.endless(piece)


def _reset(answering: Answering, before: bytes) -> None:
    if before:
        answering.send(before)
        answering.pause(0.02)
    answering.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _half_closed(answering: Answering) -> None:
    """Closes its side after part of the answer, and goes on listening."""
    answering.send(head() + BUNDLE[:20])
    answering.socket.shutdown(socket.SHUT_WR)
    answering.pause()


def _once(answering: Answering) -> None:
    """Promises to keep the connection, and closes it when it is used again."""
    first = answering.server.questions_of(answering.socket) == 1
    answering.closes = not first
    if first:
        answering.send(whole(BUNDLE))


def _redirecting(answering: Answering, location: str) -> None:
    target = location.format(origin=answering.server.origin, path=answering.path)
    answering.closes = False
    answering.send(whole(b"moved", "302 Found", b"Location: " + target.encode()))


def _following(answering: Answering) -> None:
    """A redirect on the same server, to an answer."""
    if answering.path.endswith("&moved"):
        fixed(whole(BUNDLE), closes=False)(answering)
    else:
        _redirecting(answering, "{path}&moved")


def _paging(answering: Answering, link: str) -> None:
    url = link.format(origin=answering.server.origin, path=answering.path)
    page = {"resourceType": "Bundle", "link": [{"relation": "next", "url": url}]}
    fixed(whole(json.dumps(page).encode()), closes=False)(answering)


def _status(status: str, *lines: bytes) -> Behaviour:
    return fixed(whole(b'{"resourceType":"OperationOutcome"}', status, *lines), closes=False)


PACKED = gzip.compress(BUNDLE)
GZIP = b"Content-Encoding: gzip"
CHUNKED = b"Transfer-Encoding: chunked"
HTML = b"<!doctype html><html><body>Log in</body></html>"
BOMB = gzip.compress(b'{"a":"' + b"0" * (64 * MEGABYTE) + b'"}')

BEHAVIOURS: Mapping[str, Behaviour] = {
    # as it should be, in each form
    "fine": fixed(whole(BUNDLE), closes=False),
    "fine-gzip": fixed(whole(PACKED, "200 OK", GZIP), closes=False),
    "fine-two-members": fixed(
        whole(gzip.compress(BUNDLE[:9]) + gzip.compress(BUNDLE[9:]), "200 OK", GZIP), closes=False
    ),
    "fine-chunked": fixed(head("200 OK", CHUNKED) + chunk(BUNDLE[:9]) + chunk(BUNDLE[9:]) + b"0\r\n\r\n"),
    "fine-chunked-gzip": fixed(head("200 OK", CHUNKED, GZIP) + chunk(PACKED) + b"0\r\n\r\n", closes=False),
    "fine-until-close": fixed(head() + BUNDLE),
    "fine-byte-order-mark": fixed(whole(b"\xef\xbb\xbf" + BUNDLE), closes=False),
    "fine-interim": fixed(b"HTTP/1.1 100 Continue\r\n\r\n" + whole(BUNDLE), closes=False),
    "fine-no-type": fixed(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BUNDLE), BUNDLE)),
    "fine-once": _once,
    "fine-cookies": fixed(whole(BUNDLE, "200 OK", b"Set-Cookie: session=remembered; Path=/"), closes=False),
    "fine-moved": _following,
    # statuses
    "204": fixed(b"HTTP/1.1 204 No Content\r\n\r\n", closes=False),
    "304": fixed(b"HTTP/1.1 304 Not Modified\r\n\r\n", closes=False),
    "400": _status("400 Bad Request"),
    "401": _status("401 Unauthorized", b"WWW-Authenticate: Bearer"),
    "403": _status("403 Forbidden"),
    "404": _status("404 Not Found"),
    "410": _status("410 Gone"),
    "429": _status("429 Too Many Requests", b"Retry-After: 120"),
    "500": _status("500 Internal Server Error"),
    "503": _status("503 Service Unavailable", b"Retry-After: 120"),
    "500-drip": partial(_dripping, before=head("500 Oops", b"Content-Length: 5000"), dripped=b"x" * 5000),
    # redirects and links
    "redirect-elsewhere": partial(_redirecting, location="http://127.0.0.2:9/fhir"),
    "redirect-to-metadata": partial(_redirecting, location="http://169.254.169.254/latest/meta-data"),
    "redirect-to-file": partial(_redirecting, location="file:///etc/passwd"),
    "redirect-out-of-base": partial(_redirecting, location="{origin}/fine/Patient/p1"),
    "redirect-dots": partial(_redirecting, location="{origin}/redirect-dots/%2e%2e/fine/Patient/p1"),
    "redirect-to-https": partial(_redirecting, location="https://127.0.0.1:9/redirect-to-https/x"),
    "redirect-loop": partial(_redirecting, location="{path}"),
    "redirect-nowhere": fixed(whole(b"", "302 Found"), closes=False),
    "redirect-large": partial(
        _endless, before=head("302 Found", b"Location: /redirect-large/x"), piece=b"x" * 65536
    ),
    "next-elsewhere": partial(_paging, link="http://127.0.0.2:9/fhir?page=2"),
    "next-loop": partial(_paging, link="{origin}{path}"),
    # not what was asked for
    "html": fixed(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(HTML), HTML)
    ),
    "html-called-json": fixed(whole(HTML), closes=False),
    "array": fixed(whole(b"[]"), closes=False),
    "not-quite-json": fixed(whole(b'{"resourceType": Bundle}'), closes=False),
    "empty": fixed(whole(b""), closes=False),
    "blank": fixed(whole(b" \r\n "), closes=False),
    "deep": fixed(whole(b'{"a":' * 101 + b"0" + b"}" * 101), closes=False),
    "very-deep": fixed(whole(b'{"a":' * 50_000 + b"0" + b"}" * 50_000), closes=False),
    # cut short
    "cut": fixed(head("200 OK", b"Content-Length: 5000") + BUNDLE),
    "cut-without-length": fixed(head() + BUNDLE[:20]),
    "cut-chunk": fixed(head("200 OK", CHUNKED) + chunk(BUNDLE) + b"ff\r\nabc"),
    "cut-gzip": fixed(whole(PACKED[:-9], "200 OK", GZIP), closes=False),
    "cut-head": fixed(b"HTTP/1.1 200 OK\r\nContent-Ty"),
    "half-closed": _half_closed,
    "closed": fixed(b""),
    "reset": partial(_reset, before=b""),
    "reset-in-body": partial(_reset, before=head("200 OK", b"Content-Length: 5000") + BUNDLE),
    # against the protocol
    "not-http": fixed(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "bad-status": fixed(b"HTTP/1.1 abc OK\r\n\r\n"),
    "bad-chunk": fixed(head("200 OK", CHUNKED) + b"zz\r\nabc\r\n0\r\n\r\n"),
    "negative-chunk": fixed(head("200 OK", CHUNKED) + b"-5\r\nabc\r\n0\r\n\r\n"),
    "two-lengths": fixed(head("200 OK", b"Content-Length: 5", b"Content-Length: 50") + BUNDLE),
    "wrong-gzip": fixed(whole(BUNDLE, "200 OK", GZIP), closes=False),
    "unasked-encoding": fixed(whole(BUNDLE, "200 OK", b"Content-Encoding: br"), closes=False),
    "many-headers": fixed(head("200 OK", *[b"X-%d: y" % n for n in range(500)]) + BUNDLE),
    "odd-headers": fixed(whole(BUNDLE, "200 OK", b"no colon here", b"\xff\xfe: \x00"), closes=False),
    # too much
    "large": partial(_endless, before=head("200 OK", b"Content-Length: 9999999999"), piece=b" " * 65536),
    "endless-body": partial(_endless, before=head(), piece=b" " * 65536),
    "endless-chunks": partial(_endless, before=head("200 OK", CHUNKED), piece=chunk(b" " * 65536)),
    "gzip-bomb": fixed(whole(BOMB, "200 OK", GZIP), closes=False),
    "endless-status-line": partial(_endless, before=b"HTTP/1.1 200 ", piece=b"O" * 65536),
    "endless-header": partial(_endless, before=b"HTTP/1.1 200 OK\r\nX: ", piece=b"y" * 65536),
    "endless-headers": partial(_endless, before=b"HTTP/1.1 200 OK\r\n", piece=b"X: y\r\n" * 9),
    "endless-interim": partial(_endless, before=b"", piece=b"HTTP/1.1 100 Continue\r\n\r\n" * 99),
    "endless-chunk-size": partial(_endless, before=head("200 OK", CHUNKED), piece=b"0" * 65536),
    "endless-trailers": partial(
        _endless, before=head("200 OK", CHUNKED) + chunk(BUNDLE) + b"0\r\n", piece=b"X: y\r\n" * 9
    ),
    # too slow
    "silent": partial(_then_silence, answer=b""),
    "silent-after-status": partial(_then_silence, answer=b"HTTP/1.1 200 OK\r\n"),
    "silent-after-head": partial(_then_silence, answer=head("200 OK", b"Content-Length: 5000")),
    "silent-in-body": partial(_then_silence, answer=head("200 OK", b"Content-Length: 5000") + BUNDLE),
    "silent-in-chunk": partial(_then_silence, answer=head("200 OK", CHUNKED) + b"ff\r\n{"),
    "silent-at-end": partial(_then_silence, answer=head() + BUNDLE),
    "drip-status": partial(_dripping, before=b"", dripped=b"HTTP/1.1 200 " + b"O" * 5000),
    "drip-head": partial(_dripping, before=b"HTTP/1.1 200 OK\r\n", dripped=b"X: y\r\n" * 5000),
    "drip-body": partial(_dripping, before=head("200 OK", b"Content-Length: 50000"), dripped=b" " * 50000),
    "drip-chunks": partial(_dripping, before=head("200 OK", CHUNKED), dripped=chunk(b" ") * 5000),
    "drip-interim": partial(_dripping, before=b"", dripped=b"HTTP/1.1 100 Continue\r\n\r\n" * 500),
    "drip-trailers": partial(
        _dripping, before=head("200 OK", CHUNKED) + chunk(BUNDLE) + b"0\r\n", dripped=b"X: y\r\n" * 5000
    ),
}


class MisbehavingServer:
    """Serves within its `with` block; remembers what it was asked."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.stopped = threading.Event()
        self.questions: list[bytes] = []  # the heads, as they came
        self.accepted = 0  # connections, ever
        self.raw = b""  # what the behaviour "raw" answers
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family, backlog=128)
        self._open: dict[socket.socket, int] = {}  # connection: how many questions it has brought
        self._lock = threading.Lock()
        self.port = int(self._listener.getsockname()[1])
        self.origin = f"http://{host}:{self.port}"

    @property
    def connections(self) -> int:
        """How many are open."""
        with self._lock:
            return len(self._open)

    def questions_of(self, connection: socket.socket) -> int:
        with self._lock:
            return self._open[connection]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            left = list(self._open)
        for connection in left:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # gone by itself

    def _accept(self) -> None:
        while not self.stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open[connection] = 0
                self.accepted += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            for question in _questions(connection):
                with self._lock:
                    self._open[connection] += 1
                    self.questions.append(question)
                answering = Answering(self, connection, question)
                self._behaviour(answering.path)(answering)
                if answering.closes:
                    break
        except OSError:
            pass  # the client has gone
        finally:
            with self._lock:
                del self._open[connection]
            connection.close()

    def _behaviour(self, path: str) -> Behaviour:
        name = path.split("/")[1]
        return fixed(self.raw) if name == "raw" else BEHAVIOURS[name]


def _questions(connection: socket.socket) -> Iterator[bytes]:
    received = b""
    while True:
        while b"\r\n\r\n" not in received:
            piece = connection.recv(65536)
            if not piece:
                return
            received += piece
        question, _, received = received.partition(b"\r\n\r\n")
        yield question


if __name__ == "__main__":
    with MisbehavingServer() as server:
        print(server.origin, flush=True)
        sys.stdin.read()
