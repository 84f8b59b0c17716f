"""Prefetch values of unforeseen shape, brought into the shape of the others.

Met so far: an entry object `{response, resource}` in place of a resource, a Bundle inside it, and
single resources whose code is not a CodeableConcept. One odd resource costs only itself: it
becomes a gap, and the rest of its Bundle is read. One whose date is no string costs only the date.
"""

from typing import TypeVar

import msgspec
from msgspec import Raw

from fhir_mappings.elements import ABSENT, TEXT, UNREADABLE, member_of
from fhir_mappings.gaps import gap
from fhir_mappings.resources import NAMES_READ, AnyResource, Bundle, Entry, Resource
from pathway.facts import DataGap

T = TypeVar("T")
NULL = Raw(b"null")
DEEPEST = 8  # containers within containers; clients need two
# Dates that are decoded at once: without one a resource still tells what it is of (a.1, missing dates).
DATES = frozenset(
    {
        "onsetDateTime", "recordedDate", "authoredOn", "effectiveDateTime", "effectiveInstant", "issued",
        "dateAsserted", "whenHandedOver", "whenPrepared", "performedDateTime", "occurrenceDateTime",
        "started",
    }
)  # fmt: skip
_RESOURCE: msgspec.json.Decoder[Resource | None] = msgspec.json.Decoder(AnyResource | None)


class _Loose(msgspec.Struct, gc=False, rename="camel"):
    """Any JSON object, looked at for what makes it a resource or a container."""

    resource_type: Raw = ABSENT
    id: Raw = ABSENT
    entry: Raw = ABSENT
    link: Raw = ABSENT
    total: Raw = ABSENT
    resource: Raw = ABSENT
    full_url: Raw = ABSENT


_LOOSE = msgspec.json.Decoder(_Loose)
_LOOSE_ENTRIES = msgspec.json.Decoder(list[_Loose])
_ARRAY = msgspec.json.Decoder(list[Raw])
_MEMBERS = msgspec.json.Decoder(dict[str, Raw])


class Unpacker:
    """Reads odd values; keeps what it could not read."""

    def __init__(self) -> None:
        self.gaps: list[DataGap] = []
        self.unread_types: set[str] = set()  # types of which a resource came that could not be read

    def resource(self, raw: Raw, depth: int = 0) -> Resource | None:
        """The resource or Bundle that a value holds; None, with a gap, when it holds none."""
        try:
            return _RESOURCE.decode(raw)
        except UNREADABLE as error:
            place = member_of(error)
        loose = _decoded(_LOOSE, raw)
        if depth >= DEEPEST or loose is None:
            return self._array(raw, depth)
        kind = _text(loose.resource_type)
        if kind == "Bundle":
            return self._bundle(loose, depth)
        if kind is not None:
            return self._odd(kind, loose, place, raw) if kind in NAMES_READ else Resource()
        if loose.resource is not ABSENT:
            return self.resource(loose.resource, depth + 1)
        self._unreadable("prefetch")
        return None

    def _bundle(self, loose: _Loose, depth: int) -> Resource | None:
        if loose.entry is ABSENT or loose.entry == NULL:
            return Bundle(link=loose.link, total=loose.total)
        entries = _decoded(_LOOSE_ENTRIES, loose.entry)
        if entries is None:
            self._unreadable("Bundle.entry")
            return None
        read = tuple(self._entry(entry, depth) for entry in entries)
        return Bundle(entry=read, link=loose.link, total=loose.total)

    def _entry(self, loose: _Loose, depth: int) -> Entry:
        if loose.resource is ABSENT or loose.resource == NULL:
            return Entry()
        return Entry(
            resource=self.resource(loose.resource, depth + 1) or Resource(), full_url=_text(loose.full_url)
        )

    def _array(self, raw: Raw, depth: int) -> Resource | None:
        """Resources in a bare array are taken like the entries of a Bundle."""
        values = _decoded(_ARRAY, raw) if depth < DEEPEST else None
        if not values:
            self._unreadable("prefetch")
            return None
        resources = (self.resource(value, depth + 1) or Resource() for value in values)
        return Bundle(entry=tuple(Entry(resource=resource) for resource in resources))

    def _odd(self, kind: str, loose: _Loose, place: str, raw: Raw) -> Resource | None:
        """A resource without the date that cannot be read; None of it where something else cannot."""
        members = _decoded(_MEMBERS, raw) if place.removeprefix(".") in DATES else None
        if members is None or members.pop(place.removeprefix("."), None) is None:
            return self._unread(kind, loose, place)
        self._note(kind, loose, place)
        return self.resource(Raw(msgspec.json.encode(members)))

    def _unread(self, kind: str, loose: _Loose, place: str) -> Resource:
        """Leave out a resource of ours that could not be read; it still answers for its type."""
        self.unread_types.add(kind)
        self._note(kind, loose, place)
        return Resource()

    def _note(self, kind: str, loose: _Loose, place: str) -> None:
        own_id = _text(loose.id)
        self.gaps.append(gap("unreadable", f"{kind}/{own_id}" if own_id else kind, place.lstrip(".") or None))

    def _unreadable(self, element: str) -> None:
        self.gaps.append(gap("unreadable", None, element))


def _decoded(decoder: msgspec.json.Decoder[T], raw: Raw) -> T | None:
    try:
        return decoder.decode(raw)
    except UNREADABLE:
        return None


def _text(raw: Raw) -> str | None:
    return None if raw is ABSENT else _decoded(TEXT, raw)
