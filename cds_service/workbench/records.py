"""The resources of a hook request: found, named, added and taken out. They stay as they came."""

from collections.abc import Iterator

from cds_service.picture.names import charted
from cds_service.samples import KEYS, NOT_ASKED_FOR
from cds_service.workbench.documents import Json

KEY_OF = {kind: key for key, kind in (KEYS | NOT_ASKED_FOR).items()}  # by resource type
NAMES = ("code", "medicationCodeableConcept", "vaccineCode", "type", "medicationReference")


def resources(request: Json) -> Iterator[Json]:
    """Every resource of the prefetch, whatever its container."""
    prefetch = request.get("prefetch")
    for value in prefetch.values() if isinstance(prefetch, dict) else ():
        yield from _within(value)


def drafts(request: Json) -> list[Json]:
    """The draft orders."""
    return list(_within(request["context"].get("draftOrders")))


def name_of(resource: Json) -> str:
    """What a resource is about, in the chart's words; they are data, escaped by whoever shows them."""
    for element in NAMES:
        value = resource.get(element)
        for concept in value if isinstance(value, list) else [value]:
            text = _words(concept)
            if text:
                return charted(text)
    return charted(str(resource.get("id") or ""))


def label_of(resource: Json) -> str:
    """Type and name."""
    return f"{charted(str(resource.get('resourceType')))}: {name_of(resource)}"


def add(request: Json, resource: Json) -> None:
    """Put a resource into the prefetch, where a search for its type would have found it."""
    prefetch = request.get("prefetch")
    if not isinstance(prefetch, dict):
        prefetch = request["prefetch"] = {}
    bundle = _bundle(prefetch, KEY_OF.get(resource["resourceType"], "more"))
    entries = bundle.get("entry")
    if not isinstance(entries, list):
        entries = bundle["entry"] = []
    entries.append({"resource": resource, "search": {"mode": "match"}})
    bundle["total"] = len(entries)


def take_out(request: Json, resource: Json) -> None:
    """Remove one resource, this very object, from the prefetch."""
    for key, value in request["prefetch"].items():
        if value is resource:
            request["prefetch"][key] = None
            return
        if not _is_bundle(value) or not isinstance(value.get("entry"), list):
            continue
        kept = [e for e in value["entry"] if not (isinstance(e, dict) and e.get("resource") is resource)]
        if len(kept) < len(value["entry"]):
            value["entry"], value["total"] = kept, len(kept)


def patient(request: Json) -> Json:
    """The Patient; empty where there is none."""
    return next((one for one in resources(request) if one.get("resourceType") == "Patient"), {})


def _bundle(prefetch: Json, key: str) -> Json:
    """The Bundle of a key; what else stood there goes into it."""
    found = prefetch.get(key)
    if isinstance(found, dict) and _is_bundle(found):
        return found
    entries = [{"resource": found}] if isinstance(found, dict) else []
    bundle: Json = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    prefetch[key] = bundle
    return bundle


def _within(value: object) -> Iterator[Json]:
    if not isinstance(value, dict):
        return
    if not _is_bundle(value):
        yield value
        return
    entries = value.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
            yield entry["resource"]


def _is_bundle(value: object) -> bool:
    return isinstance(value, dict) and value.get("resourceType") == "Bundle"


def _words(concept: object) -> str | None:
    """Of a CodeableConcept or a Reference."""
    if not isinstance(concept, dict):
        return None
    codings = concept.get("coding")
    listed = [coding for coding in codings if isinstance(coding, dict)] if isinstance(codings, list) else []
    words = [concept.get("text"), concept.get("display"), *(coding.get("display") for coding in listed)]
    words += [coding.get("code") for coding in listed]
    return next((word for word in words if isinstance(word, str) and word.strip()), None)
