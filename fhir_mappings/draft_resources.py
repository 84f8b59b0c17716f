"""Draft orders as lenient structs: what the chart's orders have, and when and why they are written.

Drafts are unfinished and seldom valid R4. One element of a shape that cannot be read costs only
itself; the rest of the draft is judged.
"""

from typing import TypeVar

import msgspec
from msgspec import Raw

from fhir_mappings.elements import ABSENT, UNREADABLE
from fhir_mappings.resources import MedicationRequest, Resource, ServiceRequest

R = TypeVar("R", bound=Resource)


class DrugOrder(MedicationRequest, frozen=True, gc=False, tag="MedicationRequest"):
    """A draft MedicationRequest."""

    reason_code: Raw = ABSENT
    reason_reference: Raw = ABSENT
    reason: Raw = ABSENT  # R5: a list of CodeableReference


class ServiceOrder(ServiceRequest, frozen=True, gc=False, tag="ServiceRequest"):
    """A draft ServiceRequest."""

    contained: Raw = ABSENT
    occurrence_date_time: str | None = None
    occurrence_period: Raw = ABSENT
    occurrence_timing: Raw = ABSENT


Order = DrugOrder | ServiceOrder
_MEMBERS = msgspec.json.Decoder(dict[str, Raw])


def lenient(decoder: msgspec.json.Decoder[R], raw: Raw) -> tuple[R | None, tuple[str, ...]]:
    """A resource without those elements that cannot be read, and their names.

    None, and the empty name, where it cannot be taken apart at all.
    """
    try:
        return decoder.decode(raw), ()
    except UNREADABLE:
        return _without_unreadable(decoder, raw)


def _without_unreadable(decoder: msgspec.json.Decoder[R], raw: Raw) -> tuple[R | None, tuple[str, ...]]:
    try:
        members = _MEMBERS.decode(raw)
    except UNREADABLE:
        return None, ("",)
    known = [f.encode_name for f in msgspec.structs.fields(decoder.type)]
    sent = {name: members[name] for name in known if name in members}
    kept = {name: value for name, value in sent.items() if _is_readable(decoder, name, value)}
    return decoder.decode(msgspec.json.encode(kept)), tuple(name for name in sent if name not in kept)


def _is_readable(decoder: msgspec.json.Decoder[R], name: str, value: Raw) -> bool:
    try:
        decoder.decode(msgspec.json.encode({name: value}))
    except UNREADABLE:
        return False
    return True
