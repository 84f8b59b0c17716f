"""Other people's data, read in place: every chart becomes facts."""

import gzip
import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec import Raw

from fhir_mappings.charts import facts_of
from fhir_mappings.gathering import decode_prefetch, gather
from pathway.facts import Facts
from tests.fhir_mappings.making import DAY, TERMINOLOGY, UTC

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
SYNTHEA = [p for p in sorted(DATA.glob("synthea/*.json.gz")) if not p.name.startswith("0-")]
PAIN = sorted(DATA.glob("pain-summary/*/*.json"))
REQUESTS = [p for p in sorted(DATA.glob("cds-hooks-requests/*/**/*.json")) if p.name != "index.json"]
EXPECTED = {"synthea": (SYNTHEA, 40), "pain-summary": (PAIN, 19), "cds-hooks-requests": (REQUESTS, 83)}


def bytes_of(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


@cache  # the same records are asked about in several tests
def chart(path: Path) -> Facts:
    body = bytes_of(path)
    patients = [
        e["resource"] for e in json.loads(body)["entry"] if e["resource"]["resourceType"] == "Patient"
    ]
    patient_id = patients[0]["id"] if patients else "nobody"
    return read(gather({"chart": Raw(body)}), patient_id)


def read(found: Any, patient_id: str) -> Facts:
    return facts_of(found, patient_id=patient_id, as_of=DAY, zone=UTC, terminology=TERMINOLOGY)


@pytest.mark.parametrize("folder", EXPECTED)
def test_the_shared_data_is_there_and_complete(folder: str) -> None:
    paths, count = EXPECTED[folder]
    if not paths:
        pytest.skip(f"{count} files of shared/data/{folder} are not there: nothing of them was read")

    assert len(paths) == count


@pytest.mark.parametrize("path", [*SYNTHEA, *PAIN], ids=lambda p: f"{p.parent.name}-{p.stem[:18]}")
def test_every_chart_becomes_facts(path: Path) -> None:
    found = chart(path)

    assert "patient-mismatch" not in {g.code for g in found.gaps}


@pytest.mark.parametrize("path", REQUESTS, ids=lambda p: p.stem[-40:])
def test_every_request_becomes_facts(path: Path) -> None:
    body = path.read_bytes()

    found = read(decode_prefetch(body), str(json.loads(body)["context"].get("patientId")))

    assert found.gaps


@pytest.mark.skipif(not SYNTHEA, reason="40 files of shared/data/synthea are not there")
def test_seventeen_synthea_patients_have_low_back_pain() -> None:
    every = [chart(path) for path in SYNTHEA]

    with_pain = [f for f in every if any(c.concept == "lbp-axial" and c.active for c in f.conditions)]
    assert len(with_pain) == 17
    assert all(f.scores for f in every)


@pytest.mark.skipif(not PAIN, reason="19 files of shared/data/pain-summary are not there")
def test_the_faults_of_the_pain_summary_patients_are_gaps() -> None:
    found = {path.stem: chart(path) for path in PAIN}

    misfiled = [(g.code, g.element) for g in found["mr_delta"].gaps if g.code == "unreadable"]
    assert misfiled == [("unreadable", "code.coding.system")]
    assert {c.concept for c in found["brenda_jackson"].conditions} >= {"lbp-axial", "post-laminectomy"}
    brenda = Counter(s.drug_class for d in found["brenda_jackson"].drugs for s in d.substances)
    assert brenda["opioid"] >= 5


@pytest.mark.skipif(not REQUESTS, reason="83 files of shared/data/cds-hooks-requests are not there")
def test_drugs_inside_entry_objects_are_found() -> None:
    path = next(p for p in REQUESTS if p.stem.endswith("rec-11-patient-view-benzo-trigger-with-opioid"))
    body = path.read_bytes()

    found = read(decode_prefetch(body), json.loads(body)["context"]["patientId"])

    assert {s.drug_class for d in found.drugs for s in d.substances} >= {"opioid", "benzodiazepine"}
