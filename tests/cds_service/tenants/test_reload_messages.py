"""What one process says of a reload: the reason where it is ours, only type and place where it is not."""

import io
import json
import logging
from collections.abc import Callable

import pytest

from cds_service.gunicorn_server import EventHandler, LifecycleOnly
from cds_service.logs import log_to
from cds_service.reloading import reloaded
from cds_service.tenants.loading import TenantsError


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def server_log(stream: io.StringIO) -> logging.Logger:
    """The server's log, as the production server sets it up."""
    handler = EventHandler(log_to(stream))
    handler.addFilter(LifecycleOnly())
    log = logging.Logger("server of a test")
    log.addHandler(handler)
    return log


def raising(error: Exception) -> Callable[[], None]:
    def reload() -> None:
        raise error

    return reload


def test_a_reload_is_told(server_log: logging.Logger, stream: io.StringIO) -> None:
    done: list[str] = []

    assert reloaded(lambda: done.append("x"), server_log)

    event = json.loads(stream.getvalue())
    assert done == ["x"]
    assert event["level"] == "info"
    assert event["event"].startswith("server: Reloaded (pid: ")


def test_a_refusal_is_told_with_every_line_of_its_reason(
    server_log: logging.Logger, stream: io.StringIO
) -> None:
    assert not reloaded(raising(TenantsError("a.toml: x: wrong\na.toml: y: wrong 100%s")), server_log)

    event = json.loads(stream.getvalue())
    assert event["level"] == "error"
    assert event["event"].endswith("): a.toml: x: wrong\na.toml: y: wrong 100%s")


def test_of_a_defect_neither_the_message_is_told_nor_does_it_rise(
    server_log: logging.Logger, stream: io.StringIO
) -> None:
    assert not reloaded(raising(ValueError("SECRET")), server_log)

    event = json.loads(stream.getvalue())
    assert "ValueError at " in event["event"]
    assert "SECRET" not in stream.getvalue()


def test_without_a_reload_nothing_happens(server_log: logging.Logger, stream: io.StringIO) -> None:
    assert not reloaded(None, server_log)

    assert "Nothing to reload" in stream.getvalue()
