"""What `backpath evaluate` is given: files, folders, NDJSON and standard input, as documents."""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

import msgspec

from cds_service.bodies import BOM
from cds_service.envelope import HookRequest, PrefetchValues, read_request, unreadable
from cds_service.errors import InvalidRequestError, Problem
from cds_service.hooks import BY_PATIENT
from cds_service.schemas import FHIR_ID
from fhir_mappings.draft_bundles import drafts_among

STANDARD_INPUT = "-"
SUFFIXES = (".json", ".ndjson", ".jsonl", ".json.gz", ".ndjson.gz")
GZIP_MAGIC = b"\x1f\x8b"
# a Bundle is the whole record: what it lacks was looked for and not found
WHOLE_RECORD = (*BY_PATIENT, "observations", "serviceRequests")


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One document and where it came from; `body` is None when it could not be read."""

    name: str
    body: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is to be decided: one patient's data and, if the input names it, the day."""

    hook: str
    patient_id: str
    prefetch: PrefetchValues
    as_of: date | None = None
    draft_orders: msgspec.Raw | None = None  # a request's own, or the draft orders of a Bundle
    selections: tuple[str, ...] | None = None


class _Resource(msgspec.Struct, frozen=True):
    resourceType: str | None = None  # noqa: N815 - as FHIR spells it
    id: str | None = None


class _Entry(msgspec.Struct, frozen=True):
    resource: _Resource | None = None


class _Document(msgspec.Struct, frozen=True):
    """Enough of a document to tell what it is."""

    resourceType: str | None = None  # noqa: N815
    hook: object = None
    entry: tuple[_Entry, ...] | None = None


_DOCUMENT = msgspec.json.Decoder(_Document)
_ANY_JSON = msgspec.json.Decoder(msgspec.Raw)


def inputs_of(names: Sequence[str], standard_input: BinaryIO) -> list[Input]:
    """The documents behind the names, in order; a folder's files by name, an NDJSON file's by line."""
    return [document for name in names for document in _documents(name, standard_input)]


def case_of(body: bytes) -> Case:
    """Read one document: a CDS Hooks request, or a FHIR Bundle of one patient.

    Raises:
        InvalidRequestError: it is neither, or a Bundle without exactly one Patient.
    """
    try:
        document = _DOCUMENT.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise unreadable(error) from error
    if document.resourceType is None:
        request = read_request(body, hook=None, development=True)
        return _of_request(request)
    if document.resourceType != "Bundle":
        raise _unusable("a CDS Hooks request or a Bundle is expected", "resourceType")
    patients = {
        entry.resource.id
        for entry in document.entry or ()
        if entry.resource is not None and entry.resource.resourceType == "Patient"
    }
    if len(patients) != 1:
        raise _unusable(f"a Bundle of one patient is expected; it has {len(patients)}", "Bundle.entry")
    patient_id = patients.pop()
    if patient_id is None or not FHIR_ID.fullmatch(patient_id):
        raise _unusable("the Patient needs a FHIR id", "Patient.id")
    found_nothing = {key: msgspec.Raw(b"null") for key in WHOLE_RECORD}
    record = msgspec.Raw(body)
    return Case(
        hook="patient-view",
        patient_id=patient_id,
        prefetch={"record": record, **found_nothing},
        draft_orders=drafts_among(record),
    )


def _of_request(request: HookRequest) -> Case:
    return Case(
        hook=request.hook,
        patient_id=request.patient_id,
        prefetch=request.prefetch,
        as_of=request.as_of,
        draft_orders=request.draft_orders,
        selections=request.selections,
    )


def _documents(name: str, standard_input: BinaryIO) -> Iterator[Input]:
    if name == STANDARD_INPUT:
        yield from _split("standard input", standard_input.read())
        return
    path = Path(name)
    files = _files_in(path) if path.is_dir() else [path]
    if not files:
        yield Input(name=f"{name}: no {', '.join(SUFFIXES)} file in this folder", body=None)
    for file in files:
        try:
            yield from _split(str(file), file.read_bytes())
        except OSError as error:
            yield Input(name=f"{file}: {error.strerror}", body=None)


def _files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name.endswith(SUFFIXES))


def _split(name: str, body: bytes) -> Iterator[Input]:
    if body.startswith(GZIP_MAGIC):
        try:
            body = gzip.decompress(body)
        except (OSError, EOFError, zlib.error):
            yield Input(name=f"{name}: broken gzip data", body=None)
            return
    body = body.removeprefix(BOM)
    lines = [(number, line) for number, line in enumerate(body.splitlines(), start=1) if line.strip()]
    if len(lines) > 1 and _is_json(lines[0][1]):  # NDJSON: already the first line is a whole document
        for number, line in lines:
            yield Input(name=f"{name}:{number}", body=line)
    else:
        yield Input(name=name, body=body)


def _is_json(line: bytes) -> bool:
    try:
        _ANY_JSON.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _unusable(text: str, element: str) -> InvalidRequestError:
    return InvalidRequestError(Problem(code="structure", text=f"{text}.", element=element))
