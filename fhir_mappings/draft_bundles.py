"""`context.draftOrders`: its entries, what each is called, and which the clinician selected.

Each resource stays as it came, beside the little that names it: an order that a suggestion hands
back must hold what the client wrote, element for element.
"""

import re
from collections.abc import Collection
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from fhir_mappings.elements import ABSENT, UNREADABLE

T = TypeVar("T")
# An id by FHIR's syntax (https://hl7.org/fhir/R4/datatypes.html#id) but for its length of 64: the ids of
# Epic's unsigned orders have some 200 characters, and an action that names no such order is of no use.
DRAFT_ID = re.compile(r"[A-Za-z0-9\-.]{1,256}")
# Orders of R4 as the hooks list them; other types in the Bundle only support them.
ORDER_TYPES = frozenset(
    {
        "CommunicationRequest",
        "DeviceRequest",
        "MedicationRequest",
        "NutritionOrder",
        "ServiceRequest",
        "SupplyRequest",
        "Task",
        "VisionPrescription",
    }
)
NOT_DRAFTS = frozenset({"cancelled", "completed", "entered-in-error", "revoked"})


class DraftEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One resource of the Bundle, as it came, and what it is called."""

    kind: str  # resource type
    id: str | None  # as sent, whatever its syntax
    full_url: str | None
    ref: str | None  # `Type/id`, else its fullUrl; None when it has neither
    has_id: bool  # an action can name it: its id is one that FHIR could have
    status: str | None
    resource: Raw

    @property
    def is_draft(self) -> bool:
        """Whether it is an order still to be judged, whatever else its status says."""
        return self.kind in ORDER_TYPES and (self.status or "").lower() not in NOT_DRAFTS

    def names(self) -> frozenset[str]:
        """What `selections` may call it; some clients send the bare id."""
        by_id = () if self.id is None else (self.id, f"{self.kind}/{self.id}")
        return frozenset(by_id if self.full_url is None else (*by_id, self.full_url))

    def is_among(self, selections: Collection[str] | None) -> bool:
        """Whether it was selected; without selections (order-sign) everything is."""
        return selections is None or not self.names().isdisjoint(selections)


class DraftBundle(msgspec.Struct, frozen=True):
    """The resources of `draftOrders` in their order; `unreadable` counts entries that hold none."""

    entries: tuple[DraftEntry, ...] = ()
    unreadable: int = 0


class _Entry(msgspec.Struct, gc=False, rename="camel"):
    resource: Raw = ABSENT
    full_url: Any = None


class _Bundle(msgspec.Struct, rename="camel"):
    resource_type: Any = None
    entry: tuple[_Entry, ...] | None = None


class _Head(msgspec.Struct, gc=False, rename="camel"):
    resource_type: Any = None
    id: Any = None
    status: Any = None


_BUNDLE = msgspec.json.Decoder(_Bundle)
_HEAD = msgspec.json.Decoder(_Head)


def draft_bundle(raw: Raw) -> DraftBundle | None:
    """The entries of `draftOrders`; None when it is no Bundle or its `entry` is no list of objects.

    Published examples omit `Bundle.type` and `fullUrl`, so neither is asked for.
    """
    bundle = _decoded(_BUNDLE, raw)
    if bundle is None or bundle.resource_type != "Bundle":
        return None
    found = [_entry(entry) for entry in bundle.entry or () if entry.resource is not ABSENT]
    entries = tuple(entry for entry in found if entry is not None)
    return DraftBundle(entries, unreadable=len(found) - len(entries))


def drafts_among(raw: Raw) -> Raw | None:
    """The orders in status draft of a patient's Bundle, as a `draftOrders`; None when there are none."""
    bundle = draft_bundle(raw) or DraftBundle()
    drafts = [{"resource": e.resource} for e in bundle.entries if e.is_draft and e.status == "draft"]
    if not drafts:
        return None
    return Raw(msgspec.json.encode({"resourceType": "Bundle", "entry": drafts}))


def selection_refs(raw: Raw) -> frozenset[str]:
    """All that `context.selections` may name: `Type/id`, bare ids and fullUrls of the Bundle."""
    bundle = draft_bundle(raw) or DraftBundle()
    return frozenset(name for entry in bundle.entries for name in entry.names())


def _entry(entry: _Entry) -> DraftEntry | None:
    head = _decoded(_HEAD, entry.resource)
    kind = None if head is None else _text(head.resource_type)
    if head is None or kind is None:
        return None
    own_id, full_url = _text(head.id), _text(entry.full_url)
    has_id = own_id is not None and DRAFT_ID.fullmatch(own_id) is not None
    return DraftEntry(
        kind=kind,
        id=own_id,
        full_url=full_url,
        ref=f"{kind}/{own_id}" if has_id else full_url,
        has_id=has_id,
        status=_text(head.status),
        resource=entry.resource,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _decoded(decoder: msgspec.json.Decoder[T], raw: Raw) -> T | None:
    try:
        return decoder.decode(raw)
    except UNREADABLE:
        return None
