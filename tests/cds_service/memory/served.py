"""The service in processes of its own, with a store, which can be killed; and many clients of it."""

import http.client
import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
from sqlalchemy import Connection, select

from cds_service.memory.outbox import Outbox
from cds_service.memory.outbox_files import outbox_file
from cds_service.store.opening import Store
from cds_service.store.tables import calls, feedback, items
from tests.cds_service.making import a_request
from tests.cds_service.memory.reporting import an_item, body_of
from tests.cds_service.processes import free_port, plain_environment
from tests.cds_service.store.making import wait_until

HOST = "127.0.0.1"
PATIENT_VIEW = "/cds-services/low-back-pain-patient-view"
FEEDBACK = f"{PATIENT_VIEW}/feedback"
JSON = {"Content-Type": "application/json"}
WAIT_S = 90.0
SOMEBODY = "somebody"
CHART = json.dumps(a_request(hookInstance=SOMEBODY)).replace("p1", SOMEBODY)
CONNECTIONS = 4  # of clients, where the claim is not about how many there are
DATABASE = {"store.late", "store.away", "store.back"}  # events that may be told of it on a busy machine
USUAL = ("server: ", "service.loaded", "store.opened", "key.made", "hook.answered", "feedback.kept")


@dataclass
class Service:
    """Two workers on a port of their own."""

    store_address: str
    folder: Path  # that it is started in
    workers: int = 2
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def logs(self) -> Path:
        return self.folder / "log"

    @property
    def outbox(self) -> Outbox:
        """Its outbox, as another process sees it."""
        beside = outbox_file(self.store_address)
        in_its_folder = self.folder / "backpath-data" / beside.name
        return Outbox(beside if self.store_address.startswith("sqlite") else in_its_folder)

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "cds_service.cli", "serve", "--port", str(self.port)]
        environment = plain_environment(BACKPATH_STORE=self.store_address)
        with self.logs.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--workers", str(self.workers)],
                env=environment,
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        wait_until(lambda: len(self.running().children()) == self.workers and self.answers(), WAIT_S)

    def running(self) -> psutil.Process:
        assert self.process is not None
        assert self.process.poll() is None, self.logs.read_text()
        return psutil.Process(self.process.pid)

    def answers(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):  # it is just being killed
            return False
        finally:
            connection.close()

    def kill_a_worker(self) -> None:
        """As the kernel does it when memory runs out."""
        self.running().children()[0].kill()

    def kill(self) -> None:
        """All at once, as a power cut does it."""
        master = self.running()
        for process in (master, *master.children(recursive=True)):
            process.kill()
        assert self.process is not None
        self.process.wait(WAIT_S)
        wait_until(lambda: not self.answers(), WAIT_S)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(WAIT_S)

    def is_forwarded(self) -> bool:
        """Nothing waits in its outbox."""
        outbox = self.outbox
        try:
            return outbox.depth() == 0
        finally:
            outbox.close()

    def events(self) -> set[str]:
        """The names of what was logged so far and is not said every day."""
        lines = [json.loads(line) for line in self.logs.read_text().splitlines() if line[:1] == "{"]
        return {line["event"] for line in lines if not line["event"].startswith(USUAL)}


@contextmanager
def running(service: Service) -> Iterator[Service]:
    try:
        service.start()
        yield service
    finally:
        service.stop()


@dataclass
class Answered:
    """What the clients were told."""

    calls: set[str] = field(default_factory=set)  # answered, by hookInstance
    reports: set[str] = field(default_factory=set)  # acknowledged, by card
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    broken: int = 0  # connections
    slowest_s: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, path: str, name: str, status: int, seconds: float) -> None:
        with self.lock:
            self.statuses[path, status] += 1
            self.slowest_s = max(self.slowest_s, seconds)
            if status == 200:
                (self.calls if path == PATIENT_VIEW else self.reports).add(name)

    def failures(self) -> dict[tuple[str, int], int]:
        return {answer: times for answer, times in self.statuses.items() if answer[1] != 200}


class Client:
    """One connection: charts of new patients are opened, and each first card is answered."""

    def __init__(self, port: int, answered: Answered) -> None:
        self._connection = http.client.HTTPConnection(HOST, port, timeout=WAIT_S)
        self._answered = answered

    def open_a_chart(self) -> None:
        name = str(uuid4())
        status, body = self._post(PATIENT_VIEW, name, CHART.replace(SOMEBODY, name).encode())
        if status == 200:
            card = json.loads(body)["cards"][0]["uuid"]
            self._post(FEEDBACK, card, body_of(an_item(card=card)))

    def close(self) -> None:
        self._connection.close()

    def _post(self, path: str, name: str, body: bytes) -> tuple[int, bytes]:
        began = time.monotonic()
        self._connection.request("POST", path, body, JSON)
        response = self._connection.getresponse()
        said = response.read()
        self._answered.note(path, name, response.status, time.monotonic() - began)
        return response.status, said


@contextmanager
def load(port: int, connections: int = 16, pause_s: float = 0.0) -> Iterator[Answered]:
    """Calls and feedback from many connections for as long as the block lasts."""
    answered, ended = Answered(), threading.Event()

    def work() -> None:
        client = Client(port, answered)
        while not ended.wait(pause_s):
            try:
                client.open_a_chart()
            except (OSError, http.client.HTTPException):
                answered.broken += 1
                client.close()  # it is opened again
                ended.wait(0.2)
        client.close()

    clients = [threading.Thread(target=work) for _ in range(connections)]
    for client in clients:
        client.start()
    try:
        yield answered
    finally:
        ended.set()
        for client in clients:
            client.join(WAIT_S)


def nothing_is_lost(answered: Answered, store: Store, *, calls_too: bool = True) -> None:
    """All that was acknowledged is in the store, once, and so is every call that was answered."""
    reports, recorded, carried = store.run_beside(_kept, within_s=60)
    assert {card: reports[card] for card in answered.reports} == dict.fromkeys(answered.reports, 1)
    assert answered.reports
    if calls_too:
        assert {name: recorded[name] for name in answered.calls} == dict.fromkeys(answered.calls, 1)
        assert answered.reports <= carried


def _kept(connection: Connection) -> tuple[Counter[str], Counter[str], set[Any]]:
    """How often each card was reported, how often each call was recorded, and which cards they carried."""
    reports = Counter(connection.scalars(select(feedback.c.card)))
    recorded = Counter(connection.scalars(select(calls.c.instance)))
    return reports, recorded, set(connection.scalars(select(items.c.card)))
