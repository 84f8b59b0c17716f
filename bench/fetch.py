"""`python -m bench.fetch`: how long a call takes that sends no prefetch, so that all is fetched.

Wall time, unlike the other figures: what counts is whether the answer is there within the budget.
A FHIR server of canned answers (`canned.py`) runs beside the service; several clients call at once.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import msgspec
from rich.console import Console

from bench.client import Client
from bench.corpus import encoded
from bench.report import Bar, machine, table
from bench.resources import AS_OF, PATIENT, Json
from bench.servers import SERVICE, BenchError, Server, running

CALLERS = 8  # at once
RESOURCES = 100  # of the chart, 150 kB
SEARCHES = 8  # a call, beside reading the Patient
BUDGET_MS = 400  # BACKPATH_BUDGET_MS as it comes
SHORT, LONG = 25, 250  # calls of each caller
WARMING = 5


class Gap(msgspec.Struct):
    """What an answer says is missing."""

    code: str
    resource: str | None = None


class Ids(msgspec.Struct, rename="camel"):
    """The part of an answer's extension that is looked at."""

    state: str
    data_gaps: tuple[Gap, ...] = ()


class Extension(msgspec.Struct, rename={"backpath": "org.backpath"}):
    """Where it stands."""

    backpath: Ids


class Answer(msgspec.Struct):
    """What the service answered."""

    extension: Extension


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetches:
    """Wall times of calls, milliseconds, and how many said that something did not come."""

    state: str
    times_ms: tuple[float, ...]
    with_gaps: int

    def percentile(self, percent: int) -> float:
        """The time within which so many in a hundred were answered."""
        return quantiles(self.times_ms, n=100, method="inclusive")[percent - 1]


def fetches(calls: int, logs: Path) -> Fetches:
    """Call a service as it comes, with its FHIR server beside it.

    Raises:
        BenchError: a server did not start, or a call failed.
    """
    with _canned(RESOURCES) as base, running(SERVICE, logs) as server:
        _called(server, base, WARMING)  # threads and connections are made when first needed
        with ThreadPoolExecutor(CALLERS) as callers:
            results = list(callers.map(lambda _: _called(server, base, calls), range(CALLERS)))
    answers = [answer for result in results for _, answer in result]
    return Fetches(
        state=answers[0].extension.backpath.state,
        times_ms=tuple(ms for result in results for ms, _ in result),
        with_gaps=sum(bool(answer.extension.backpath.data_gaps) for answer in answers),
    )


def bars(found: Fetches) -> tuple[Bar, ...]:
    """The limits: within the budget, and with all that was asked for."""
    what = f"{SEARCHES} searches fetched, {CALLERS} calls at once"
    return (
        Bar(name=f"{what}: p95, ms", value=found.percentile(95), limit=BUDGET_MS),
        Bar(
            name=f"{what}: answers with a gap, %", value=100 * found.with_gaps / len(found.times_ms), limit=0
        ),
    )


def report(found: Fetches) -> str:
    """What was measured: Markdown that is legible as it stands."""
    times = (found.percentile(50), found.percentile(95), max(found.times_ms))
    row = (str(len(found.times_ms)), f"`{found.state}`", *(f"{ms:.0f}" for ms in times), str(found.with_gaps))
    headings = ("calls", "state", "p50, ms", "p95, ms", "longest, ms", "with gaps")
    told = (
        f"Wall time of a patient-view call without prefetch, {CALLERS} at once; the Patient and {SEARCHES} "
        f"searches ({RESOURCES} resources) come from a server of canned answers beside it:"
    )
    return "\n".join([told, "", *table(headings, [row], words=0)])


def _called(server: Server, base: str, calls: int) -> Sequence[tuple[float, Answer]]:
    """So many calls, one after the other: milliseconds and answer of each."""
    body, found = _body(base), []
    with Client(server) as client:
        for _ in range(calls):
            began = time.perf_counter()
            said = client.post(body)
            found.append(((time.perf_counter() - began) * 1000, msgspec.json.decode(said, type=Answer)))
    return found


def _body(base: str) -> bytes:
    request: Json = {
        "hook": "patient-view",
        "hookInstance": "5f6b2a60-3c1e-4f3a-9d55-0c7f4a1b2c3d",
        "fhirServer": base,
        "fhirAuthorization": {
            "access_token": "of-the-benchmark",
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "user/*.read",
            "subject": "bench",
        },
        "context": {"userId": "Practitioner/bench", "patientId": PATIENT},
        "extension": {"org.backpath": {"asOf": AS_OF.isoformat()}},
    }
    return encoded(request)


@contextmanager
def _canned(count: int) -> Iterator[str]:
    """The base URL of a running server of canned answers."""
    command = [sys.executable, "-m", "bench.canned", str(count)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        base = process.stdout.readline().strip() if process.stdout else ""
        if not base:
            raise BenchError("the server of canned answers did not start")
        yield base
    finally:
        process.terminate()
        process.wait(timeout=10)
        if process.stdout:
            process.stdout.close()


def main() -> int:
    """Exit status 0 when all bars are met, 1 when one is missed, 2 when it could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.fetch", description=__doc__)
    parser.add_argument("--long", action="store_true", help="more calls")
    chosen = parser.parse_args()
    progress = Console(stderr=True)
    try:
        with tempfile.TemporaryDirectory() as logs, progress.status("Fetching"):
            found = fetches(LONG if chosen.long else SHORT, Path(logs))
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
