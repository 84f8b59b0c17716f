"""One app for all tests that do not change it."""

import io
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings

from cds_service.decision import Decider
from tests.cds_service.making import an_app

settings.register_profile("busy machine", deadline=None)
settings.load_profile("busy machine")  # slow for once is no failure


@pytest.fixture(scope="session")
def log_stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(scope="session")
def app(log_stream: io.StringIO) -> Flask:
    return an_app(demo=True, stream=log_stream)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def log(log_stream: io.StringIO) -> io.StringIO:
    """What is logged during one test."""
    log_stream.seek(0)
    log_stream.truncate()
    return log_stream


@pytest.fixture(scope="session")
def decider() -> Decider:
    return Decider.load(ZoneInfo("UTC"))
