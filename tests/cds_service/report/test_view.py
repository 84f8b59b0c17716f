"""The page at /report: made in a process of its own, one at a time, for the days and the site asked for."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from zoneinfo import ZoneInfo

import msgspec
import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from cds_service.errors import InvalidRequestError, outcome_of
from cds_service.report.view import blueprint
from cds_service.settings import Settings
from tests.cds_service.report.conftest import fill
from tests.cds_service.report.making import a_busy_quarter
from tests.cds_service.report.pages import Parsed

UTC_ZONE = ZoneInfo("UTC")
TITLES = {"esi-repeat": "Repeat injection"}
MakeClient = Callable[..., FlaskClient]


@pytest.fixture(scope="module")
def some_store(tmp_path_factory: pytest.TempPathFactory) -> str:
    return fill(f"sqlite:///{tmp_path_factory.mktemp('some')}/store.sqlite3", a_busy_quarter(300))


@pytest.fixture
def client_of() -> MakeClient:
    def make(store: str, *, limit_s: float = 60.0) -> FlaskClient:
        app = Flask("cds_service")
        app.register_error_handler(InvalidRequestError, _refused)
        app.register_blueprint(
            blueprint(
                Settings(store=store),
                lambda: {"north": UTC_ZONE, "south": UTC_ZONE},
                TITLES,
                lambda: datetime(2026, 10, 15, tzinfo=UTC),
                limit_s=limit_s,
            )
        )
        return app.test_client()

    return make


def _refused(error: InvalidRequestError) -> Response:
    return Response(msgspec.json.encode(outcome_of(error)), 400, content_type="application/json")


def test_the_page_tells_of_thirteen_weeks(some_store: str, client_of: MakeClient) -> None:
    answer = client_of(some_store).get("/report")

    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"
    parsed = Parsed(answer.text)
    assert "300" in parsed.text
    assert "Repeat injection" in parsed.text
    values = {field["name"]: field.get("value") for field in parsed.named("input")}
    assert values == {"since": "2026-07-16", "until": ""}


def test_it_runs_no_script_and_no_inline_style(some_store: str, client_of: MakeClient) -> None:
    answer = client_of(some_store).get("/report")
    parsed = Parsed(answer.text)

    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; ")
    assert "unsafe" not in policy
    assert not {"script", "style"} & {tag for tag, _ in parsed.elements}
    assert not [
        a for _, attributes in parsed.elements for a in attributes if a == "style" or a.startswith("on")
    ]
    assert [link["href"] for link in parsed.named("link")] == ["/static/report.css"]


def test_its_style_sheet_is_served(some_store: str, client_of: MakeClient) -> None:
    answer = client_of(some_store).get("/static/report.css")

    assert "prefers-color-scheme: dark" in answer.text
    answer.close()


def test_days_and_site_can_be_chosen(some_store: str, client_of: MakeClient) -> None:
    answer = client_of(some_store).get("/report?since=2026-08-10&until=2026-08-16&tenant=south")

    text = Parsed(answer.text).text
    assert "2026-08-10 to 2026-08-16, site south" in text


@pytest.mark.parametrize(
    ("asked", "element"),
    [
        ("since=yesterday", "since"),
        ("until=2026-13-01", "until"),
        ("since=2026-08-10&until=2026-08-09", "until"),
        ("tenant=west", "tenant"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(
    some_store: str, client_of: MakeClient, asked: str, element: str
) -> None:
    answer = client_of(some_store).get(f"/report?{asked}")

    assert answer.status_code == 400
    assert answer.get_json()["issue"][0]["expression"] == [element]


def test_a_store_that_is_away_is_told_and_may_be_back(tmp_path: Path, client_of: MakeClient) -> None:
    answer = client_of(f"sqlite:///{tmp_path}/none.sqlite3").get("/report")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert str(tmp_path) not in answer.text


def test_a_page_that_takes_too_long_is_given_up(some_store: str, client_of: MakeClient) -> None:
    answer = client_of(some_store, limit_s=0.01).get("/report")

    assert answer.status_code == 503
    assert "fewer days" in answer.text


def test_a_second_page_waits_for_nobody(some_store: str, client_of: MakeClient) -> None:
    client = client_of(some_store)
    app = client.application
    statuses: list[int] = []
    threads = [
        Thread(target=lambda: statuses.append(app.test_client().get("/report").status_code)) for _ in "12"
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [200, 503]


def test_a_worker_does_not_load_what_draws(some_store: str, client_of: MakeClient) -> None:
    before = set(sys.modules)

    client_of(some_store).get("/report")

    assert {"altair", "vl_convert"} & (set(sys.modules) - before) == set()
