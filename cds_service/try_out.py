"""`backpath try`: what the service would answer about a patient of a FHIR server.

A call without prefetch, completed by the same code as a call of a client, with more time.
"""

import sys
import time
from collections.abc import Iterable
from datetime import date, datetime

from cds_service.decision import Decider
from cds_service.envelope import HookRequest
from cds_service.errors import InvalidRequestError, MissingDataError, Problem
from cds_service.fetching.addresses import OWN
from cds_service.fetching.completion import Completer, Completion
from cds_service.fetching.lacks import because
from cds_service.fetching.paging import Limits
from cds_service.fetching.pool import Pool
from cds_service.fetching.reach import place_of
from cds_service.fetching.refusals import NotFetchedError
from cds_service.fetching.searches import is_usable_id
from cds_service.fetching.web import Web
from cds_service.hooks import prefetch_templates
from cds_service.reading import print_decision, waiting, write_line
from cds_service.settings import Settings
from cds_service.tenants.model import Tenant
from fhir_mappings.gathering import gather
from pathway.codelists import CodeRow

PATIENCE_S = 30.0  # a person waits longer than an EHR
LIMITS = Limits(pages=50, following=200, page_bytes=32 * 1024 * 1024, call_bytes=256 * 1024 * 1024)


def try_out(fhir_server: str, patient: str, *, settings: Settings, as_of: date | None, as_json: bool) -> int:
    """Read the record, decide, print; the exit status.

    Raises:
        InvalidRequestError: the URL or the id cannot be used.
        MissingDataError: the server did not give what is indispensable; says why.
        KnowledgeError: the packaged knowledge is wrong.
    """
    patient_id = patient.removeprefix("Patient/")
    if not is_usable_id(patient_id):
        raise InvalidRequestError(Problem(code="value", text="--patient must be a FHIR id"))
    base = _base(fhir_server)
    decider = Decider.load(settings.time_zone)
    completion = record_of(base, patient_id, decider.rows)
    for kind, lack in completion.lacks.items():
        why = completion.whys.get(kind)
        print(f"backpath: {kind}: {because(lack)}{f' ({why})' if why else ''}.", file=sys.stderr)  # noqa: T201
    day = as_of or datetime.now(settings.time_zone).date()
    try:
        decision = decider.decide(completion.gathered, patient_id=patient_id, as_of=day)
    except MissingDataError as error:
        if not completion.lacks:
            raise
        raise MissingDataError("The FHIR server did not give what is indispensable (see above).") from error
    if as_json:
        write_line(decision.body())
    else:
        print_decision(decision, None)
    return 0


def record_of(base: str, patient_id: str, rows: Iterable[CodeRow]) -> Completion:
    """A patient's record as the service would complete it.

    Args:
        base: Base URL of a FHIR server that asks for no token.
        patient_id: A bare FHIR id.
        rows: The code lists, which tell what to ask for.
    """
    asked = HookRequest(
        hook="patient-view", hook_instance="", user_id="", patient_id=patient_id, fhir_server=base
    )
    tenant = Tenant(
        id="try",
        title="The server that was typed",
        fhir_servers=(base,),
        fhir_networks=OWN,
        fhir_without_token=True,
    )
    pool = Pool()
    try:
        with Web() as web, waiting("Reading the record"):
            completer = Completer(web, prefetch_templates(rows), limits=LIMITS, pool=pool)
            return completer.completion(gather({}), asked, tenant, time.monotonic() + PATIENCE_S)
    finally:
        pool.close()


def _base(fhir_server: str) -> str:
    try:
        place = place_of(fhir_server)
    except NotFetchedError as error:
        raise InvalidRequestError(
            Problem(code="value", text="the FHIR server must be an http or https URL")
        ) from error
    if place.query is not None:
        raise InvalidRequestError(
            Problem(code="value", text="the FHIR server must be a base URL, without a query")
        )
    return place.url.rstrip("/")
