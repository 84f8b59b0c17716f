"""A chart whose every string is an attack, as far as it can still be read as a chart."""

import json
from collections.abc import Iterator
from itertools import cycle
from typing import Any

from cds_service.sample_records import Resource

MARK = "hacked"  # what an attack that runs sets on `window`
_RUN = f"window.{MARK}=1"
ATTACKS = (
    f"<script>{_RUN}</script>",
    f"<img src=x onerror={_RUN}>",
    f'"><svg onload={_RUN}>',
    f"' autofocus onfocus={_RUN} x='",
    f"</textarea></pre></option></select></title></style><script>{_RUN}</script>",
    f"[press](javascript:{_RUN}) ![seen](http://evil.example/seen.png) <http://evil.example>",
    f"javascript:{_RUN}",
    "{{7*7}}{% raw %}${7*7}<%= 7*7 %>",
    f"<!--picture--><iframe srcdoc='<script>parent.{MARK}=1</script>'>",
    f"</svg><foreignObject><body onload={_RUN}>",
    "**bold** | a | b |\n|---|---|\n# heading",
    "\u202egnp.exe \u2066\u200f x",
)
KEPT = {"resourceType", "system", "code", "reference", "id", "status", "intent", "type", "mode"}
URL_OF_NOBODY = "http://example.org/codes"


def attacked(value: Any, attacks: Iterator[str], name: str = "") -> Any:
    """The document with every text replaced but codes, ids and days, on which it hangs to be read at all.

    Each coded concept gets a further coding that is an attack wholly.
    """
    if isinstance(value, dict):
        made = {key: attacked(below, attacks, key) for key, below in value.items()}
        if "coding" in made:
            made["coding"].append({"system": URL_OF_NOBODY, "code": next(attacks), "display": next(attacks)})
            made["text"] = next(attacks)
        return made
    if isinstance(value, list):
        return [attacked(below, attacks, name) for below in value]
    is_text = isinstance(value, str) and name not in KEPT and not value[:4].isdigit()
    return next(attacks) if is_text else value


def attacked_record(request: bytes, patient_id: str, *, first: int = 0) -> list[Resource]:
    """The record of a sample's request, of another patient, with attacks from the `first` of them on."""
    attacks = cycle((*ATTACKS[first:], *ATTACKS[:first]))
    asked = json.loads(request)
    text = json.dumps(asked["prefetch"]).replace(asked["context"]["patientId"], patient_id)
    prefetch = json.loads(text)
    bundled = [entry["resource"] for value in prefetch.values() for entry in value.get("entry", ())]
    record = [attacked(resource, attacks) for resource in (prefetch["patient"], *bundled)]
    record[0]["name"] = [{"given": [next(attacks)], "family": next(attacks)}]
    for number, resource in enumerate(record):
        if resource["resourceType"] != "Patient":
            resource["id"] = f"{patient_id}-{number}"  # of its own on the server
        resource["note"] = [{"text": next(attacks)}]
        resource["text"] = {"status": "generated", "div": f"<div>{next(attacks)}</div>"}
    return record


def prefetch_of(record: list[Resource], keys: dict[str, str]) -> dict[str, Any]:
    """The record under prefetch keys; `keys` names the type of each."""
    bundles: dict[str, Any] = {
        key: {
            "resourceType": "Bundle",
            "type": "searchset",
            "entry": [{"resource": one} for one in record if one["resourceType"] == kind],
        }
        for key, kind in keys.items()
    }
    return bundles | {"patient": next(one for one in record if one["resourceType"] == "Patient")}
