"""Dockerfile and docker-compose.yml say what matters, and their parts run together natively."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import psycopg
import pytest
import requests
from dockerfile_parse import DockerfileParser
from ruamel.yaml import YAML

from cds_service.decision import Decider
from cds_service.samples import Samples
from cds_service.settings import READERS, checked, settings_from
from cds_service.store.location import location_of
from cds_service.try_out import record_of
from tests.cds_service.processes import free_port, plain_environment
from tests.cds_service.store.postgres_server import PASSWORD, USER, PostgresServer

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
LOOPBACK = "127.0.0.1"
START_TIMEOUT_S = 60.0


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document: dict[str, Any] = YAML(typ="safe", pure=True).load(ROOT / "docker-compose.yml")
    return document


@pytest.fixture(scope="module")
def dockerfile() -> DockerfileParser:
    return DockerfileParser(path=str(ROOT))


def ours_of(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith("BACKPATH_")}


def instructions(dockerfile: DockerfileParser, name: str) -> list[str]:
    return [step["value"] for step in dockerfile.structure if step["instruction"] == name]


def last_stage(dockerfile: DockerfileParser) -> list[tuple[str, str]]:
    steps = [(step["instruction"], step["value"]) for step in dockerfile.structure]
    begins = max(number for number, (name, _) in enumerate(steps) if name == "FROM")
    return steps[begins:]


def test_compose_has_the_service_its_store_a_fhir_server_and_the_loader(compose: dict[str, Any]) -> None:
    images = {name: service["image"] for name, service in compose["services"].items()}

    assert set(images) == {"backpath", "fhir", "samples", "store"}
    assert images["store"].startswith("postgres:")
    assert images["fhir"].startswith("hapiproject/hapi:")
    assert images["samples"] == images["backpath"]


def test_every_port_is_published_on_loopback_alone(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]

    assert ports
    assert [port for port in ports if not port.startswith(f"{LOOPBACK}:")] == []


def test_the_store_is_reachable_from_the_service_alone(compose: dict[str, Any]) -> None:
    reaching = {name for name, service in compose["services"].items() if "store" in service["networks"]}

    assert reaching == {"backpath", "store"}
    assert compose["networks"]["store"]["internal"] is True
    assert "ports" not in compose["services"]["store"]


def test_the_settings_of_compose_and_image_are_known_and_let_the_service_start(
    compose: dict[str, Any], dockerfile: DockerfileParser
) -> None:
    ours = ours_of({**dockerfile.envs, **compose["services"]["backpath"]["environment"]})

    settings = checked(settings_from(ours))

    assert ours.keys() <= READERS.keys()
    assert settings.bind.port == 5000


def test_the_image_alone_does_not_open_the_service(dockerfile: DockerfileParser) -> None:
    assert "BACKPATH_ALLOW_OPEN" not in dockerfile.envs


def test_no_password_stands_in_the_files(compose: dict[str, Any], dockerfile: DockerfileParser) -> None:
    environments = [service.get("environment", {}) for service in compose["services"].values()]
    names = {name for environment in [*environments, dockerfile.envs] for name in environment}

    assert [name for name in names if re.search("PASSWORD|SECRET|TOKEN|KEY", name)] == []


def test_every_image_has_a_version_for_tag(compose: dict[str, Any], dockerfile: DockerfileParser) -> None:
    built = compose["services"]["backpath"]["image"]
    used = {service["image"] for service in compose["services"].values()} - {built}
    bases = {image for image in dockerfile.parent_images if "/" not in image}

    untagged = [image for image in used | bases if not re.search(r":[\w.-]*\d[\w.-]*$", image)]

    assert untagged == []


def test_the_service_begins_after_its_store(compose: dict[str, Any]) -> None:
    store = compose["services"]["store"]

    assert compose["services"]["backpath"]["depends_on"] == {"store": {"condition": "service_healthy"}}
    assert store["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]


def test_the_settings_name_the_services_beside_it(compose: dict[str, Any]) -> None:
    services = compose["services"]
    settings = settings_from(ours_of(services["backpath"]["environment"]))
    store = location_of(settings.store).url
    account = services["store"]["environment"]

    assert store.host == "store"
    assert (store.username, store.database) == (account["POSTGRES_USER"], account["POSTGRES_DB"])
    assert settings.fhir_servers == (services["samples"]["command"][-1],)
    assert urlsplit(settings.fhir_servers[0]).hostname == "fhir"
    assert set(services["fhir"]["networks"]) & set(services["backpath"]["networks"])


def test_a_read_only_service_may_write_where_it_is_started(
    compose: dict[str, Any], dockerfile: DockerfileParser
) -> None:
    stage = last_stage(dockerfile)
    folder = next(value for name, value in stage if name == "WORKDIR")
    user = next(value for name, value in stage if name == "USER")
    service = compose["services"]["backpath"]

    assert service["read_only"] is True
    assert f"{folder}:uid={user},mode=0700" in service["tmpfs"]
    assert any(
        f"--home-dir {folder}" in value and f"--uid {user}" in value for name, value in stage if name == "RUN"
    )


def test_the_loader_waits_for_the_service_image_and_the_server(compose: dict[str, Any]) -> None:
    loader = compose["services"]["samples"]

    assert set(loader["depends_on"]) == {"backpath", "fhir"}
    assert loader["command"][:3] == ["python", "-m", "cds_service.load_samples"]


def test_the_image_runs_as_an_ordinary_user_and_tells_its_health(dockerfile: DockerfileParser) -> None:
    stage = last_stage(dockerfile)
    users = [value for name, value in stage if name == "USER"]

    assert users
    assert int(users[-1]) > 0
    assert [value for name, value in stage if name == "HEALTHCHECK" and "/readyz" in value]
    assert [value for name, value in stage if name == "EXPOSE"] == ["5000"]


def test_the_image_has_a_stage_to_build_in_and_carries_only_its_result(dockerfile: DockerfileParser) -> None:
    copied = [value for name, value in last_stage(dockerfile) if name == "COPY"]

    assert len(instructions(dockerfile, "FROM")) == 2
    assert copied == ["--from=build /opt/backpath /opt/backpath"]


def test_every_package_of_the_image_is_checked_against_its_hash(dockerfile: DockerfileParser) -> None:
    steps = [step for run in instructions(dockerfile, "RUN") for step in run.split("&&")]
    installs = [step for step in steps if re.search(r"pip\b.* install\b", step)]

    unchecked = [step for step in installs if "--require-hashes" not in step and "--no-deps" not in step]

    assert installs
    assert unchecked == []


def test_what_the_image_copies_is_there_and_sent_to_the_builder(dockerfile: DockerfileParser) -> None:
    sent = {
        line.removeprefix("!").rstrip("/")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = {
        source.rstrip("/")
        for value in instructions(dockerfile, "COPY")
        if not value.startswith("--from")
        for source in value.split()[:-1]
    }

    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert copied <= sent


@contextmanager
def running(
    command: Sequence[str | Path], environment: Mapping[str, str], probe: str, folder: Path
) -> Iterator[None]:
    """A server in `folder`, from its first answer at `probe` to the end of the block."""
    log = folder / "output.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command], cwd=folder, env=environment, stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not answers(probe):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


def environment_of(service: Mapping[str, Any]) -> dict[str, str]:
    return plain_environment(**service.get("environment", {}))


def natively(environment: Mapping[str, str], places: Mapping[str, str]) -> dict[str, str]:
    """The environment of a service with the hosts of compose's networks in their native places."""
    changed = dict(environment)
    for host, place in places.items():
        changed = {name: re.sub(rf"(?<=[/@]){host}\b", place, value) for name, value in changed.items()}
    return changed


@pytest.fixture(scope="module")
def store(compose: dict[str, Any]) -> Iterator[PostgresServer]:
    """A PostgreSQL in the place of compose's, with the account and the database that it makes at first."""
    account = compose["services"]["store"]["environment"]
    assert account["POSTGRES_USER"] == USER
    server = PostgresServer()
    try:
        server.start()
        with psycopg.connect(server.new_database(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {account['POSTGRES_DB']}".encode())
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="module")
def service_url(
    compose: dict[str, Any],
    store: PostgresServer,
    fhir_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    port = free_port()
    url = f"http://{LOOPBACK}:{port}"
    command = [BIN / "backpath", "serve", "--host", LOOPBACK, "--port", str(port), "--workers", "1"]
    places = {"store": f"{LOOPBACK}:{store.port}", "fhir:8080": urlsplit(fhir_url).netloc}
    environment = natively(compose["services"]["backpath"]["environment"], places) | {
        "PGPASSWORD": PASSWORD,  # compose's server trusts its network; ours asks, as any on a shared machine
        "BACKPATH_BUDGET_MS": "20000",  # the tests' FHIR server shares two cores with everything else
    }
    with running(
        command, plain_environment(**environment), f"{url}/readyz", tmp_path_factory.mktemp("service")
    ):
        yield url


@pytest.fixture(scope="module")
def fhir_url(compose: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A FHIR server in the place of compose's, loaded by compose's loader."""
    folder = tmp_path_factory.mktemp("fhir")
    port = free_port()
    url = f"http://{LOOPBACK}:{port}/fhir"
    settings = {"base_url": url, "host": LOOPBACK, "port": port, "simulator": {"enabled": False}}
    (folder / "settings.yaml").write_text(json.dumps(settings))  # JSON is YAML
    said = compose["services"]["samples"]["command"]
    command = [url if part.startswith("http") else part for part in said]
    with running([BIN / "sekmet", "serve"], dict(os.environ), f"{url}/metadata", folder):
        loaded = subprocess.run(
            [BIN / command[0], *command[1:]],
            env=environment_of(compose["services"]["samples"]),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert loaded.returncode == 0, loaded.stderr
        yield url


@pytest.mark.integration
def test_the_service_answers_with_the_environment_of_compose(service_url: str) -> None:
    response = requests.get(f"{service_url}/cds-services", timeout=10)

    assert response.json()["services"]


@pytest.mark.integration
def test_the_service_has_its_tables_in_the_store_of_compose(service_url: str, store: PostgresServer) -> None:
    address = f"postgresql://{USER}:{PASSWORD}@{LOOPBACK}:{store.port}/backpath"

    ready = requests.get(f"{service_url}/readyz", timeout=10).json()
    with psycopg.connect(address) as connection:
        found = connection.execute("SELECT to_regclass('nonces') IS NOT NULL").fetchone()

    assert ready["store"] == "ok"
    assert found == (True,)


@pytest.mark.integration
def test_a_call_that_names_the_fhir_server_of_compose_is_completed_from_it(
    service_url: str, fhir_url: str
) -> None:
    call = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "fhirServer": fhir_url,
        "context": {"userId": "Practitioner/example", "patientId": "sample-esi-repeat-window"},
    }

    response = requests.post(f"{service_url}/cds-services/low-back-pain-patient-view", json=call, timeout=60)

    assert response.status_code == 200, response.text
    assert response.json()["extension"]["org.backpath"]["state"] == "esi-repeat-window"


@pytest.mark.integration
def test_each_sample_on_the_fhir_server_leads_to_its_state(fhir_url: str) -> None:
    decider = Decider.load(ZoneInfo("UTC"))
    samples = [s for s in Samples.load(decider.rows).by_id.values() if not s.given.not_provided]
    today = datetime.now(UTC).date()

    states = {}
    for sample in samples:
        patient_id = f"sample-{sample.id}"
        record = record_of(fhir_url, patient_id, decider.rows).gathered
        decision = decider.decide(record, patient_id=patient_id, as_of=today)
        states[sample.id] = decision.advice.situation.state.value

    assert states == {sample.id: sample.state for sample in samples}
