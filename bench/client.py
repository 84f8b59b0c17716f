"""A hook client on one kept-alive connection; it opens a new one where a server closes it."""

import http.client
from types import TracebackType
from typing import Self

from bench.servers import HOST, PATIENT_VIEW, BenchError, Server

TIMEOUT_S = 60.0
HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


class Client:
    """Posts hook requests to one server, one after the other."""

    def __init__(self, server: Server) -> None:
        self.name = server.name
        self.connection = http.client.HTTPConnection(HOST, server.port, timeout=TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()

    def post(self, body: bytes, path: str = PATIENT_VIEW) -> bytes:
        """The answer's body.

        Raises:
            BenchError: the status is not 200.
        """
        try:
            self.connection.request("POST", path, body, HEADERS)
            response = self.connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # an idle connection may be closed at any time; a request is tried once more
            self.connection.close()
            self.connection.request("POST", path, body, HEADERS)
            response = self.connection.getresponse()
        answer = response.read()
        if response.status != http.client.OK:
            said = answer[:300].decode(errors="replace")
            raise BenchError(f"{self.name} answered {response.status}: {said}")
        return answer
