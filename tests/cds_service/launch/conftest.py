"""One FHIR server with the sample patients for all tests, and one EHR before it for each."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cds_service.app import EXTENSION
from cds_service.samples import Samples
from cds_service.settings import Settings
from pathway.loading import load_code_rows
from tests.cds_service.fetching.fhir_servers import Sekmet, sekmet
from tests.cds_service.launch.ehr import Ehr, an_ehr
from tests.cds_service.launch.launching import CALLBACK, PUBLIC, Browser, Service, a_service, tenants_file
from tests.cds_service.making import TODAY

LOADED = ("esi-repeat-window", "initial-conservative", "red-flag-emergency")


@pytest.fixture(scope="session")
def fhir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sekmet]:
    samples = Samples.load(load_code_rows())
    with sekmet(tmp_path_factory.mktemp("sekmet"), tokens=False) as running:
        for sample in LOADED:
            prefetch = json.loads(samples.request(sample, TODAY))["prefetch"]
            bundled = [entry["resource"] for value in prefetch.values() for entry in value.get("entry", ())]
            running.load([prefetch["patient"], *bundled])
        yield running


@pytest.fixture
def ehr(fhir: Sekmet) -> Iterator[Ehr]:
    with an_ehr(f"{fhir.origin}/fhir", fhir.base) as running:
        running.register(CALLBACK)
        yield running


@pytest.fixture
def settings(tmp_path: Path, ehr: Ehr) -> Settings:
    return Settings(
        public_url=PUBLIC,
        tenants=tenants_file(tmp_path, ehr),
        store=f"sqlite:///{tmp_path}/store.sqlite3",
    )


@pytest.fixture(scope="session")
def worker(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Service]:
    """The folder of a tenants file, and a service that reads it again for each test."""
    folder = tmp_path_factory.mktemp("worker")
    settings = Settings(
        public_url=PUBLIC,
        tenants=tenants_file(folder, Ehr(origin="http://127.0.0.1:9")),
        store=f"sqlite:///{folder}/store.sqlite3",
    )
    return folder, a_service(settings)


@pytest.fixture
def service(worker: tuple[Path, Service], ehr: Ehr) -> Service:
    folder, service = worker
    tenants_file(folder, ehr)
    service.app.extensions[EXTENSION].reload()
    service.log.seek(0)
    service.log.truncate()
    return service


@pytest.fixture
def browser(service: Service) -> Browser:
    return Browser(service)
