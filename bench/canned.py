"""A FHIR server of canned answers: `python -m bench.canned RESOURCES`; prints its base URL.

It answers each search of the prefetch table with the benchmark's chart in one page, at once: what
is measured against it is the service's own waiting and work, not a server's.
"""

import asyncio
import json
import sys
from contextlib import suppress
from urllib.parse import urlsplit

from bench.corpus import PREFETCH_KEYS, encoded, request_body
from bench.resources import PATIENT, Json
from bench.servers import HOST

BASE_PATH = "/fhir"
EMPTY: Json = {"resourceType": "Bundle", "type": "searchset"}


def answers(count: int) -> dict[str, bytes]:
    """The body by path: the chart of so many resources, by type."""
    prefetch = json.loads(request_body(count))["prefetch"]
    searches = {
        f"{BASE_PATH}/{kind}": encoded(prefetch.get(key, EMPTY)) for kind, key in PREFETCH_KEYS.items()
    }
    return {f"{BASE_PATH}/Patient/{PATIENT}": encoded(prefetch["patient"]), **searches}


def response(status: str, body: bytes) -> bytes:
    """A whole answer on a connection that stays open."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/fhir+json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def serve(count: int) -> None:
    """Answer until the process is stopped; first say where."""
    canned = {path: response("200 OK", body) for path, body in answers(count).items()}
    missing = response("404 Not Found", b"{}")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                target = head.split(b" ", 2)[1].decode()
                writer.write(canned.get(urlsplit(target).path, missing))
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, HOST, 0)
    print(f"http://{HOST}:{server.sockets[0].getsockname()[1]}{BASE_PATH}", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
