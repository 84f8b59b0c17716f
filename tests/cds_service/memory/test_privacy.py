"""Nothing that tells who a patient is, or what was written of one, is in what the service writes down.

Every text of every request is looked for in all files of the store, the outbox and their logs, in the log
lines and in the metrics; words of our own vocabulary may stand there.
"""

import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import create_engine, insert, select
from sqlalchemy.engine import Engine

from cds_service.hooks import ORDER_SELECT, ORDER_SIGN, PATIENT_VIEW
from cds_service.logs import log_to
from cds_service.memory.feedback import read_batch, record_of
from cds_service.memory.forwarding import Forwarder
from cds_service.memory.identities import Identities, folder_beside
from cds_service.memory.outbox import Outbox
from cds_service.memory.outbox_files import outbox_file
from cds_service.memory.recorder import Recorder
from cds_service.memory.records import CallRecord
from cds_service.sample_codes import CodeStyle
from cds_service.samples import Samples
from cds_service.settings import Settings
from cds_service.store.location import location_of
from cds_service.store.opening import open_store
from cds_service.store.tables import calls, comments, feedback
from cds_service.watching.stages import Stage
from pathway.facts import GAP_CODES
from pathway.loading import load_code_rows, load_knowledge
from pathway.state import StateId
from tests.cds_service import shared_data
from tests.cds_service.making import TODAY, a_bundle, a_condition, a_context, a_patient, a_prefetch, an_app
from tests.cds_service.making import a_request as usual_request
from tests.cds_service.memory.leaks import Needles, bytes_of, strings_of, texts_of, words_of
from tests.cds_service.memory.reporting import a_reason, body_of

TENANT = "development"
SERVICES = {"patient-view": PATIENT_VIEW, "order-select": ORDER_SELECT, "order-sign": ORDER_SIGN}
COMMENT = "Herr Löwenherz mag nicht, seine Tochter fragt am Freitag nach"
NAME = "Löwenherz"
PATIENT = "sample-esi-repeat-window"
NOW = int(time.time() * 1000)  # a purge would take what is old


def vocabulary() -> set[str]:
    """The words that are ours: some are found in any chart too, "gabapentin" say."""
    knowledge = load_knowledge()
    ids = {*knowledge.rules, *knowledge.guards, *StateId, *GAP_CODES, *knowledge.override_reasons}
    return {*ids, *SERVICES, *SERVICES.values(), *Stage, TENANT, TODAY.isoformat()}


@dataclass(kw_only=True)
class Run:
    """A service, all that was sent to it, and the places that it wrote to."""

    client: FlaskClient
    folder: Path
    stream: io.StringIO
    outbox: Outbox
    forwarder: Forwarder
    recorder: Recorder
    identities: Identities
    engine: Engine
    own: str  # words of our own vocabulary, and what an unused service has written down
    needles: Needles = field(default_factory=Needles)
    statuses: list[int] = field(default_factory=list)
    reported: int = 0

    def send(self, request: Any) -> None:
        """Post a request, and report on each card of its answer."""
        ids = {str(request["context"].get(name)) for name in ("patientId", "userId", "encounterId")}
        self.needles.take(
            {**request, "hookInstance": ""}, ids={*ids, *(id_.rpartition("/")[2] for id_ in ids)}
        )
        path = f"/cds-services/{SERVICES.get(request['hook'], PATIENT_VIEW)}"
        response = self.client.post(path, json=request)
        self.statuses.append(response.status_code)
        if response.status_code == 200:
            self._report(response.json)

    def leaks(self) -> set[str]:
        """What came in and can be read in what was written; words of our own may stand there."""
        metrics = metrics_of(self.client)
        log = self.stream.getvalue()
        written = b"\n".join((bytes_of(self.folder), log.encode(), metrics))
        lines = [json.loads(line) for line in log.splitlines()]
        found = self.needles.found_in(written, [*strings_of(lines), metrics.decode(), *texts_of(self.folder)])
        own_words = words_of(self.own)
        return {
            text
            for text in found
            if (text.lower() not in (own_words if text in self.needles.words else self.own))
        }

    def rows(self, table: Any) -> int:
        with self.engine.connect() as connection:
            return len(connection.execute(select(table)).all())

    def _report(self, answer: Any) -> None:
        """Feedback on each card, with a comment, and a report that nobody can read."""
        items: list[Any] = [
            {
                "card": card["uuid"],
                "outcome": "overridden",
                "overrideReason": a_reason() | {"userComment": COMMENT},
                "outcomeTimestamp": "2026-11-22T19:44:04Z",
            }
            for card in answer["cards"]
        ]
        self.needles.take([COMMENT, NAME * 2, NAME])
        assert not items or self._post_feedback(items) == 200
        assert self._post_feedback([{"card": NAME * 2, "outcome": NAME, "outcomeTimestamp": COMMENT}]) == 400
        self.reported += len(answer["cards"])

    def _post_feedback(self, items: list[Any]) -> int:
        path = f"/cds-services/{PATIENT_VIEW}/feedback"
        return self.client.post(path, data=body_of(*items), content_type="application/json").status_code


def metrics_of(client: FlaskClient) -> bytes:
    response = client.get("/metrics")
    assert response.status_code == 200
    return response.data


def a_run(folder: Path) -> Run:
    address = f"sqlite:///{folder}/store.sqlite3"
    stream = io.StringIO()
    log = log_to(stream)
    app = an_app(settings=Settings(store=address), demo=True, stream=stream)
    store = open_store(address, log=log)
    identities = Identities(folder_beside(location_of(address)), log)
    identities.prepare({TENANT: None})
    outbox = Outbox(outbox_file(address), log=log)
    outbox.prepare()
    client = app.test_client()
    unused = bytes_of(folder) + stream.getvalue().encode() + metrics_of(client)
    return Run(
        own=f"{unused.decode('utf-8', 'ignore')} {' '.join(vocabulary())}".lower(),
        client=client,
        folder=folder,
        stream=stream,
        outbox=outbox,
        forwarder=Forwarder(outbox, store, log=log),
        recorder=Recorder(outbox, log=log),
        identities=identities,
        engine=create_engine(address),
    )


@pytest.fixture
def fresh(tmp_path: Path) -> Run:
    return a_run(tmp_path)


def sample_requests() -> Iterator[Any]:
    """Each sample, coded in one style and the next in the other."""
    samples = Samples.load(load_code_rows())
    for name, style in zip(samples.by_id, cycle(CodeStyle), strict=False):
        request = json.loads(samples.request(name, TODAY, style))
        request["context"] |= {"encounterId": f"encounter-of-{name}", "userId": f"Practitioner/of-{name}"}
        yield request


def published_requests() -> Iterator[Any]:
    for path in shared_data.patients():
        bundle = shared_data.read(path)
        patient = shared_data.patient_id_of(bundle)
        yield usual_request(
            context=a_context(patientId=patient or "p1", encounterId=f"{patient}-visit"),
            prefetch={"record": bundle},
        )


def telling_requests() -> Iterator[Any]:
    """A name wherever a client can write something, right and wrong."""
    condition = a_condition(
        note=[{"text": f"Wife of {NAME} called"}],
        recorder={"reference": f"Practitioner/{NAME}-1", "display": f"Dr {NAME}"},
        onset=f"since {NAME} fell",
    )
    condition["code"] = {"coding": [{"system": f"urn:{NAME}", "code": NAME}], "text": f"Back of {NAME}"}
    patient = a_patient(
        name=[{"family": NAME, "given": ["Kunigunde"], "text": f"Kunigunde {NAME}"}],
        birthDate="1949-02-31",
        identifier=[{"system": "urn:ssn", "value": "987-65-4329"}],
        text={"status": "generated", "div": f"<div>{NAME}, Lindenallee 7</div>"},
        telecom=[{"system": "phone", "value": "+49 30 5550199"}],
    )
    draft = {
        "resourceType": "MedicationRequest",
        "id": f"{NAME}-draft",
        "subject": {"display": NAME},
        "medicationCodeableConcept": {"coding": [{"system": "urn:local", "code": f"Pill-of-{NAME}"}]},
        "dosageInstruction": [{"text": f"as {NAME} likes"}],
    }
    prefetch = a_prefetch(
        patient=patient, conditions=a_bundle(condition, a_condition(), {"resourceType": NAME})
    )
    drafts = a_context(draftOrders=a_bundle(draft, type="collection"))
    yield usual_request(prefetch={**prefetch, NAME: {"resourceType": NAME, "id": NAME}})
    yield usual_request(hook="order-sign", context=drafts, prefetch=prefetch)
    yield usual_request(hook="order-select", context={**drafts, "selections": [f"Pill/{NAME}"]})
    yield usual_request(context=a_context(patientId=f"not {NAME}"), prefetch=prefetch)
    yield usual_request(context=a_context(userId=NAME), prefetch=prefetch)
    yield usual_request(hook=f"{NAME}-view")
    yield usual_request(fhirServer=f"https://{NAME}.example.org/fhir", prefetch={})
    yield usual_request(extension={NAME: NAME, "org.backpath": {"asOf": NAME}})
    yield usual_request(prefetch={"patient": patient})


SOURCES: dict[str, tuple[Callable[[], Iterator[Any]], int]] = {
    "samples": (sample_requests, 20),
    "telling": (telling_requests, 2),
    "published": (published_requests, shared_data.SYNTHEA),
}


@pytest.mark.parametrize(
    "source", ["samples", "telling", pytest.param("published", marks=shared_data.needed)]
)
def test_nothing_of_what_came_in_can_be_read_anywhere(fresh: Run, source: str) -> None:
    requests, least = SOURCES[source]
    for request in requests():
        fresh.send(request)
    waiting = fresh.leaks()  # while the outbox is full
    fresh.forwarder.forward()
    arrived = fresh.leaks()

    assert (waiting, arrived) == (set(), set())
    assert fresh.statuses.count(200) == fresh.rows(calls) >= least
    assert fresh.outbox.depth() == 0


def test_what_is_remembered_can_be_found_by_the_service_again(fresh: Run) -> None:
    own = next(request for request in sample_requests() if request["context"]["patientId"] == PATIENT)
    fresh.send(own)
    fresh.send(own)
    fresh.send(next(sample_requests()))
    fresh.forwarder.forward()

    of = fresh.identities.of(TENANT)
    with fresh.engine.connect() as connection:
        found = connection.execute(select(calls.c.id).where(calls.c.patient == of.patient(PATIENT))).all()
    assert (len(found), fresh.rows(calls)) == (2, 3)
    assert fresh.rows(feedback) == fresh.reported > 0
    assert fresh.rows(comments) == 0  # thrown away where no site asked for them


def leak_into_a_column(run: Run) -> None:
    values: dict[str, Any] = dict.fromkeys((column.name for column in calls.columns), "")
    values |= {"at": NOW, "milliseconds": 0.0, "memory_asked": True, "cards": 0, "state": PATIENT.upper()}
    values |= {"patient": b"", "user": b"", "encounter": b""}
    with run.engine.begin() as connection:
        connection.execute(insert(calls).values(values))


def leak_into_a_hash(run: Run) -> None:
    leaking = CallRecord(
        id="leaking",
        at=NOW,
        tenant=TENANT,
        service=PATIENT_VIEW,
        hook="patient-view",
        instance="",
        patient=sha256(PATIENT.encode()).digest(),
        user=b"",
        state="",
        as_of="",
        knowledge_version="",
    )
    run.recorder.record(leaking)
    run.forwarder.forward()


def leak_into_the_outbox(run: Run) -> None:
    item = {
        "card": str(uuid4()),
        "outcome": "overridden",
        "overrideReason": a_reason(f"not for {PATIENT}"),
        "outcomeTimestamp": "2026-11-22T19:44:04Z",
    }
    (report,) = read_batch(body_of(item)).reports
    record = record_of(report, tenant=TENANT, service=PATIENT_VIEW, received_at=NOW, comment=None)
    run.outbox.append_safely([record])


def leak_into_the_log(run: Run) -> None:
    log_to(run.stream).info("hook.answered", reason=f"Patient/{PATIENT}")


def leak_of_a_short_name(run: Run) -> None:
    run.needles.take({"given": ["Ann"]})
    log_to(run.stream).info("hook.answered", reason="read of Ann")


@pytest.mark.parametrize(
    "leak",
    [leak_into_a_column, leak_into_a_hash, leak_into_the_outbox, leak_into_the_log, leak_of_a_short_name],
)
def test_a_leak_would_be_found(fresh: Run, leak: Callable[[Run], None]) -> None:
    fresh.send(next(r for r in sample_requests() if r["context"]["patientId"] == PATIENT))
    assert fresh.leaks() == set()

    leak(fresh)

    assert fresh.leaks() != set()
