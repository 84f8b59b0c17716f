"""Puts the sample patients on a FHIR R4 server: `python -m cds_service.load_samples URL`.

Each sample is one transaction of PUTs with ids of its own, so loading again replaces what is there,
with dates relative to the new day. Used by docker-compose.yml; only for servers without real patients.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from http import HTTPStatus

import msgspec
import requests

from cds_service.errors import InvalidRequestError, Problem
from cds_service.progress import tracked
from cds_service.sample_codes import CodeStyle
from cds_service.sample_records import Resource, record_of
from cds_service.samples import Samples
from cds_service.settings import settings_from
from pathway.errors import PathwayError
from pathway.loading import load_code_rows

FHIR_JSON = "application/fhir+json"
TIMEOUT_S = 60.0
WAIT_S = 300.0  # how long a server may take to start
PAUSE_S = 2.0

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 when every sample is on the server, else 2 with one line that says why."""
    parser = argparse.ArgumentParser(prog="python -m cds_service.load_samples", description=__doc__)
    parser.add_argument("url", help="base URL of a FHIR R4 server, e.g. http://127.0.0.1:8080/fhir")
    base = parser.parse_args(arguments).url.rstrip("/")
    try:
        today = datetime.now(settings_from(os.environ).time_zone).date()
        wait_for(base)
        loaded = load(base, Samples.load(load_code_rows()), today)
    except PathwayError as error:
        print(f"load_samples: {error}", file=sys.stderr)  # noqa: T201 - a command line speaks
        return 2
    print(f"{loaded} sample patients loaded")  # noqa: T201
    return 0


def wait_for(base: str, wait_s: float = WAIT_S) -> None:
    """Return once the server tells what it can do.

    Raises:
        InvalidRequestError: it did not within `wait_s` seconds.
    """
    deadline = time.monotonic() + wait_s
    while not _is_ready(base):
        if time.monotonic() > deadline:
            raise _refused(f"the FHIR server did not answer at /metadata within {wait_s:.0f} s")
        time.sleep(PAUSE_S)


def load(base: str, samples: Samples, as_of: date) -> int:
    """Put every sample on the server, dated relative to `as_of`; the value counts them.

    Raises:
        InvalidRequestError: the server refused a sample; the message names it.
    """
    for sample in tracked(list(samples.by_id.values()), "Loading sample patients"):
        record = record_of(
            sample.given,
            patient_id=f"sample-{sample.id}",
            name=sample.name,
            as_of=as_of,
            codes=samples.codes[CodeStyle.US],
        )
        _post(base, sample.id, transaction(record))
    return len(samples.by_id)


def transaction(record: Iterable[Resource]) -> bytes:
    """A transaction Bundle that creates or replaces each resource under its own id."""
    entries = [
        {"resource": resource, "request": {"method": "PUT", "url": _url(resource)}} for resource in record
    ]
    return _ENCODER.encode({"resourceType": "Bundle", "type": "transaction", "entry": entries})


def _url(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def _is_ready(base: str) -> bool:
    try:
        response = requests.get(f"{base}/metadata", headers={"Accept": FHIR_JSON}, timeout=TIMEOUT_S)
    except requests.ConnectionError:
        return False
    except requests.RequestException as error:
        raise _refused(f"the FHIR server cannot be asked ({type(error).__name__})") from error
    return response.status_code == HTTPStatus.OK


def _post(base: str, sample_id: str, bundle: bytes) -> None:
    try:
        response = requests.post(
            base, bundle, headers={"Content-Type": FHIR_JSON, "Accept": FHIR_JSON}, timeout=TIMEOUT_S
        )
    except requests.RequestException as error:
        raise _refused(f"sample {sample_id} could not be sent ({type(error).__name__})") from error
    if response.status_code != HTTPStatus.OK:
        raise _refused(f"the server answered {response.status_code} to sample {sample_id}")


def _refused(text: str) -> InvalidRequestError:
    return InvalidRequestError(Problem(code="processing", text=text))


if __name__ == "__main__":
    sys.exit(main())
