"""Starts the service and the floors under gunicorn, one worker each, on loopback."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

HOST = "127.0.0.1"
PATIENT_VIEW = "/cds-services/low-back-pain-patient-view"
ORDER_SIGN = "/cds-services/low-back-pain-order-sign"
START_TIMEOUT_S = 30.0
FLOORS = {"A": "floor_a", "B": "floor_b", "C": "floor_c"}
SERVICE = "service"
DEMO = "demo"


class BenchError(Exception):
    """The benchmark cannot go on; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server: where it listens, and the process that does its work."""

    name: str
    port: int
    worker: psutil.Process


@contextmanager
def running(name: str, logs: Path) -> Iterator[Server]:
    """The server called `name` (SERVICE, DEMO, or a floor), stopped at the end.

    Raises:
        BenchError: it did not listen within START_TIMEOUT_S; its output is in `logs`.
    """
    port = _free_port()
    with (logs / f"{name}.log").open("wb") as output:
        process = subprocess.Popen(
            _command(name, port), env=_environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        worker = _worker_once_listening(process, name, port, logs)
        yield Server(name=name, port=port, worker=worker)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _command(name: str, port: int) -> list[str]:
    if name == SERVICE:
        script = Path(sys.executable).with_name("backpath")
        return [str(script), "serve", "--host", HOST, "--port", str(port), "--workers", "1"]
    if name == DEMO:
        return [str(Path(sys.executable).with_name("backpath")), "demo", "--port", str(port)]
    app = f"bench.floors:{FLOORS[name]}()"
    options = ["--workers", "1", "--worker-class", "sync", "--bind", f"{HOST}:{port}", "--no-control-socket"]
    return [sys.executable, "-m", "gunicorn", *options, app]


def _environment() -> dict[str, str]:
    """This environment without settings of the service: it is measured as it comes."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BACKPATH_")}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _worker_once_listening(
    process: subprocess.Popen[bytes], name: str, port: int, logs: Path
) -> psutil.Process:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        workers = psutil.Process(process.pid).children()
        if len(workers) == 1 and _answers(port):
            return workers[0]
        time.sleep(0.1)
    output = (logs / f"{name}.log").read_text(errors="replace")
    raise BenchError(f"{name} did not start within {START_TIMEOUT_S:.0f} s:\n{output[-2000:]}")


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse().read()
    except OSError:
        return False
    finally:
        connection.close()
    return True
