"""What `backpath evaluate` is given becomes single documents."""

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest

from cds_service.errors import InvalidRequestError
from cds_service.inputs import case_of, inputs_of
from tests.cds_service.making import a_condition, a_patient, a_request, bundled

RECORD = bundled([a_patient(), a_condition()])


def encoded(document: Any) -> bytes:
    return json.dumps(document).encode()


def nothing() -> io.BytesIO:
    return io.BytesIO()


def test_a_file_is_one_document(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps(RECORD, indent=2), encoding="utf-8")

    [document] = inputs_of([str(file)], nothing())

    assert (document.name, document.body) == (str(file), file.read_bytes())


def test_standard_input_is_read() -> None:
    [document] = inputs_of(["-"], io.BytesIO(encoded(RECORD)))

    assert (document.name, document.body) == ("standard input", encoded(RECORD))


def test_ndjson_is_a_document_a_line(tmp_path: Path) -> None:
    file = tmp_path / "a.ndjson"
    file.write_bytes(encoded(RECORD) + b"\n\n" + encoded(a_request()) + b"\n{broken\n")

    names = [document.name for document in inputs_of([str(file)], nothing())]

    assert names == [f"{file}:1", f"{file}:3", f"{file}:4"]


def test_a_folder_gives_its_files_by_name(tmp_path: Path) -> None:
    (tmp_path / "deeper").mkdir()
    for name in ("b.json", "a.json", "deeper/c.ndjson", "readme.txt"):
        (tmp_path / name).write_bytes(encoded(RECORD))

    names = [Path(document.name).name for document in inputs_of([str(tmp_path)], nothing())]

    assert names == ["a.json", "b.json", "c.ndjson"]


def test_a_gzip_file_is_unpacked(tmp_path: Path) -> None:
    file = tmp_path / "a.json.gz"
    file.write_bytes(gzip.compress(b"\xef\xbb\xbf" + encoded(RECORD)))

    [document] = inputs_of([str(file)], nothing())

    assert document.body == encoded(RECORD)


def test_what_cannot_be_read_is_still_an_input(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.json").write_bytes(b"\x1f\x8bnot gzip")
    names = [str(tmp_path / "empty"), str(tmp_path / "missing.json"), str(tmp_path / "broken.json")]

    documents = inputs_of(names, nothing())

    assert [document.body for document in documents] == [None, None, None]


def test_a_bundle_is_a_whole_record_of_its_patient() -> None:
    case = case_of(encoded(RECORD))

    assert (case.hook, case.patient_id) == ("patient-view", "p1")


def test_a_hook_request_is_read_as_the_service_reads_it() -> None:
    request = a_request(extension={"org.backpath": {"asOf": "2026-01-31"}})

    case = case_of(encoded(request))

    assert (case.hook, case.patient_id, str(case.as_of)) == ("patient-view", "p1", "2026-01-31")


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (bundled([]), "it has 0"),
        (bundled([a_patient(), a_patient(id="p2")]), "it has 2"),
        (bundled([{"resourceType": "Patient"}]), "needs a FHIR id"),
        (a_patient(), "a CDS Hooks request or a Bundle"),
        ({}, "hook is required"),
        ([], "must be a JSON object"),
        ({"resourceType": "Bundle", "entry": 3}, "entry"),
    ],
)
def test_anything_else_is_refused_in_words(document: Any, told: str) -> None:
    with pytest.raises(InvalidRequestError, match=told):
        case_of(encoded(document))
