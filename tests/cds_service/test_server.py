"""The production server: real gunicorn on loopback."""

import gzip
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
import requests

from tests.cds_service.answer_schemas import check_answer, check_outcome
from tests.cds_service.making import URL, a_request, state_of
from tests.cds_service.processes import backpath, free_port, plain_environment

pytestmark = pytest.mark.integration

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with backpath("serve", "--workers", "2") as (_, url):
        yield url


def body(**changes: object) -> bytes:
    return json.dumps(a_request(**changes)).encode()


def test_discovery_and_a_call_are_answered(base: str) -> None:
    discovery = requests.get(f"{base}/cds-services", timeout=10)
    answer = requests.post(f"{base}{URL}", body(), headers=JSON, timeout=10)

    assert discovery.status_code == 200
    check_answer(answer.json(), "p1")


def test_a_gzip_body_is_read(base: str) -> None:
    headers = JSON | {"Content-Encoding": "gzip"}

    assert (
        requests.post(f"{base}{URL}", gzip.compress(body()), headers=headers, timeout=10).status_code == 200
    )


def test_a_chunked_body_is_read(base: str) -> None:
    def chunks() -> Iterator[bytes]:
        yield body()[:100]
        yield body()[100:]

    assert requests.post(f"{base}{URL}", chunks(), headers=JSON, timeout=10).status_code == 200


def test_twenty_megabytes_are_413_with_and_without_a_length(base: str) -> None:
    large = body(padding="x" * (20 * 1024 * 1024))

    whole = requests.post(f"{base}{URL}", large, headers=JSON, timeout=30)
    assert whole.status_code == 413
    check_outcome(whole.json())
    chunked = requests.post(
        f"{base}{URL}", (large[i : i + 65536] for i in range(0, len(large), 65536)), headers=JSON, timeout=30
    )
    assert chunked.status_code == 413
    check_outcome(chunked.json())


def test_a_gzip_bomb_is_413(base: str) -> None:
    bomb = gzip.compress(b" " * (64 * 1024 * 1024))

    response = requests.post(f"{base}{URL}", bomb, headers=JSON | {"Content-Encoding": "gzip"}, timeout=30)

    assert response.status_code == 413


def test_a_connection_is_kept_alive(base: str) -> None:
    with requests.Session() as session:
        for _ in range(3):
            response = session.post(f"{base}{URL}", body(), headers=JSON, timeout=10)
            assert response.status_code == 200
            assert response.headers.get("Connection", "").lower() != "close"


def test_head_and_options_are_answered(base: str) -> None:
    assert requests.head(f"{base}/healthz", timeout=10).status_code == 200
    assert requests.options(f"{base}{URL}", timeout=10).status_code in (200, 204)


def test_two_processes_answer() -> None:
    with backpath("serve", "--workers", "2") as (process, base):
        requests.post(f"{base}{URL}", body(), headers=JSON, timeout=10)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)

    events = [json.loads(line) for line in err.decode().splitlines() if line.startswith("{")]
    booted = [event for event in events if "Booting worker" in event["event"]]
    assert len(booted) == 2


def test_sigterm_lets_a_call_under_way_finish() -> None:
    with backpath("serve", "--workers", "1") as (process, base):
        port = int(base.rsplit(":", 1)[1])
        payload = body()
        head = f"POST {URL} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        with socket.create_connection(("127.0.0.1", port), timeout=15) as connection:
            connection.sendall(f"{head}Content-Length: {len(payload)}\r\n\r\n".encode() + payload[:50])
            time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            connection.sendall(payload[50:])
            answer = connection.recv(65536)
        assert process.wait(timeout=30) == 0

    assert answer.startswith(b"HTTP/1.1 200")


def test_no_line_of_the_log_names_a_patient_or_a_url() -> None:
    with backpath("serve", "--workers", "1") as (process, base):
        requests.post(f"{base}{URL}", body(), headers=JSON, timeout=10)
        requests.get(f"{base}/MARKED-PATH", timeout=10)
        port = int(base.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(b"MARKED / NONSENSE\r\n\r\n")
            connection.recv(1000)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)

    assert b"hook.answered" in err
    assert b"MARKED" not in err
    assert b"p1" not in re.sub(rb"[0-9a-f-]{36}", b"", err)
    assert b"not authenticated" in out


def test_the_demo_prints_a_curl_that_works() -> None:
    with backpath("demo") as (process, base):
        printed = []
        assert process.stdout is not None
        for line in process.stdout:
            printed.append(line.decode())
            if "curl" in printed[-1]:
                break
        command = printed[-1].strip()
        done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=30, check=True)

        answer = json.loads(done.stdout)
        assert state_of(answer) == "esi-repeat-window"
        assert requests.get(f"{base}/samples", timeout=10).status_code == 200


def test_a_port_that_is_taken_is_told_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "cds_service.cli", "serve", "--port", port],
            capture_output=True,
            timeout=30,
            check=False,
            env=plain_environment(),
        )

    assert done.returncode == 2
    assert b"cannot listen at" in done.stderr


def test_listening_beyond_loopback_needs_permission() -> None:
    everywhere = "0.0.0.0"  # noqa: S104 - refused
    command = [
        sys.executable,
        "-m",
        "cds_service.cli",
        "serve",
        "--host",
        everywhere,
        "--port",
        str(free_port()),
    ]

    done = subprocess.run(command, capture_output=True, timeout=30, check=False, env=plain_environment())

    assert done.returncode == 2
    assert b"BACKPATH_ALLOW_OPEN=1" in done.stderr


def test_calls_in_parallel_are_all_answered(base: str) -> None:
    statuses: list[int] = []

    def ask() -> None:
        statuses.append(requests.post(f"{base}{URL}", body(), headers=JSON, timeout=30).status_code)

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [200] * 16


def test_a_header_cannot_move_a_path_past_the_proxy(base: str) -> None:
    response = requests.get(
        f"{base}/cds-services/healthz", headers={"SCRIPT_NAME": "/cds-services"}, timeout=10
    )

    assert response.status_code in (404, 405)


def test_clients_that_fall_silent_do_not_stop_the_others() -> None:
    with backpath("serve", "--workers", "1", BACKPATH_THREADS="2") as (_, base):
        silent = [socket.create_connection(("127.0.0.1", int(base.rpartition(":")[2]))) for _ in range(6)]
        for number, connection in enumerate(silent):
            headers = f"POST {URL} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n".encode()
            connection.sendall(headers if number % 2 else b"G")
        try:
            assert requests.get(f"{base}/healthz", timeout=40).status_code == 200
        finally:
            for connection in silent:
                connection.close()


def test_a_body_that_does_not_come_is_told() -> None:
    with (
        backpath("serve", "--workers", "1") as (_, base),
        socket.create_connection(("127.0.0.1", int(base.rpartition(":")[2]))) as connection,
    ):
        connection.sendall(f"POST {URL} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{{".encode())
        connection.settimeout(30)

        assert connection.recv(65536).startswith(b"HTTP/1.1 400")
