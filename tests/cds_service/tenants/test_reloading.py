"""SIGHUP under load: real gunicorn, two workers, clients that keep their connections."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest

from tests.cds_service.processes import free_port, plain_environment
from tests.cds_service.tenants.making import SOUND, a_file, replaced

pytestmark = pytest.mark.integration

PATIENCE_S = 30.0
CLIENTS = 6
OLD, NEW = "St. Vincent", "St. Vincent, renamed"
FAULTY = SOUND.replace("title", "tilte")


def titled(title: str) -> str:
    return SOUND.replace(OLD, title)


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.02)


class Running:
    """A server in a process of its own."""

    def __init__(self, folder: Path, *slow: str) -> None:
        self.file = a_file(folder)
        self.port = free_port()
        self._log = folder / "stderr"
        self._told = folder / "stdout"
        with self._log.open("wb") as log, self._told.open("wb") as told:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "tests.cds_service.tenants.reload_server",
                    str(self.port),
                    str(self.file),
                    *slow,
                ],
                stdout=told,
                stderr=log,
                env=plain_environment(),
                cwd=Path(__file__).parents[3],
            )

    def hang_up(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def workers(self) -> set[int]:
        return {child.pid for child in psutil.Process(self.process.pid).children()}

    def has_told(self, word: str) -> None:
        until(lambda: word in self._told.read_text().split(), f"told {word!r}: {self._log.read_text()}")

    def events(self) -> list[str]:
        lines = self._log.read_text().splitlines()
        return [json.loads(line)["event"] for line in lines if line.endswith("}")]

    def has_logged(self, text: str, times: int = 1) -> None:
        until(lambda: sum(text in event for event in self.events()) >= times, f"logged {text!r}")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        assert self.process.wait(PATIENCE_S) == 0, self._log.read_text()


@contextmanager
def running(folder: Path, *slow: str) -> Iterator[Running]:
    server = Running(folder, *slow)
    try:
        server.has_told("loading" if "load" in slow else "ready")
        yield server
    finally:
        server.stop()


class Client:
    """Asks again and again on one connection that is never opened a second time."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        self._connection.connect()
        self._connection.auto_open = 0
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._ask_on)
        self.pid, self.title = self._ask()
        self.answered = 1
        self.faults: list[str] = []
        self._thread.start()

    def _ask(self) -> tuple[int, str]:
        self._connection.request("GET", "/in-force")
        response = self._connection.getresponse()
        body = response.read()
        assert response.status == 200
        answer = json.loads(body)
        return answer["pid"], ",".join(answer["titles"])

    def _ask_on(self) -> None:
        while not self._enough.is_set():
            try:
                pid, self.title = self._ask()
            except Exception as error:  # noqa: BLE001 - every kind of failure counts
                self.faults.append(repr(error))
                return
            self.answered += 1
            if pid != self.pid:
                self.faults.append("another worker")
            time.sleep(0.005)

    def close(self) -> None:
        self._enough.set()
        self._thread.join()
        self._connection.close()


@contextmanager
def asking(server: Running) -> Iterator[list[Client]]:
    """Clients at work, on every worker; at the end none has failed and no worker was exchanged."""
    clients: list[Client] = []
    try:
        until(lambda: listening(server.port), "the port is open")
        while len(clients) < CLIENTS or len({client.pid for client in clients}) < 2:
            clients.append(Client(server.port))
            assert len(clients) < 200, "one worker takes everything"
        before = server.workers()
        yield clients
        asked = [client.answered for client in clients]
        until(lambda: all(c.answered > n + 3 for c, n in zip(clients, asked, strict=True)), "still answered")
        assert server.workers() == before
    finally:
        for client in clients:
            client.close()
    assert [client.faults for client in clients if client.faults] == []


def listening(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/in-force")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def in_force_everywhere(clients: list[Client], title: str) -> None:
    until(lambda: all(client.title == title for client in clients), f"{title!r} in force")


def test_a_good_file_comes_into_force_in_every_worker(tmp_path: Path) -> None:
    with running(tmp_path) as server, asking(server) as clients:
        in_force_everywhere(clients, OLD)

        replaced(server.file, titled(NEW))
        server.hang_up()

        in_force_everywhere(clients, NEW)
        server.has_logged("Reloaded (pid:", times=3)  # the master and both workers


def test_a_faulty_file_is_refused_with_the_reason_and_the_old_stays(tmp_path: Path) -> None:
    with running(tmp_path) as server, asking(server) as clients:
        replaced(server.file, FAULTY)
        server.hang_up()

        server.has_logged("Reload refused")
        refusal = next(event for event in server.events() if "Reload refused" in event)
        assert "tenants.toml: tenants.st-vincent: unknown key 'tilte' (is 'title' meant?)" in refusal
        time.sleep(0.3)
        in_force_everywhere(clients, OLD)
        assert not any("Reloaded" in event for event in server.events())

        replaced(server.file, titled(NEW))
        server.hang_up()
        in_force_everywhere(clients, NEW)


def test_a_file_that_is_gone_leaves_the_old_in_force(tmp_path: Path) -> None:
    with running(tmp_path) as server, asking(server) as clients:
        server.file.unlink()
        server.hang_up()

        server.has_logged("cannot be read: No such file or directory")
        in_force_everywhere(clients, OLD)


def test_many_hangups_in_a_row_end_with_the_last_file_in_force(tmp_path: Path) -> None:
    with running(tmp_path) as server, asking(server) as clients:
        for number in range(200):
            replaced(server.file, FAULTY if number % 7 == 4 else titled(f"Name {number}"))
            server.hang_up()
            time.sleep(0.005)

        in_force_everywhere(clients, "Name 199")


def test_hangups_sent_to_the_whole_group_harm_nobody(tmp_path: Path) -> None:
    with running(tmp_path) as server, asking(server) as clients:
        replaced(server.file, titled(NEW))
        for _ in range(20):
            for pid in (*server.workers(), server.process.pid):
                os.kill(pid, signal.SIGHUP)

        in_force_everywhere(clients, NEW)


def test_a_worker_that_replaces_a_dead_one_has_what_is_in_force(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        with asking(server) as clients:
            replaced(server.file, titled(NEW))
            server.hang_up()
            in_force_everywhere(clients, NEW)
        replaced(server.file, FAULTY)
        dead = server.workers()
        for pid in dead:
            os.kill(pid, signal.SIGKILL)
        until(lambda: len(server.workers() - dead) == 2 and not server.workers() & dead, "new workers")

        with asking(server) as clients:
            in_force_everywhere(clients, NEW)


def test_a_hangup_while_the_app_is_loading_is_heard_afterwards(tmp_path: Path) -> None:
    with running(tmp_path, "load") as server:  # the file has been read, and the port is not open
        replaced(server.file, titled(NEW))
        for _ in range(5):
            server.hang_up()

        with asking(server) as clients:
            in_force_everywhere(clients, NEW)


def test_a_hangup_right_after_the_start_harms_no_worker(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        for number in range(100):
            replaced(server.file, titled(f"Name {number}"))
            server.hang_up()
            time.sleep(0.003)

        with asking(server) as clients:
            in_force_everywhere(clients, "Name 99")
        assert not any("was sent" in event for event in server.events())


def test_a_hangup_for_a_worker_without_handlers_yet_waits_for_them(tmp_path: Path) -> None:
    with running(tmp_path, "fork") as server:
        server.has_logged("Booting worker", times=2)
        replaced(server.file, titled(NEW))
        server.hang_up()
        server.has_logged("Reloaded (pid:")  # the master: the workers are still asleep, with the old in them
        booted = [event for event in server.events() if "Reloaded" in event]
        assert re.findall(r"\d+", booted[0]) == [str(server.process.pid)]

        with asking(server) as clients:
            in_force_everywhere(clients, NEW)
        assert not any("was sent" in event for event in server.events())


def test_without_anything_to_reload_a_hangup_is_only_told(tmp_path: Path) -> None:
    with running(tmp_path, "nothing") as server, asking(server) as clients:
        replaced(server.file, titled(NEW))
        server.hang_up()

        server.has_logged("Nothing to reload")
        in_force_everywhere(clients, OLD)


def test_a_server_that_was_reloaded_stops_in_order(tmp_path: Path) -> None:
    with running(tmp_path) as server, asking(server):
        server.hang_up()

    assert "Shutting down" in "".join(server.events())
