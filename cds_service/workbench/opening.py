"""The first request about a patient: a sample's, or one with what a FHIR server holds as its prefetch."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from uuid import uuid4

import msgspec

from cds_service.envelope import HookRequest
from cds_service.fetching.completion import Completer, Completion
from cds_service.fetching.lacks import Lack, because
from cds_service.fetching.paging import Limits, Reader
from cds_service.fetching.pool import Pool
from cds_service.fetching.reach import Reach
from cds_service.fetching.searches import is_usable_id
from cds_service.samples import Samples
from cds_service.tenants.model import Tenant
from cds_service.workbench.documents import Json, read
from cds_service.workbench.records import KEY_OF
from cds_service.workbench.refusals import RefusedError
from fhir_mappings.gathering import gather

PATIENCE_S = 15.0  # a person waits longer than an EHR
LIMITS = Limits(pages=20, following=60, call_bytes=32 * 1024 * 1024)
USER = "Practitioner/example"


def of_sample(samples: Samples | None, sample_id: str, today: date) -> Json:
    """A sample patient's chart being opened.

    Raises:
        RefusedError: there is no such sample.
    """
    if samples is None or sample_id not in samples.by_id:
        raise RefusedError(HTTPStatus.NOT_FOUND, "There is no such sample patient.")
    return read(samples.request(sample_id, today))


@dataclass(frozen=True, slots=True)
class _Pages:
    """Reads as another reader does, and keeps what came."""

    reader: Reader
    came: list[bytes] = field(default_factory=list)

    def get(
        self, url: str, *, headers: Mapping[str, str], reach: Reach, deadline: float, limit_bytes: int
    ) -> bytes:
        """The body; raises what the other reader raises."""
        body = self.reader.get(url, headers=headers, reach=reach, deadline=deadline, limit_bytes=limit_bytes)
        self.came.append(body)
        return body


@dataclass(frozen=True, slots=True)
class ServerCharts:
    """Opens charts of FHIR servers: asks what the service itself asks for what a prefetch lacks."""

    reader: Reader
    templates: Mapping[str, str]  # the prefetch templates by key
    pool: Pool

    def request(self, base: str, patient_id: str, tenant: Tenant) -> Json:
        """A patient's chart being opened.

        Args:
            base: Base URL of the server.
            patient_id: `id` or `Patient/id`.
            tenant: Which servers may be called.

        Raises:
            RefusedError: the server may not be asked, or did not give the patient.
        """
        bare = patient_id.strip().removeprefix("Patient/")
        base = base.strip().rstrip("/")
        if not base or not is_usable_id(bare):
            raise RefusedError(HTTPStatus.BAD_REQUEST, "A base URL and a FHIR id are needed.")
        pages = _Pages(self.reader)
        asked = HookRequest(
            hook="patient-view", hook_instance="", user_id="", patient_id=bare, fhir_server=base
        )
        completer = Completer(pages, self.templates, limits=LIMITS, pool=self.pool)
        completion = completer.completion(gather({}), asked, tenant, time.monotonic() + PATIENCE_S)
        if "Patient" not in completion.gathered.answered:
            raise _not_opened(completion)
        return {
            "hook": "patient-view",
            "hookInstance": str(uuid4()),
            "fhirServer": base,
            "context": {"userId": USER, "patientId": bare},
            "prefetch": _prefetch(list(pages.came), completion),
        }


def _prefetch(pages: Iterable[bytes], completion: Completion) -> Json:
    """What came, under our keys; what did not come whole is left for the call itself to ask for."""
    whole = completion.gathered.answered - completion.lacks.keys()
    prefetch: Json = {
        key: {"resourceType": "Bundle", "type": "searchset", "entry": []}
        for kind, key in KEY_OF.items()
        if kind in whole
    }
    for resource in _resources(pages):
        kind = resource.get("resourceType")
        if kind == "Patient":
            prefetch["patient"] = resource
        elif kind == "Medication":
            prefetch.setdefault("medications", {"resourceType": "Bundle", "type": "searchset", "entry": []})
            prefetch["medications"]["entry"].append({"resource": resource})
        elif isinstance(kind, str) and KEY_OF.get(kind) in prefetch:
            prefetch[KEY_OF[kind]]["entry"].append({"resource": resource, "search": {"mode": "match"}})
    for bundle in prefetch.values():
        if bundle["resourceType"] == "Bundle":
            bundle["total"] = len(bundle["entry"])
    return prefetch


def _resources(pages: Iterable[bytes]) -> Iterable[Json]:
    """Those of all pages, without their narrative: nothing reads it, and it is most of some records."""
    for page in pages:
        try:
            document = read(page)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        entries = (
            document.get("entry") if document.get("resourceType") == "Bundle" else [{"resource": document}]
        )
        for entry in entries if isinstance(entries, list) else ():
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if isinstance(resource, dict):
                yield {name: value for name, value in resource.items() if name != "text"}


def _not_opened(completion: Completion) -> RefusedError:
    lack = completion.lacks.get("Patient")
    if lack is Lack.SERVER_NOT_ALLOWED:
        return RefusedError(
            HTTPStatus.FORBIDDEN,
            "This FHIR server may not be called.",
            "Servers on this machine may be; name others in BACKPATH_FHIR_SERVERS, and start again.",
        )
    why = completion.whys.get("Patient")
    told = because(lack) if lack is not None else "The FHIR server did not give the patient"
    return RefusedError(
        HTTPStatus.NOT_FOUND, "This patient cannot be read.", f"{told}{f' ({why})' if why else ''}."
    )
