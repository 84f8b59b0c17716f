"""FHIR servers to fetch from: a small one of fixed answers, in memory, and a real one on loopback."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import requests

from cds_service.decision import Decider
from cds_service.fetching.reach import Reach
from cds_service.fetching.refusals import NotFetchedError, Why
from cds_service.samples import KEYS
from fhir_mappings.gathering import Gathered, gather
from tests.cds_service import shared_data
from tests.cds_service.making import TODAY, a_bundle, advice_of
from tests.cds_service.processes import free_port, wait_for

BASE = "https://ehr.example/fhir"
FHIR_JSON = {"Content-Type": "application/fhir+json"}
CLIENT, SECRET = "backpath-tests", "not-a-secret"
ALL_SCOPES = "system/*.cruds system/*.read"


@dataclass
class FixedAnswers:
    """Answers URLs from a table; remembers what it was asked, and with which headers.

    An answer is JSON, bytes as they are, or why there is none; a number before it are seconds to wait.
    """

    answers: Mapping[str, Any]  # path below the base, with query: answer
    base: str = BASE
    asked: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    most_bytes: list[int] = field(default_factory=list)

    def get(
        self, url: str, *, headers: Mapping[str, str], reach: Reach, deadline: float, limit_bytes: int
    ) -> bytes:
        reach.place(url)
        path = url.removeprefix(f"{self.base}/")
        self.asked.append(path)
        self.headers.append(headers)
        self.most_bytes.append(limit_bytes)
        answer = self.answers.get(path, Why.STATUS_404)
        if isinstance(answer, tuple):
            seconds, answer = answer
            time.sleep(min(seconds, max(0.0, deadline - time.monotonic())))
            if time.monotonic() >= deadline:
                raise NotFetchedError(Why.TIMEOUT)
        if isinstance(answer, Why):
            raise NotFetchedError(answer)
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        if len(body) > limit_bytes:
            raise NotFetchedError(Why.TOO_LARGE)
        return body

    def asked_for(self) -> set[str]:
        """The resource types, and what pages are called."""
        return {path.partition("?")[0].partition("/")[0] for path in self.asked}


@dataclass
class Seen:
    """One request that a proxy passed on."""

    path: str  # with query
    authorization: str | None
    status: int

    @property
    def kind(self) -> str:
        return urlsplit(self.path).path.removeprefix("/fhir").strip("/").partition("/")[0]


class Recorder:
    """A proxy before a FHIR server that notes every request."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.target = ""  # origin of the server
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}
                answer = requests.get(recorder.target + self.path, headers=headers, timeout=60)
                recorder.seen.append(Seen(self.path, self.headers.get("Authorization"), answer.status_code))
                self.send_response(answer.status_code)
                self.send_header("Content-Type", answer.headers.get("Content-Type", "text/plain"))
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator["Recorder"]:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()


@dataclass
class Sekmet:
    """A running sekmet-fhir behind a proxy that notes what is asked."""

    base: str  # of the proxy: links in answers lead there
    origin: str  # of the server itself
    recorder: Recorder
    tokens: bool  # it asks for SMART bearer tokens

    def token(self, scope: str) -> dict[str, Any]:
        """`fhirAuthorization` with a token that the server gives for these scopes."""
        response = requests.post(
            f"{self.origin}/auth/token",
            data={"grant_type": "client_credentials", "scope": scope},
            auth=(CLIENT, SECRET),
            timeout=30,
        )
        assert response.status_code == 200, response.text
        given = response.json()
        return {
            "access_token": given["access_token"],
            "token_type": "Bearer",
            "expires_in": given["expires_in"],
            "scope": given["scope"],
            "subject": CLIENT,
        }

    def load(self, resources: Sequence[Mapping[str, Any]]) -> None:
        """Put resources under their own ids."""
        self.post(
            {
                "resourceType": "Bundle",
                "type": "transaction",
                "entry": [
                    {
                        "resource": resource,
                        "request": {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"},
                    }
                    for resource in resources
                ],
            }
        )

    def post(self, bundle: Mapping[str, Any]) -> None:
        """Post a transaction or a batch."""
        headers = dict(FHIR_JSON)
        if self.tokens:
            headers["Authorization"] = f"Bearer {self.token('system/*.cruds')['access_token']}"
        response = requests.post(f"{self.origin}/fhir", json=bundle, headers=headers, timeout=120)
        assert response.status_code == 200, response.text[:500]

    @contextmanager
    def watched(self) -> Iterator[list[Seen]]:
        """What is asked meanwhile."""
        start = len(self.recorder.seen)
        seen: list[Seen] = []
        yield seen
        seen += self.recorder.seen[start:]


@contextmanager
def sekmet(folder: Path, *, tokens: bool = True) -> Iterator[Sekmet]:
    """A sekmet-fhir with an empty store; without `tokens` it answers everyone."""
    port = free_port()
    with Recorder().running() as recorder:
        recorder.target = f"http://127.0.0.1:{port}"
        base = f"{recorder.origin}/fhir"
        client = {"client_id": CLIENT, "client_secret": SECRET, "scopes": ALL_SCOPES}
        settings = {
            "base_url": base,  # links are made from it; the socket is at host and port
            "host": "127.0.0.1",
            "port": port,
            "data_dir": str(folder),
            "db_path": str(folder / "store.db"),
            "log_inbound": False,
            "validation": {"inbound": "off"},
            "simulator": {"enabled": False},
            "server_auth": {"types": ["smart" if tokens else "none"], "smart_clients": [client]},
        }
        config = folder / "settings.yaml"
        config.write_text(json.dumps(settings), encoding="utf-8")
        command = [str(Path(sys.executable).with_name("sekmet")), "serve", "--config", str(config)]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
            try:
                wait_for(f"{recorder.target}/fhir/metadata", process)
                yield Sekmet(base, recorder.target, recorder, tokens)
            finally:
                process.terminate()
                process.wait(timeout=30)


def gathered(prefetch: Mapping[str, Any]) -> Gathered:
    return gather({key: msgspec.Raw(msgspec.json.encode(value)) for key, value in prefetch.items()})


def by_prefetch(prefetch: Mapping[str, Any], patient_id: str, decider: Decider) -> Any:
    """What the service says of a prefetch, uuids apart."""
    decision = decider.decide(gathered(prefetch), patient_id=patient_id, as_of=TODAY)
    return advice_of(json.loads(decision.body()))


def as_prefetch(record: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the prefetch table gives of a record, and its Medications; every type answered."""
    prefetch: dict[str, Any] = {"patient": next(r for r in record if r["resourceType"] == "Patient")}
    for key, kind in KEYS.items():
        prefetch[key] = a_bundle(*(r for r in record if r["resourceType"] == kind))
    drugs = [r for r in record if r["resourceType"] == "Medication"]
    return prefetch | ({"drugs": a_bundle(*drugs)} if drugs else {})


def synthea_record(patient_id: str) -> list[dict[str, Any]]:
    """A patient's resources of the types that are asked for, referring to each other by type and id."""
    bundle = shared_data.read(shared_data.ROOT / "synthea" / f"{patient_id}.json.gz")
    text = json.dumps([entry["resource"] for entry in bundle["entry"]])
    for entry in bundle["entry"]:
        resource = entry["resource"]
        text = text.replace(entry["fullUrl"], f"{resource['resourceType']}/{resource['id']}")
    kept = {"Patient", "Medication", *KEYS.values()}
    return [resource for resource in json.loads(text) if resource["resourceType"] in kept]


def load_synthea_places(server: Sekmet) -> None:
    """Synthea's hospitals and practitioners, whom its patients name by conditional reference."""
    for path in sorted((shared_data.ROOT / "synthea").glob("0-*.json.gz")):
        server.post(shared_data.read(path))
