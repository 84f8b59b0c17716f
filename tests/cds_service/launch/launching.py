"""The service and a clinician's browser, for the tests of the launch."""

import io
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from flask import Flask
from werkzeug.test import TestResponse

from cds_service.app import create_app
from cds_service.logs import log_to
from cds_service.settings import Settings
from tests.cds_service.launch.ehr import CLIENT, Ehr
from tests.cds_service.making import TODAY

PUBLIC = "https://cds.example.org"
CALLBACK = f"{PUBLIC}/launch/callback"
NOON = datetime.combine(TODAY, datetime.min.time(), UTC) + timedelta(hours=12)
NETWORK = ip_network("127.0.0.0/8")


@dataclass
class Clock:
    """The time as the service sees it."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def tenants_file(folder: Path, ehr: Ehr, *lines: str) -> Path:
    """St. Vincent, whose FHIR server is SMART-enabled."""
    path = folder / "tenants.toml"
    path.write_text(
        f"""
[tenants.st-vincent]
title = "St. Vincent"
issuer = "https://ehr.st-vincent.example"
jku = "https://ehr.st-vincent.example/jwks.json"
fhir_servers = ["{ehr.base}", "https://plain.st-vincent.example/fhir"]
fhir_networks = ["{NETWORK}"]
[tenants.st-vincent.smart]
client_id = "{CLIENT}"
fhir_servers = ["{ehr.base}"]
"""
        + "\n".join(lines),
        encoding="utf-8",
    )
    return path


@dataclass
class Service:
    """One worker."""

    app: Flask
    log: io.StringIO
    clock: Clock


def a_service(settings: Settings, clock: Clock | None = None) -> Service:
    clock, stream = clock or Clock(), io.StringIO()
    app = create_app(settings, log=log_to(stream), clock=clock)
    return Service(app, stream, clock)


@dataclass
class Browser:
    """Goes where it is sent; remembers every page and address."""

    service: Service
    base: str = PUBLIC
    pages: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = self.service.app.test_client()

    def moved_to(self, service: Service) -> None:
        """From now on another worker answers; the cookies are the browser's."""
        self.client.application = service.app

    def get(self, path: str, **query: str) -> TestResponse:
        """A page of the service, no redirect followed."""
        response = self.client.get(path, query_string=query or None, base_url=self.base)
        self.addresses += [f"{path}?{query}", response.headers.get("Location", "")]
        self.pages.append(response.get_data(as_text=True))
        return response

    def at_the_ehr(self, response: TestResponse) -> str:
        """What the EHR sends back: the address of the callback."""
        assert response.status_code == 303, response.get_data(as_text=True)
        answer = requests.get(response.headers["Location"], allow_redirects=False, timeout=30)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def back(self, callback: str, **changes: str) -> TestResponse:
        """Follow the EHR's redirect to the callback."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(callback).query).items()}
        return self.get("/launch/callback", **(query | changes))

    def launched(self, ehr: Ehr, patient: str | None, **query: str) -> TestResponse:
        """Launch from the EHR with a patient open; the answer to the callback."""
        asked = self.get("/launch", iss=ehr.base, launch=ehr.launch(patient), **query)
        return self.back(self.at_the_ehr(asked))

    def standalone(self, ehr: Ehr) -> TestResponse:
        return self.back(self.at_the_ehr(self.get("/launch", iss=ehr.base)))

    def shown(self, response: TestResponse) -> TestResponse:
        """The page that the callback leads to."""
        assert response.status_code == 303, response.get_data(as_text=True)
        return self.get(urlsplit(response.headers["Location"]).path)


def cookies_of(response: TestResponse) -> dict[str, dict[str, Any]]:
    """Name: value and flags, of every cookie that is set."""
    found = {}
    for line in response.headers.getlist("Set-Cookie"):
        pair, *flags = line.split("; ")
        name, _, value = pair.partition("=")
        told = {flag.partition("=")[0]: flag.partition("=")[2] for flag in flags}
        found[name] = {"value": value, **told}
    return found
