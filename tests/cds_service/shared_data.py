"""Third-party data, read in place where it is; tests that need it say how many they skip without it."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3] / "shared" / "data"
REQUESTS, SYNTHEA, PAIN_SUMMARY = 83, 40, 10  # that the tests expect to find

needed = pytest.mark.skipif(
    not ROOT.is_dir(),
    reason=f"../shared/data is absent: {REQUESTS} requests and {SYNTHEA + PAIN_SUMMARY} patients not tested",
)


def hook_requests() -> list[Path]:
    return sorted((ROOT / "cds-hooks-requests").glob("*/**/*.json"))


def patients() -> list[Path]:
    """Bundles of one patient each: Synthea's, and those of the pain summary in R4."""
    synthea = [
        path for path in sorted((ROOT / "synthea").glob("*.json.gz")) if not path.name.startswith("0-")
    ]
    summary = ROOT / "pain-summary"
    return [*synthea, *sorted(summary.glob("r4/*.json")), *sorted(summary.glob("cds4cpm-r4/*.json"))]


def index_of_synthea() -> list[dict[str, Any]]:
    return [entry for entry in read(ROOT / "synthea" / "index.json") if "low_back_pain" in entry]


def read(path: Path) -> Any:
    body = path.read_bytes()
    return json.loads(gzip.decompress(body) if path.suffix == ".gz" else body)


def without_server(request: Any) -> Any:
    """A published request as it stands, but for the FHIR server of its author's machine: nobody is there."""
    return {name: value for name, value in request.items() if name not in ("fhirServer", "fhirAuthorization")}


def patient_id_of(bundle: Any) -> str | None:
    ids = {
        entry["resource"].get("id")
        for entry in bundle.get("entry", ())
        if entry.get("resource", {}).get("resourceType") == "Patient"
    }
    return ids.pop() if len(ids) == 1 else None
