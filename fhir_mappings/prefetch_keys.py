"""What an empty answer was an answer to: told by its self link or by the key it came under.

Sites name their prefetch keys themselves; resources are found by type, but an empty Bundle has no
type of its own.
"""

import re
from urllib.parse import urlsplit

import msgspec
from msgspec import Raw

from fhir_mappings.elements import ABSENT, UNREADABLE

# Key of our prefetch table: the type that it asks for (contract, HTTP).
ASKED_FOR = {
    "patient": "Patient",
    "conditions": "Condition",
    "medicationRequests": "MedicationRequest",
    "procedures": "Procedure",
    "diagnosticReports": "DiagnosticReport",
    "imagingStudies": "ImagingStudy",
    "allergies": "AllergyIntolerance",
    "observations": "Observation",
    "serviceRequests": "ServiceRequest",
}
# What a site may call them, without case: our key, the type, and the type in the plural.
_TYPE_OF_KEY = {key.lower(): kind for key, kind in ASKED_FOR.items()} | {
    name: kind
    for kind in ASKED_FOR.values()
    for name in (kind.lower(), f"{kind.lower()}s", re.sub("y$", "ies", kind.lower()))
}
_UNRESOLVED = ("{{", "%7b%7b")  # a token that the client left in the URL: it searched for nothing


class Link(msgspec.Struct, frozen=True, gc=False):
    """A link of a Bundle: https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.link."""

    relation: str | None = None
    url: str | None = None


_LINKS = msgspec.json.Decoder(tuple[Link, ...] | None)


class Links(msgspec.Struct, frozen=True):
    """What the links of a Bundle say."""

    has_next: bool = False
    next: str | None = None  # where the page that follows is, as sent
    searched: str | None = None  # resource type of the self link
    unresolved: bool = False  # the search was sent with a token unfilled: no answer to anything


def links(raw: Raw) -> Links:
    """Read the links of a Bundle; those that cannot be read say nothing."""
    if raw is ABSENT:
        return Links()
    try:
        found = _LINKS.decode(raw) or ()
    except UNREADABLE:
        return Links()
    own = next((link.url for link in found if link.relation == "self" and link.url), "")
    return Links(
        has_next=any(link.relation == "next" for link in found),
        next=next((link.url for link in found if link.relation == "next" and link.url), None),
        searched=_searched(own),
        unresolved=any(token in own.lower() for token in _UNRESOLVED),
    )


def type_of_key(key: str) -> str | None:
    """The resource type that a prefetch key names; None for a name of a site's own."""
    return _TYPE_OF_KEY.get(key.strip().lower())


def _searched(url: str) -> str | None:
    """The resource type of a search URL: "http://x/fhir/Condition?patient=1" asked for Condition."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return None
    segments = [segment for segment in path.split("/") if segment not in ("", "_search")]
    return segments[-1] if segments and segments[-1] in ASKED_FOR.values() else None
