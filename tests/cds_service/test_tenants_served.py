"""A service with tenants: whom it answers, as whom, and with what differs between sites."""

import base64
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cds_service.app import EXTENSION
from cds_service.errors import SettingsError
from cds_service.hooks import ORDER_SIGN, PATIENT_VIEW
from cds_service.samples import Samples
from cds_service.settings import Settings
from pathway.loading import load_code_rows
from tests.cds_service.answer_schemas import check_answer, check_outcome
from tests.cds_service.making import TODAY, URL, a_request, an_app
from tests.cds_service.signing import PUBLIC_URL, signed, tenants_file, token

SIGN = f"/cds-services/{ORDER_SIGN}"
SITES = {
    "plain": "",
    "epic": 'dialect = "epic"\ntrigger_actions = ["23"]\n',
    "viewonly": f'services = ["{PATIENT_VIEW}"]\ntime_zone = "Pacific/Kiritimati"\n',
    "slow": "requests_per_minute = 2\n",
    "local": (
        '[[tenants.local.overrides]]\nby = "Spine board"\non = 2026-11-02\nwhy = "Local agreement."\n'
        'threshold = "esi-rolling-cap"\nvalue = 3\n'
    ),
}


@pytest.fixture(scope="module")
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tenants_file(tmp_path_factory.mktemp("tenants"), SITES)


@pytest.fixture(scope="module")
def app(place: Path, stream: io.StringIO) -> Flask:
    return an_app(settings=Settings(tenants=place, public_url=PUBLIC_URL), stream=stream)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="module")
def sample() -> Any:
    samples = Samples.load(load_code_rows())
    return json.loads(samples.request("esi-repeat-window", TODAY))


def test_without_a_token_nobody_is_told_anything(client: FlaskClient) -> None:
    answers = [
        client.get("/cds-services"),
        client.post(URL, json=a_request()),
        client.post("/cds-services/x"),
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 401]
    for answer in answers:
        check_outcome(answer.json)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.json["issue"][0]["details"]["text"] == "Authentication is required."
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_the_operator_is_told_why_a_client_was_refused(client: FlaskClient, stream: io.StringIO) -> None:
    stream.truncate(0)

    signed(client, "plain", "POST", URL, json=a_request(), claims={"aud": "https://elsewhere.example.org"})

    line = next(line for line in stream.getvalue().splitlines() if "unauthenticated" in line)
    logged = json.loads(line.lstrip("\0"))
    assert (logged["reason"], logged["iss"]) == ("wrong-audience", "https://plain.example.org")
    assert "dropped" not in logged


def test_a_preflight_needs_no_token(client: FlaskClient) -> None:
    assert client.options(URL, headers={"Origin": "https://ehr.example.org"}).status_code == 200


def test_a_signed_call_gets_cards(client: FlaskClient, sample: Any) -> None:
    response = signed(client, "plain", "POST", URL, json=sample)

    assert response.status_code == 200
    check_answer(response.json)
    assert response.json["cards"]


def test_a_token_is_good_for_one_call(client: FlaskClient) -> None:
    headers = {"Authorization": f"Bearer {token('plain', '/cds-services')}"}

    first, second = (client.get("/cds-services", headers=headers) for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 401)


def test_discovery_lists_what_the_site_is_offered(client: FlaskClient) -> None:
    listed = {
        site: [service["id"] for service in signed(client, site, "GET", "/cds-services").json["services"]]
        for site in ("plain", "viewonly")
    }

    assert len(listed["plain"]) == 3
    assert listed["viewonly"] == [PATIENT_VIEW]


def test_a_service_that_is_not_offered_is_not_there(client: FlaskClient) -> None:
    response = signed(client, "viewonly", "POST", SIGN, json=a_request(hook="order-sign"))

    assert response.status_code == 404


def test_the_day_is_that_of_the_site(client: FlaskClient) -> None:
    days = {
        site: signed(client, site, "POST", URL, json=a_request()).json["extension"]["org.backpath"]["asOf"]
        for site in ("plain", "viewonly")
    }

    assert days["plain"] == TODAY.isoformat()
    assert days["viewonly"] == date(2026, 11, 23).isoformat()  # noon UTC is 2 in the night there


def test_a_request_cannot_name_the_day(client: FlaskClient) -> None:
    asking = a_request() | {"extension": {"org.backpath": {"asOf": "2026-01-01"}}}

    answer = signed(client, "plain", "POST", URL, json=asking).json

    assert answer["extension"]["org.backpath"]["asOf"] == TODAY.isoformat()


def test_epic_is_answered_in_its_dialect(client: FlaskClient, sample: Any) -> None:
    cards = signed(client, "epic", "POST", URL, json=sample).json["cards"]

    assert cards[0]["source"]["topic"]["code"] == "lbpNextStep"
    assert {card.get("selectionBehavior", "any") for card in cards} == {"any"}


def test_a_trigger_that_the_site_does_not_want_gets_no_cards(client: FlaskClient, sample: Any) -> None:
    counts = [
        len(
            signed(
                client,
                "epic",
                "POST",
                URL,
                json=sample | {"extension": {"com.epic.cdshooks.request.bpa-trigger-action": action}},
            ).json["cards"]
        )
        for action in ("23", "5")
    ]

    assert counts[0] > 0
    assert counts[1] == 0


def test_nothing_is_missed_for_a_trigger_that_the_site_does_not_want(client: FlaskClient) -> None:
    asking = a_request(prefetch={}) | {"extension": {"com.epic.cdshooks.request.bpa-trigger-action": "5"}}

    response = signed(client, "epic", "POST", URL, json=asking)

    assert response.status_code == 200
    check_answer(response.json)
    assert response.json["extension"]["org.backpath"]["state"] == "not-applicable"


def test_a_change_of_the_knowledge_shows_in_its_version(client: FlaskClient, sample: Any) -> None:
    versions = {
        site: signed(client, site, "POST", URL, json=sample).json["extension"]["org.backpath"][
            "knowledgeVersion"
        ]
        for site in ("plain", "local")
    }

    assert versions["local"].startswith(versions["plain"])
    assert versions["local"] != versions["plain"]


def test_more_requests_than_the_site_may_make_are_told_to_wait(client: FlaskClient) -> None:
    answers = [signed(client, "slow", "GET", "/cds-services") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60
    check_outcome(answers[2].json)


def test_other_sites_do_not_wait_for_one(client: FlaskClient) -> None:
    for _ in range(3):
        signed(client, "slow", "GET", "/cds-services")

    assert signed(client, "plain", "GET", "/cds-services").status_code == 200


def test_health_tells_that_clients_are_authenticated(client: FlaskClient) -> None:
    health = client.get("/healthz").json

    assert (health["mode"], health["open"]) == ("tenants", False)


def test_the_start_page_is_not_there_without_an_operator_token(client: FlaskClient) -> None:
    assert client.get("/").status_code == 404


def test_the_start_page_asks_for_the_operator_token(place: Path) -> None:
    settings = Settings(tenants=place, public_url=PUBLIC_URL, operator_token="long enough")  # noqa: S106
    client = an_app(settings=settings).test_client()

    def status(user: str, password: str) -> int:
        basic = base64.b64encode(f"{user}:{password}".encode()).decode()
        return int(client.get("/", headers={"Authorization": f"Basic {basic}"}).status_code)

    assert client.get("/").status_code == 401
    assert client.get("/").headers["WWW-Authenticate"].startswith("Basic")
    assert status("operator", "wrong") == 401
    assert status("someone", "long enough") == 401
    assert status("operator", "long enough") == 200


def test_a_reload_takes_what_is_new_and_refuses_what_is_faulty(tmp_path: Path) -> None:
    place = tenants_file(tmp_path, {"plain": ""})
    app = an_app(settings=Settings(tenants=place, public_url=PUBLIC_URL))
    client, running = app.test_client(), app.extensions[EXTENSION]
    assert signed(client, "later", "GET", "/cds-services").status_code == 401

    tenants_file(tmp_path, {"plain": "", "later": ""})
    running.reload()
    assert signed(client, "later", "GET", "/cds-services").status_code == 200

    place.write_text("[tenants.plain", encoding="utf-8")
    with pytest.raises(SettingsError):
        running.reload()
    assert signed(client, "later", "GET", "/cds-services").status_code == 200


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ('[[tenants.plain.order_codes]]\nproposal = "no/such"\nsystem = "urn:x"\ncode = "1"\n', "no/such"),
        (
            '[[tenants.plain.overrides]]\nby = "A"\non = 2999-01-01\nwhy = "b"\noff = "massage"\n',
            "2999-01-01",
        ),
        ('[[tenants.plain.overrides]]\nby = "A"\non = 2026-01-01\nwhy = "b"\noff = "masage"\n', "massage"),
    ],
)
def test_what_only_the_knowledge_can_tell_stops_the_start_too(tmp_path: Path, more: str, named: str) -> None:
    place = tenants_file(tmp_path, {"plain": more})

    with pytest.raises(SettingsError, match=r"tenants\.plain") as refused:
        an_app(settings=Settings(tenants=place, public_url=PUBLIC_URL))

    assert named in str(refused.value)
