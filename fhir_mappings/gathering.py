"""Finds the resources of a request, whatever container they came in and whatever key they had.

Two ways in, one result. A service decodes its whole request with `prefetch: Prefetch | None`, so
that its bytes are read once, and hands the values over:

    gather(decoder.decode(body).prefetch or {})

A value of a shape that the types do not foresee (an entry object, a number, a code that is no
string) makes that decoding fail with `msgspec.ValidationError`; then the request is decoded again
with `prefetch: dict[str, msgspec.Raw] | None`, and `gather` takes each value apart by itself.
`decode_prefetch` does both for a request of which nothing but the prefetch is wanted.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar, cast

import msgspec
from msgspec import Raw

from fhir_mappings.gaps import gap, settled
from fhir_mappings.prefetch_keys import ASKED_FOR, Links, links, type_of_key
from fhir_mappings.resources import Bundle, Entry, OperationOutcome, Prefetch, Resource
from fhir_mappings.shortfalls import is_grave, lacks_some
from fhir_mappings.unpacking import Unpacker
from pathway.facts import DataGap

R = TypeVar("R", bound=Resource)
INDISPENSABLE_SEARCH = "Condition"  # an empty Bundle that says nothing of its type answers for it
NEXT_LINK = "Bundle.link"  # element of the gap that says that pages are missing
TOTAL = "Bundle.total"
OUTCOME = "Bundle.entry.resource"


class Unfinished(msgspec.Struct, frozen=True):
    """A Bundle that other pages follow."""

    kinds: tuple[str, ...]  # the types that it answers for; () where nothing tells
    next: str | None  # where the following page is, as sent


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """What came: the resources by type, which types were answered, and what is missing of them."""

    entries: dict[type[Resource], list[Entry]]
    answered: frozenset[str]  # resource types
    gaps: tuple[DataGap, ...] = ()
    unfinished: tuple[Unfinished, ...] = ()

    def of(self, kind: type[R]) -> list[R]:
        """All resources of one type."""
        return cast("list[R]", [entry.resource for entry in self.entries.get(kind, ())])

    def by_url(self, kind: type[R]) -> dict[str, R]:
        """The resources of one type that came with a `fullUrl`."""
        return {
            entry.full_url: cast("R", entry.resource)
            for entry in self.entries.get(kind, ())
            if entry.full_url is not None
        }

    def has_answer_for(self, resource_type: str) -> bool:
        """Whether the type was answered: with resources, or by saying that there are none.

        A Patient must be there; for Condition an empty Bundle under any key will do (contract, HTTP).
        """
        return resource_type in self.answered

    def not_provided(self) -> frozenset[str]:
        """The types of our prefetch table that came from nowhere."""
        return frozenset(ASKED_FOR.values()) - self.answered

    def gaps_of_not_provided(self) -> list[DataGap]:
        """A gap for each of these types, but for those whose own gap says why."""
        told = {gap.resource for gap in self.gaps if gap.code == "not-provided"}
        return [gap("not-provided", kind) for kind in self.not_provided() - told]


def gather(prefetch: Mapping[str, Raw | Resource | None]) -> Gathered:
    """Take a prefetch apart; no shape of it fails.

    Args:
        prefetch: Values by key, each decoded (see `resources.Prefetch`) or raw; None is null.
    """
    gatherer = _Gatherer()
    for key, value in prefetch.items():
        gatherer.add(key, value)
    return gatherer.gathered()


def gather_page(kinds: tuple[str, ...], body: bytes) -> Gathered | None:
    """One answer of a FHIR server, for a search or for reading the Patient.

    Args:
        kinds: The types that it was asked for: one, or all that the page before it held. What it
            brings of others is kept, but is no answer.
        body: What the server sent.

    Returns:
        What is in it; None where that is no answer: no Bundle (no Patient), or one of other types.
    """
    gatherer = _Gatherer(is_page=True)
    key = kinds[0] if len(kinds) == 1 else ""
    resource = gatherer.unpacker.resource(Raw(body))
    if resource is not None:
        gatherer.add(key, resource)
    came = gatherer.came()
    is_page = isinstance(resource, Bundle) and "Patient" not in kinds and (not came or len(kinds) > 1)
    if came.isdisjoint(kinds) and not is_page:
        return None
    return msgspec.structs.replace(gatherer.gathered(), answered=frozenset(kinds))


def joined(parts: Iterable[Gathered]) -> Gathered:
    """Several as one."""
    parts = tuple(parts)
    entries: dict[type[Resource], list[Entry]] = defaultdict(list)
    for part in parts:
        for kind, found in part.entries.items():
            entries[kind] += found
    return Gathered(
        entries=dict(entries),
        answered=frozenset(kind for part in parts for kind in part.answered),
        gaps=settled(gap for part in parts for gap in part.gaps),
        unfinished=tuple(bundle for part in parts for bundle in part.unfinished),
    )


class _Body(msgspec.Struct, gc=False):
    prefetch: Prefetch | None = None


class _RawBody(msgspec.Struct, gc=False):
    prefetch: dict[str, Raw] | None = None


_BODY = msgspec.json.Decoder(_Body)
_RAW_BODY = msgspec.json.Decoder(_RawBody)


def decode_prefetch(body: bytes) -> Gathered:
    """The resources of a whole request, its bytes read once where their shape allows.

    Raises:
        msgspec.DecodeError: the body is not JSON, or its prefetch is not an object.
        RecursionError: it is nested too deeply.
    """
    try:
        return gather(_BODY.decode(body).prefetch or {})
    except (msgspec.ValidationError, UnicodeDecodeError):
        return gather(_RAW_BODY.decode(body).prefetch or {})


class _Gatherer:
    """Collects what the containers of one request hold."""

    def __init__(self, *, is_page: bool = False) -> None:
        """Of a page that was asked for by its link, `total` counts what other pages hold too."""
        self.is_page = is_page
        self.entries: dict[type[Resource], list[Entry]] = defaultdict(list)
        self.answered: set[str] = set()
        self.refused: set[str | None] = set()  # types that an OperationOutcome came for
        self.unfinished: list[Unfinished] = []
        self.unpacker = Unpacker()
        self.gaps = self.unpacker.gaps

    def add(self, key: str, value: Raw | Resource | None) -> None:
        """Take in one prefetch value."""
        resource = self.unpacker.resource(value) if isinstance(value, Raw) else value
        if resource is None:
            self._nothing(key, value)
        elif isinstance(resource, Bundle):
            self._bundle(key, resource)
        elif isinstance(resource, OperationOutcome):
            self.refused.add(type_of_key(key))
        else:
            self.entries[type(resource)].append(Entry(resource=resource))

    def gathered(self) -> Gathered:
        """All that was found."""
        answered = (self.answered - {"Patient"}) | self.came()
        self.gaps += [gap("incomplete", kind) for kind in self.refused if kind is None or kind in answered]
        return Gathered(
            entries=dict(self.entries),
            answered=frozenset(answered),
            gaps=settled(self.gaps),
            unfinished=tuple(self.unfinished),
        )

    def came(self) -> set[str]:
        """The types of which a resource came."""
        return {kind.__name__ for kind in self.entries if kind is not Resource} | self.unpacker.unread_types

    def _nothing(self, key: str, value: Raw | Resource | None) -> None:
        """A null under a key that names its type says that the client looked and found nothing."""
        is_null = value is None or bytes(cast("Raw", value)).strip() == b"null"
        kind = type_of_key(key)
        if is_null and kind is not None:
            self.answered.add(kind)

    def _bundle(self, key: str, bundle: Bundle) -> None:
        found: dict[type[Resource], list[Entry]] = defaultdict(list)
        blank = False
        for entry in bundle.entry or ():
            if entry.resource is None:
                blank = True
            else:
                found[type(entry.resource)].append(entry)
        read = links(bundle.link)
        nested = found.pop(Bundle, [])
        outcomes = found.pop(OperationOutcome, [])
        for kind, entries in found.items():
            self.entries[kind] += entries
        for entry in nested:
            self.add(key, entry.resource)
        if not (found or nested or blank):
            self._empty(key, read)
        if blank and not outcomes:
            self.gaps.append(gap("incomplete", read.searched or type_of_key(key), OUTCOME))
        if read.has_next:
            self._unfinished(read, read.searched or type_of_key(key), found)
        elif not self.is_page and lacks_some(bundle):
            self._incomplete(read.searched or type_of_key(key), found, TOTAL)
        if outcomes and found and any(is_grave(entry.resource) for entry in outcomes):
            self._incomplete(read.searched or type_of_key(key), found, OUTCOME)

    def _empty(self, key: str, read: Links) -> None:
        """A Bundle without resources answers for the type that was asked for."""
        if read.unresolved:
            self.refused.add(read.searched or type_of_key(key))
            return
        self.answered.add(read.searched or type_of_key(key) or INDISPENSABLE_SEARCH)

    def _unfinished(self, read: Links, asked: str | None, found: Collection[type[Resource]]) -> None:
        """A page that others follow: what they hold was not seen."""
        self.unfinished.append(Unfinished(self._incomplete(asked, found, NEXT_LINK), read.next))

    def _incomplete(
        self, asked: str | None, found: Collection[type[Resource]], element: str
    ) -> tuple[str, ...]:
        """Say of the types that a Bundle answers for that not all of them came."""
        kinds = (asked,) if asked else tuple(sorted(kind.__name__ for kind in found))
        self.gaps += [gap("incomplete", kind, element) for kind in kinds or (None,)]
        return kinds
