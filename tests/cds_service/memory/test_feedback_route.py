"""POST /cds-services/{id}/feedback: who may report, what is answered, and what is kept by then."""

import gzip
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cds_service import cors, error_handlers
from cds_service.decision import Decider
from cds_service.feedback_route import FORWARD_S, Keeping, blueprint
from cds_service.gate import Gate
from cds_service.hooks import ORDER_SIGN, PATIENT_VIEW
from cds_service.limiting import Limiter
from cds_service.logs import log_to
from cds_service.memory.comments import opened
from cds_service.memory.identities import Identities
from cds_service.memory.outbox import Outbox, OutboxError
from cds_service.memory.parcels import unpacked
from cds_service.memory.records import FeedbackRecord
from cds_service.settings import Settings
from cds_service.sites import Site, SiteMaker
from cds_service.store.opening import open_store
from cds_service.tenants.registry import Registry
from cds_service.trust.keys import Keys
from cds_service.trust.verifying import Verifier
from cds_service.watching.counting import Counts
from cds_service.watching.watch import Watch
from cds_service.watching.words import Words
from tests.cds_service.answer_schemas import check_outcome
from tests.cds_service.memory.reporting import (
    AT_MS,
    CARD,
    SYSTEM,
    a_reason,
    accepted,
    an_item,
    body_of,
    epic_body,
)
from tests.cds_service.signing import PUBLIC_URL, signed, tenants_file

VIEW = f"/cds-services/{PATIENT_VIEW}/feedback"
SIGN = f"/cds-services/{ORDER_SIGN}/feedback"
NOW = datetime.combine(date(2026, 11, 22), time(20), UTC)
SITES = {
    "north": "",
    "south": "",
    "viewonly": f'services = ["{PATIENT_VIEW}"]\n',
    "slow": "requests_per_minute = 2\n",
}
TELLING = "north"  # the one tenant whose comments are kept


class Forwarded:
    """In place of the forwarder: what is kept stays where it is, for the tests to look at."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    def flush(self, within_s: float) -> bool:
        self.asked.append(within_s)
        return False


class FullDisk:
    """An outbox that takes nothing."""

    def append_safely(self, records: Sequence[FeedbackRecord]) -> None:
        assert records
        raise OutboxError("SQLITE_FULL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The route, with what stands behind it."""

    app: Flask
    outbox: Outbox
    identities: Identities
    forwarded: Forwarded
    stream: io.StringIO

    @property
    def client(self) -> FlaskClient:
        return self.app.test_client()

    def kept(self) -> list[FeedbackRecord]:
        records = [unpacked(waiting.parcel) for waiting in self.outbox.oldest(10_000)]
        return [record for record in records if isinstance(record, FeedbackRecord)]

    def logged(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


def a_service(
    folder: Path, decider: Decider, *, tenants: bool = False, full: bool = False, limit_mb: int = 16
) -> Service:
    """The feedback route in an app of its own."""
    place = tenants_file(folder, SITES) if tenants else None
    settings = Settings(
        tenants=place, public_url=PUBLIC_URL, max_body_mb=limit_mb, store=f"sqlite:///{folder}/store.sqlite3"
    )
    stream = io.StringIO()
    log = log_to(stream)
    sites: Registry[Site] = Registry(SiteMaker(settings=settings, packaged=decider, clock=lambda: NOW).sites)
    identities = Identities(folder / "keys", log)
    identities.prepare({site.tenant.id: None for site in sites.current})
    keys = Keys(lambda _: None, told=lambda *_: None)  # type: ignore[arg-type, return-value]
    nonces = open_store(settings.store, log=log).nonces
    gate = Gate(sites=sites, verifier=Verifier(keys, nonces, public_url=PUBLIC_URL), limiter=Limiter())
    outbox, forwarded = Outbox(folder / "outbox.sqlite3", log=log), Forwarded()
    keeping = Keeping(
        outbox=FullDisk() if full else outbox,
        forwarder=forwarded,
        identities=identities,
        comments_wanted=lambda tenant: tenant.id == TELLING,
        clock=lambda: NOW,
    )
    app = Flask(__name__)
    watch = Watch(Counts(Words(decider.knowledge, tenants=lambda: {s.tenant.id for s in sites.current})))
    error_handlers.init_app(app, log, watch)
    cors.init_app(app)
    app.register_blueprint(blueprint(gate, keeping, settings, log, watch), url_prefix=cors.PATH)
    stream.truncate(0)
    stream.seek(0)
    return Service(app=app, outbox=outbox, identities=identities, forwarded=forwarded, stream=stream)


@pytest.fixture(scope="module")
def decider() -> Decider:
    return Decider.load(ZoneInfo("UTC"))


@pytest.fixture
def service(tmp_path: Path, decider: Decider) -> Service:
    """In development mode."""
    return a_service(tmp_path, decider)


@pytest.fixture
def trusting(tmp_path: Path, decider: Decider) -> Service:
    """With tenants."""
    return a_service(tmp_path, decider, tenants=True)


def post(service: Service, body: bytes, path: str = VIEW, **how: Any) -> Any:
    return service.client.post(path, data=body, **({"content_type": "application/json"} | how))


def test_feedback_is_answered_with_200_and_no_body(service: Service) -> None:
    response = post(service, body_of(accepted()))

    assert (response.status_code, response.data) == (200, b"")
    assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_by_then_it_is_kept_and_the_store_is_asked_to_take_it(service: Service) -> None:
    post(service, body_of(accepted(), an_item(overrideReason=a_reason())), SIGN)

    (first, second) = service.kept()
    assert (first.outcome, first.card, first.service) == ("accepted", CARD, ORDER_SIGN)
    assert (second.outcome, second.reason_system, second.reason_code) == (
        "overridden",
        SYSTEM,
        "patient-preference",
    )
    assert (first.outcome_at, first.received_at) == (AT_MS, int(NOW.timestamp() * 1000))
    assert service.forwarded.asked == [FORWARD_S]


@pytest.mark.parametrize("name", ["accepted", "reason", "site_reason"])
def test_epics_bodies_are_kept(service: Service, name: str) -> None:
    assert post(service, epic_body(name)).status_code == 200
    assert len(service.kept()) == 1


def test_the_same_report_again_is_the_same_row(service: Service) -> None:
    for body in (body_of(an_item(), an_item()), body_of(an_item())):
        assert post(service, body).status_code == 200

    assert len({record.key for record in service.kept()}) == 1


def test_nothing_to_report_is_fine(service: Service) -> None:
    assert post(service, body_of()).status_code == 200
    assert (service.kept(), service.forwarded.asked) == ([], [])


def test_good_items_are_kept_and_bad_ones_named(service: Service) -> None:
    bad = an_item(outcome="ignored")

    response = post(service, body_of(an_item(), bad, accepted(), 7))

    assert response.status_code == 400
    check_outcome(response.json)
    issues = response.json["issue"]
    assert [issue["expression"] for issue in issues] == [["feedback[1].outcome"], ["feedback[3]"]]
    assert [record.outcome for record in service.kept()] == ["overridden", "accepted"]


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"feedback": {}}', b"\xff"])
def test_what_is_no_feedback_is_400(service: Service, body: bytes) -> None:
    response = post(service, body)

    assert response.status_code == 400
    check_outcome(response.json)


def test_too_many_items_are_413_and_none_is_kept(service: Service) -> None:
    response = post(service, body_of(*[an_item()] * 1001))

    assert response.status_code == 413
    check_outcome(response.json)
    assert service.kept() == []


def test_bodies_have_the_limit_of_hook_calls(tmp_path: Path, decider: Decider) -> None:
    service = a_service(tmp_path, decider, limit_mb=1)
    large = body_of(an_item(extension={"x": "y" * 1024 * 1024}))

    plain = post(service, large)
    packed = post(service, gzip.compress(large), headers={"Content-Encoding": "gzip"})

    assert (plain.status_code, packed.status_code) == (413, 413)


def test_bodies_may_be_packed(service: Service) -> None:
    packed = gzip.compress(body_of(an_item()))

    assert post(service, packed, headers={"Content-Encoding": "gzip"}).status_code == 200
    assert len(service.kept()) == 1


@pytest.mark.parametrize(
    ("kind", "status"), [(None, 200), ("application/fhir+json", 200), ("text/plain", 415)]
)
def test_media_types_are_those_of_hook_calls(service: Service, kind: str | None, status: int) -> None:
    assert post(service, body_of(an_item()), content_type=kind).status_code == status


def test_other_methods_and_services_are_refused_and_a_preflight_is_not(service: Service) -> None:
    assert service.client.get(VIEW).status_code == 405
    assert service.client.options(VIEW).status_code == 200
    unknown = post(service, body_of(an_item()), "/cds-services/unknown/feedback")
    assert unknown.status_code == 404
    check_outcome(unknown.json)


def test_what_cannot_be_kept_is_503_and_to_be_sent_again(tmp_path: Path, decider: Decider) -> None:
    service = a_service(tmp_path, decider, full=True)

    response = post(service, body_of(an_item(), an_item(outcome="ignored")))

    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    check_outcome(response.json)
    (line,) = service.logged()
    assert (line["event"], line["level"], line["reason"]) == ("feedback.not_kept", "error", "SQLITE_FULL")


def test_nothing_to_report_is_fine_on_a_full_disk_too(tmp_path: Path, decider: Decider) -> None:
    assert post(a_service(tmp_path, decider, full=True), body_of()).status_code == 200


def test_without_a_token_nothing_is_kept(trusting: Service) -> None:
    response = post(trusting, body_of(an_item()))

    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert trusting.kept() == []


def test_a_token_is_for_the_url_of_the_feedback_itself(trusting: Service) -> None:
    call = VIEW.removesuffix("/feedback")

    answers = [
        signed(trusting.client, "north", "POST", VIEW, json={"feedback": [an_item()]}, claims=claims)
        for claims in ({"aud": PUBLIC_URL + call}, {"aud": PUBLIC_URL + SIGN}, {})
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 200]


def test_feedback_is_the_tenants_whose_client_sent_it(trusting: Service) -> None:
    for site in ("north", "south"):
        assert signed(trusting.client, site, "POST", VIEW, json={"feedback": [an_item()]}).status_code == 200

    kept = trusting.kept()
    assert [record.tenant for record in kept] == ["north", "south"]
    assert kept[0].key != kept[1].key


def test_a_service_that_is_not_offered_takes_no_feedback(trusting: Service) -> None:
    assert signed(trusting.client, "viewonly", "POST", SIGN, json={"feedback": []}).status_code == 404
    assert signed(trusting.client, "viewonly", "POST", VIEW, json={"feedback": []}).status_code == 200


def test_reports_count_against_the_sites_limit(trusting: Service) -> None:
    answers = [signed(trusting.client, "slow", "POST", VIEW, json={"feedback": []}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]


def test_a_comment_is_kept_only_where_the_site_wants_it_and_encrypted(trusting: Service) -> None:
    item = an_item(overrideReason={"userComment": "Frau Müller wartet"})
    for site in ("north", "south"):
        signed(trusting.client, site, "POST", VIEW, json={"feedback": [item]})

    north, south = trusting.kept()
    assert south.comment is None
    assert north.comment is not None
    assert opened(trusting.identities.of("north"), north.comment) == "Frau Müller wartet"
    files = b"".join(path.read_bytes() for path in trusting.outbox.file.parent.glob("outbox*"))
    assert "Müller".encode() not in files


def test_the_log_tells_how_many_and_nothing_of_what(service: Service) -> None:
    reason = a_reason("Ada-Lovelace") | {"userComment": "Ada Lovelace"}
    post(service, body_of(an_item(overrideReason=reason), an_item(outcome="Ada Lovelace")))

    kept, refused = service.logged()
    assert (kept["event"], kept["tenant"], kept["service_id"]) == (
        "feedback.kept",
        "development",
        PATIENT_VIEW,
    )
    assert refused["event"] == "request.refused"
    assert "Ada" not in service.stream.getvalue()
