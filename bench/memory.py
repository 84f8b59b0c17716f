"""`python -m bench.memory [--long]`: what remembering costs a call, on SQLite and on PostgreSQL.

The service as it comes is held against one that reads nothing of the past, records no call and keeps no
feedback. Both are called in turn, round by round: charts are opened over many connections, and of one in
five a card is answered. CPU time counts all that the worker does, also what it brings into the store.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import Self
from unittest.mock import patch

import msgspec
import psutil
from flask import Flask
from rich.console import Console

from bench.client import Client
from bench.corpus import request_body
from bench.measure import cpu_seconds
from bench.report import Bar, machine, table
from bench.resources import PATIENT
from bench.servers import HOST, PATIENT_VIEW, BenchError, Server
from cards.wire import Answer
from cds_service.app import EXTENSION, create_app
from cds_service.decision import Judged
from cds_service.envelope import HookRequest
from cds_service.gunicorn_server import Server as HookServer
from cds_service.memory.considering import Considered, Memory
from cds_service.memory.forwarding import Forwarder
from cds_service.memory.opening import Remembrance
from cds_service.memory.outbox import Outbox
from cds_service.memory.recorder import Recorder
from cds_service.memory.records import CallRecord, CardRecord, FeedbackRecord
from cds_service.memory.settings import SiteMemory
from cds_service.settings import Address, Settings
from tests.cds_service.processes import free_port
from tests.cds_service.store.postgres_server import PostgresServer

WITHOUT, SQLITE, POSTGRESQL = "without", "SQLite", "PostgreSQL"
CONNECTIONS = 16
RESOURCES = 100  # of a chart
ANSWERED = 5  # of so many charts a card is answered
ROUNDS = 5
SHORT_S, LONG_S = 3.0, 12.0  # that a round of one server takes
SETTLE_S = 1.5  # afterwards: what was recorded is brought into the store
LIMIT = 1.2  # times what it costs without
START_S = 60.0
WARMING = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing(Considered):
    """A call of which nothing is recorded."""

    def cards(self, answer: Answer) -> tuple[CardRecord, ...]:
        """None."""
        del answer
        return ()


class Forgetful(Memory):
    """Reads nothing of the past."""

    def considered(
        self, site: SiteMemory, asked: HookRequest, judged: Judged, *, as_of: date, now: datetime
    ) -> Considered:
        """Everything is shown."""
        del asked, as_of, now
        return Nothing(
            judged=judged,
            memory_asked=True,
            patient=b"",
            user=b"",
            encounter=None,
            shown=(),
            held_back=(),
            zone=site.zone,
        )


class NoRecorder(Recorder):
    """Records no call."""

    def record(self, record: CallRecord) -> bool:
        """Drop it."""
        del record
        return True


class NoOutbox(Outbox):
    """Keeps no feedback."""

    def append_safely(self, records: Sequence[FeedbackRecord]) -> None:
        """Drop them."""


class NoForwarder(Forwarder):
    """Has nothing to do."""

    def begin(self) -> None:
        """No thread."""

    def flush(self, within_s: float) -> bool:
        """All that was kept is there."""
        del within_s
        return True


class Told(msgspec.Struct):
    """What is looked at of a card."""

    uuid: str


class Cards(msgspec.Struct):
    """What is looked at of an answer."""

    cards: list[Told]


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one server did in one round."""

    calls: int
    cpu_ms: float  # of the worker, a call
    p99_ms: float  # of calls, wall time


Costs = Mapping[str, Round]  # medians, by server


def without_memory(settings: Settings) -> Flask:
    """The service without anything that memory takes; the product has no switch for that."""
    opened = Remembrance.open

    def open_nothing(settings: Settings, *others: object) -> Remembrance:
        made = opened(settings, *others)  # type: ignore[arg-type]  # as they come
        outbox = NoOutbox(made.outbox.file)
        store = others[0]
        return replace(
            made,
            outbox=outbox,
            memory=Forgetful(made.history, made.identities),
            recorder=NoRecorder(outbox, log=others[1]),  # type: ignore[arg-type]
            forwarder=NoForwarder(outbox, store, log=others[1]),  # type: ignore[arg-type]
        )

    with patch.object(Remembrance, "open", open_nothing):
        return create_app(settings)


def serve(variant: str, port: int, store: str) -> None:
    """Serve one variant in this process, with one worker."""
    settings = Settings(bind=Address(HOST, port), workers=1, store=store)
    made = without_memory(settings) if variant == WITHOUT else create_app(settings)
    HookServer(lambda: made, settings, lambda: None, begin=made.extensions[EXTENSION].begin).run()


@contextmanager
def running(variant: str, store: str, logs: Path) -> Iterator[Server]:
    """A variant in a process of its own.

    Raises:
        BenchError: it did not start; its output is in `logs`.
    """
    port, log = free_port(), logs / f"{variant}.log"
    command = [
        sys.executable,
        "-m",
        "bench.memory",
        "--serve",
        variant,
        "--port",
        str(port),
        "--store",
        store,
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BACKPATH_")}
    environment["PYTHONPATH"] = str(Path(__file__).parents[1])
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, cwd=logs)
    try:
        yield _once_it_answers(process, variant, port, log)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _once_it_answers(process: subprocess.Popen[bytes], variant: str, port: int, log: Path) -> Server:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        workers = psutil.Process(process.pid).children()
        if len(workers) == 1:
            server = Server(name=variant, port=port, worker=workers[0])
            try:
                Caller(server, count()).work(WARMING)
            except OSError:
                time.sleep(0.1)
            else:
                return server
        time.sleep(0.1)
    raise BenchError(f"{variant} did not start:\n{log.read_text(errors='replace')[-2000:]}")


class Caller:
    """One connection: each chart is of a new patient."""

    def __init__(self, server: Server, numbers: Iterator[int]) -> None:
        self._server = server
        self._numbers = numbers
        self._body = request_body(RESOURCES)
        self._times_ms: list[float] = []

    def work(self, calls: int | None = None, until: float = 0.0) -> list[float]:
        """So many calls, or for as long: milliseconds of each."""
        with Client(self._server) as client:
            while len(self._times_ms) < calls if calls is not None else time.monotonic() < until:
                self._call(client)
        return self._times_ms

    def _call(self, client: Client) -> None:
        body = self._body.replace(PATIENT.encode(), f"{next(self._numbers):0{len(PATIENT)}d}".encode())
        began = time.perf_counter()
        said = client.post(body, PATIENT_VIEW)
        self._times_ms.append((time.perf_counter() - began) * 1000)
        if len(self._times_ms) % ANSWERED == 0:
            card = msgspec.json.decode(said, type=Cards).cards[0].uuid
            client.post(_report(card), f"{PATIENT_VIEW}/feedback")


@dataclass(slots=True)
class Bench:
    """The servers, and how far the patients are counted."""

    servers: Mapping[str, Server]
    numbers: Iterator[int]

    @classmethod
    def of(cls, servers: Mapping[str, Server]) -> Self:
        """No patient has been seen."""
        return cls(servers, count(1_000_000))

    def round(self, name: str, seconds: float) -> Round:
        """Call one server from all connections."""
        server = self.servers[name]
        before, until = cpu_seconds(server.worker), time.monotonic() + seconds
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            callers = [Caller(server, self.numbers) for _ in range(CONNECTIONS)]
            times = [ms for found in pool.map(lambda c: c.work(until=until), callers) for ms in found]
        time.sleep(SETTLE_S)
        spent_ms = (cpu_seconds(server.worker) - before) * 1000
        p99 = quantiles(times, n=100, method="inclusive")[98]
        return Round(calls=len(times), cpu_ms=spent_ms / len(times), p99_ms=p99)


def costs(seconds: float, folder: Path) -> Costs:
    """Medians of interleaved rounds.

    Raises:
        BenchError: a server did not start, or a call failed.
    """
    database = PostgresServer()
    with ExitStack() as stack:
        stack.callback(database.remove)
        database.start()
        stores = {
            WITHOUT: f"sqlite:///{folder}/without/store.sqlite3",
            SQLITE: f"sqlite:///{folder}/with/store.sqlite3",
            POSTGRESQL: database.new_database(),
        }
        bench = Bench.of({name: stack.enter_context(running(name, stores[name], folder)) for name in stores})
        rounds: dict[str, list[Round]] = {name: [] for name in stores}
        for number in range(ROUNDS):
            start = number % len(stores)
            for name in (*tuple(stores)[start:], *tuple(stores)[:start]):
                rounds[name].append(bench.round(name, seconds))
    return {name: _median(found) for name, found in rounds.items()}


def bars(found: Costs) -> tuple[Bar, ...]:
    """The limits, for each database."""
    base = found[WITHOUT]
    pairs = [(name, found[name]) for name in (SQLITE, POSTGRESQL)]
    return (
        *(
            Bar(name=f"{n}: CPU a call / without", value=r.cpu_ms / base.cpu_ms, limit=LIMIT)
            for n, r in pairs
        ),
        *(Bar(name=f"{n}: p99 / without", value=r.p99_ms / base.p99_ms, limit=LIMIT) for n, r in pairs),
    )


def report(found: Costs) -> str:
    """What was measured: Markdown that is legible as it stands."""
    told = (
        f"What remembering costs: patient-view calls of {RESOURCES} resources, {CONNECTIONS} connections, "
        f"a card of one in {ANSWERED} answered; medians of {ROUNDS} interleaved rounds:"
    )
    rows = [
        (name, str(each.calls), f"{each.cpu_ms:.2f}", f"{each.p99_ms:.0f}") for name, each in found.items()
    ]
    return "\n".join([told, "", *table(("store", "calls", "CPU, ms", "p99, ms"), rows, words=1)])


def _median(rounds: Sequence[Round]) -> Round:
    return Round(
        calls=int(median(each.calls for each in rounds)),
        cpu_ms=median(each.cpu_ms for each in rounds),
        p99_ms=median(each.p99_ms for each in rounds),
    )


def _report(card: str) -> bytes:
    item = {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-11-22T12:00:00Z"}
    return msgspec.json.encode({"feedback": [item]})


def main() -> int:
    """Exit status 0 when all bars are met, 1 when one is missed, 2 when it could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.memory", description=__doc__)
    parser.add_argument("--long", action="store_true", help="longer rounds")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--store", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        serve(chosen.serve, chosen.port, chosen.store)
        return 0
    progress = Console(stderr=True)
    try:
        with tempfile.TemporaryDirectory() as folder, progress.status("Remembering"):
            found = costs(LONG_S if chosen.long else SHORT_S, Path(folder))
    except BenchError as error:
        progress.print(f"The benchmark stopped: {error}", markup=False)
        return 2
    limits = bars(found)
    print(f"Measured on {machine()}.\n\n{report(found)}\n")
    for bar in limits:
        print(f"{bar.name}: {bar.value:.2f}, at most {bar.limit:g}: {'met' if bar.met else 'MISSED'}")
    return 0 if all(bar.met for bar in limits) else 1


if __name__ == "__main__":
    sys.exit(main())
