"""Measures what a worker process spends on a request: CPU time and peak memory."""

import platform
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import msgspec
import psutil

from bench.client import Client
from bench.corpus import order_sign_body, request_body
from bench.servers import ORDER_SIGN, PATIENT_VIEW, SERVICE, BenchError, Server, running

COUNTS = (10, 100, 1000, 5000)
COMPARED = 1000  # prefetched resources where patient-view is compared with the other calls
DRAFTS = (1, 20)  # draft orders of an order-sign call
TARGETS = (SERVICE, "A", "B", "C")
MEMORY_REQUESTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long to measure."""

    rounds: int  # interleaved: each server once a round
    round_ms: float  # CPU time that one server is to spend in a round, about


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the service answered: a benchmark of calls that say nothing would prove nothing."""

    state: str  # of the chart with a back problem
    cards: int  # at chart open
    guards: Mapping[int, int]  # cards of order-sign, by number of drafts


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """CPU milliseconds a request by number of resources and server, and what goes with them."""

    cpu_ms: Mapping[int, Mapping[str, float]]
    with_back_ms: float  # patient-view with COMPARED resources, in the same rounds as the next two
    without_back_ms: float
    order_sign_ms: Mapping[int, float]  # by number of drafts
    body_bytes: Mapping[int, int]
    growth_mb: float  # peak memory at 5000 resources over that after a small request
    shown: Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to one server."""

    server: Server
    client: Client
    body: bytes
    path: str = PATIENT_VIEW

    def cpu_ms(self, times: int) -> float:
        """CPU milliseconds of the worker for each of so many requests, one after the other."""
        before = cpu_seconds(self.server.worker)
        for _ in range(times):
            self.client.post(self.body, self.path)
        return (cpu_seconds(self.server.worker) - before) * 1000 / times


class Pathway(msgspec.Struct):
    """The part of an answer's extension that is looked at."""

    state: str


class AnswerExtension(msgspec.Struct, rename={"backpath": "org.backpath"}):
    """Where it stands."""

    backpath: Pathway


class Answer(msgspec.Struct):
    """What is looked at of an answer."""

    cards: list[msgspec.Raw]
    extension: AnswerExtension


def measured(plan: Plan, logs: Path) -> Result:
    """Start the servers and measure them, round by round."""
    bodies = {count: request_body(count) for count in COUNTS}
    with ExitStack() as stack:
        servers = {name: stack.enter_context(running(name, logs)) for name in TARGETS}
        clients = {name: stack.enter_context(Client(server)) for name, server in servers.items()}
        compared = _compared(servers[SERVICE], clients[SERVICE])
        shown = _shown(compared)
        growth = _growth_mb(servers[SERVICE], clients[SERVICE], bodies[10], bodies[5000])
        cpu = {
            count: _medians(plan, {n: Call(server=servers[n], client=clients[n], body=body) for n in TARGETS})
            for count, body in bodies.items()
        }
        other = _medians(plan, compared)
    return Result(
        cpu_ms=cpu,
        with_back_ms=other["with back"],
        without_back_ms=other["without back"],
        order_sign_ms={drafts: other[f"drafts {drafts}"] for drafts in DRAFTS},
        body_bytes={count: len(body) for count, body in bodies.items()},
        growth_mb=growth,
        shown=shown,
    )


def _compared(server: Server, client: Client) -> dict[str, Call]:
    """The calls that are compared with patient-view on the same chart."""
    with_back, without_back = (request_body(COMPARED, back=back) for back in (True, False))
    orders = {
        f"drafts {drafts}": Call(
            server=server, client=client, body=order_sign_body(COMPARED, drafts), path=ORDER_SIGN
        )
        for drafts in DRAFTS
    }
    return {
        "with back": Call(server=server, client=client, body=with_back),
        "without back": Call(server=server, client=client, body=without_back),
        **orders,
    }


def _shown(calls: Mapping[str, Call]) -> Shown:
    """What the compared calls are answered.

    Raises:
        BenchError: the answers are not those of such charts and orders: then the time says nothing.
    """
    answers = {
        name: msgspec.json.decode(call.client.post(call.body, call.path), type=Answer)
        for name, call in calls.items()
    }
    cards = {name: len(answer.cards) for name, answer in answers.items()}
    if cards.pop("without back") or not all(cards.values()):
        raise BenchError(f"expected no card without a back problem, and some for each of: {cards}")
    return Shown(
        state=answers["with back"].extension.backpath.state,
        cards=cards["with back"],
        guards={drafts: cards[f"drafts {drafts}"] for drafts in DRAFTS},
    )


def _medians(plan: Plan, calls: Mapping[str, Call]) -> dict[str, float]:
    """Median CPU milliseconds a request over interleaved rounds, by call."""
    times = {name: _times_a_round(plan, call) for name, call in calls.items()}
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(plan.rounds):
        for name in _rotated(tuple(calls), number):
            taken[name].append(calls[name].cpu_ms(times[name]))
    return {name: median(values) for name, values in taken.items()}


def _rotated(names: Sequence[str], by: int) -> Sequence[str]:
    start = by % len(names)
    return (*names[start:], *names[:start])


def _times_a_round(plan: Plan, call: Call) -> int:
    """How many requests fill a round; also warms the server up."""
    call.cpu_ms(3)
    return max(5, min(500, int(plan.round_ms / max(call.cpu_ms(5), 0.01))))


def cpu_seconds(process: psutil.Process) -> float:
    """User and system time of all threads of a process so far.

    On Linux from the process's CPU clock, which counts nanoseconds; /proc counts in steps of 10 ms.
    The clock's id is made from the process id as `clock_getcpuclockid(3)` makes it.
    """
    if platform.system() == "Linux":
        return time.clock_gettime(((~process.pid) << 3) | 2)
    times = process.cpu_times()
    return times.user + times.system


def _growth_mb(server: Server, client: Client, small: bytes, large: bytes) -> float:
    """Peak resident memory after large requests, above that after small ones, in MB (10^6)."""
    for _ in range(MEMORY_REQUESTS):
        client.post(small)
    before = server.worker.memory_info().rss
    highest = before
    for _ in range(MEMORY_REQUESTS):
        client.post(large)
        highest = max(highest, _peak_rss(server.worker))
    return (highest - before) / 1e6


def _peak_rss(process: psutil.Process) -> int:
    """The highest resident memory so far, in bytes; elsewhere than on Linux the present one."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        return process.memory_info().rss
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
