"""`backpath try`: what the service would answer about a patient of a FHIR server."""

import sys
from datetime import date, datetime

from cds_service.decision import Decider
from cds_service.errors import InvalidRequestError, MissingDataError, Problem
from cds_service.fhir_client import FhirClient
from cds_service.hooks import prefetch_templates
from cds_service.reading import print_decision, waiting, write_line
from cds_service.schemas import FHIR_ID
from cds_service.settings import Settings


def try_out(fhir_server: str, patient: str, *, settings: Settings, as_of: date | None, as_json: bool) -> int:
    """Read the record, decide, print; the exit status.

    Raises:
        InvalidRequestError: the URL or the id cannot be used.
        MissingDataError: the server did not give what is indispensable; says why.
        KnowledgeError: the packaged knowledge is wrong.
    """
    patient_id = patient.removeprefix("Patient/")
    if not FHIR_ID.fullmatch(patient_id):
        raise InvalidRequestError(Problem(code="value", text="--patient must be a FHIR id"))
    decider = Decider.load(settings.time_zone)
    with FhirClient(fhir_server) as client, waiting("Reading the record"):
        fetched = client.fetch(prefetch_templates(decider.rows), patient_id)
    for key, why in fetched.failures.items():
        print(f"backpath: {key} could not be read: {why}", file=sys.stderr)  # noqa: T201
    day = as_of or datetime.now(settings.time_zone).date()
    try:
        decision = decider.decide(fetched.prefetch, patient_id=patient_id, as_of=day)
    except MissingDataError as error:
        if not fetched.failures:
            raise
        raise MissingDataError("The FHIR server did not give what is indispensable (see above).") from error
    if as_json:
        write_line(decision.body())
    else:
        print_decision(decision, None)
    return 0
