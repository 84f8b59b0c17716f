"""The sample patients of the demo: ours, invented, and always as of today."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Self
from uuid import uuid4

import msgspec
from flask import Blueprint, Response
from werkzeug.exceptions import NotFound

from cds_service.hooks import BY_PATIENT
from cds_service.sample_codes import Codes, CodeStyle
from cds_service.sample_records import Resource, of_type, record_of
from pathway.codelists import CodeRow
from pathway.errors import KnowledgeError
from pathway.golden import Given
from pathway.rules import Kebab, Knowledge, Text
from pathway.yaml_files import read

DIRECTORY = Path(__file__).parent / "samples"
KEYS = BY_PATIENT | {"observations": "Observation", "serviceRequests": "ServiceRequest"}
NOT_ASKED_FOR = {"encounters": "Encounter"}  # read when it comes

_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Sample(Knowledge, frozen=True, kw_only=True):
    """One file of samples/: a patient in a few words."""

    id: Kebab
    name: Text  # invented
    title: Text  # what the pathway should see
    story: Text
    state: Kebab  # the state that it leads to
    given: Given


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One line of /samples."""

    id: str
    name: str
    title: str
    story: str
    state: str
    path: str


class SampleList(msgspec.Struct, frozen=True):
    """The answer of /samples."""

    samples: tuple[Listed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """The samples and what it takes to write their records."""

    by_id: dict[str, Sample]
    codes: Mapping[CodeStyle, Codes]

    @classmethod
    def load(cls, rows: tuple[CodeRow, ...], directory: Path = DIRECTORY) -> Self:
        """Read the sample files, by name.

        Raises:
            KnowledgeError: a file is not what it should be.
        """
        samples = [_sample(path) for path in sorted(directory.glob("*.yaml"))]
        codes = {style: Codes(rows, style) for style in CodeStyle}
        return cls(by_id={sample.id: sample for sample in samples}, codes=codes)

    def request(self, sample_id: str, as_of: date, style: CodeStyle = CodeStyle.US) -> bytes:
        """One sample as a patient-view request for `as_of`, ready to POST.

        Raises:
            LookupError: there is no such sample.
        """
        sample = self.by_id[sample_id]
        patient_id = f"sample-{sample.id}"
        record = record_of(
            sample.given,
            patient_id=patient_id,
            name=sample.name,
            as_of=as_of,
            codes=self.codes[style],
        )
        return hook_request(record, patient_id, not_provided=sample.given.not_provided)


def hook_request(
    record: Iterable[Resource],
    patient_id: str,
    *,
    not_provided: tuple[str, ...] = (),
    as_of: date | None = None,
    hook: str = "patient-view",
    drafts: Sequence[Resource] = (),
    selected: Sequence[str] = (),
) -> bytes:
    """A record as a hook request with prefetch under our keys.

    Args:
        record: The Patient and all else.
        patient_id: Its id.
        not_provided: Resource types whose key is left out.
        as_of: The evaluation day to ask development mode for; None: the service's own.
        hook: Which hook.
        drafts: The draft orders of an order hook.
        selected: On order-select, what is selected: `Type/id`.
    """
    resources = list(record)
    prefetch: dict[str, object] = {"patient": of_type(resources, "Patient")[0]}
    for key, kind in KEYS.items():
        if kind not in not_provided:
            prefetch[key] = _searchset(of_type(resources, kind))
    for key, kind in NOT_ASKED_FOR.items():
        if found := of_type(resources, kind):
            prefetch[key] = _searchset(found)
    context: dict[str, object] = {"userId": "Practitioner/example", "patientId": patient_id}
    if hook != "patient-view":
        entries = [{"resource": draft} for draft in drafts]
        context["draftOrders"] = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    if hook == "order-select":
        context["selections"] = list(selected)
    request: dict[str, object] = {
        "hook": hook,
        "hookInstance": str(uuid4()),
        "context": context,
        "prefetch": prefetch,
    }
    if as_of is not None:
        request["extension"] = {"org.backpath": {"asOf": as_of.isoformat()}}
    return _ENCODER.encode(request)


def blueprint(samples: Samples, today: Callable[[], date]) -> Blueprint:
    """/samples and /samples/{id}; registered in the demo only."""
    routes = Blueprint("samples", __name__)
    listed = msgspec.json.encode(SampleList(tuple(_listed(sample) for sample in samples.by_id.values())))

    @routes.get("", strict_slashes=False)
    @routes.get("/", strict_slashes=False)
    def list_samples() -> Response:
        return Response(listed, content_type="application/json")

    @routes.get("/<sample_id>", strict_slashes=False)
    def sample(sample_id: str) -> Response:
        if sample_id not in samples.by_id:
            raise NotFound
        return Response(samples.request(sample_id, today()), content_type="application/json")

    return routes


def _sample(path: Path) -> Sample:
    sample = read(path, Sample)
    if path.stem != sample.id:
        raise KnowledgeError(f"samples/{path.name}: id is {sample.id!r}; it must be the file's name")
    return sample


def _listed(sample: Sample) -> Listed:
    return Listed(
        id=sample.id,
        name=sample.name,
        title=sample.title,
        story=sample.story,
        state=sample.state,
        path=f"/samples/{sample.id}",
    )


def _searchset(resources: list[Resource]) -> Resource:
    bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "total": len(resources)}
    if resources:
        bundle["entry"] = [{"resource": resource, "search": {"mode": "match"}} for resource in resources]
    return bundle
