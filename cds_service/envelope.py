"""The request of a hook call: JSON text in, a checked `HookRequest` out.

One msgspec pass over the body takes the envelope and the containers of the prefetch apart (see
`fhir_mappings.gathering`); marshmallow then checks the envelope. No element of a resource is judged here.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias

import msgspec
from marshmallow import ValidationError
from msgspec import UNSET, Raw, UnsetType

from cds_service.errors import InvalidRequestError, Problem
from cds_service.schemas import (
    OrderSelectRequestSchema,
    OrderSignRequestSchema,
    RequestSchema,
    problems_of,
)
from fhir_mappings.draft_bundles import selection_refs
from fhir_mappings.elements import ABSENT
from fhir_mappings.resources import Prefetch, Resource

EXTENSION = "org.backpath"
AS_OF = f"extension['{EXTENSION}'].asOf"
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
PLACE = re.compile(r" - at `(key in )?\$?\.?(?P<path>[^`]*)`$")
PrefetchValues: TypeAlias = Mapping[str, Raw | Resource | None]  # decoded, or raw where the shape is odd
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)  # room for calendar arithmetic on both sides


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRequest:
    """One checked call: who asks about whom, and the prefetch as it came."""

    hook: str
    hook_instance: str  # a UUID, as sent
    user_id: str  # Type/id
    patient_id: str  # bare FHIR id
    encounter_id: str | None = None  # bare id
    fhir_server: str | None = None
    # a token must not reach a log, so it stays out of the repr
    fhir_authorization: Mapping[str, Any] | None = field(default=None, repr=False)
    prefetch: PrefetchValues = field(default_factory=dict, repr=False)
    draft_orders: Raw | None = field(default=None, repr=False)  # the Bundle of the order hooks, as it came
    selections: tuple[str, ...] | None = field(default=None, repr=False)  # order-select: `Type/id`
    extension: Mapping[str, Raw] = field(default_factory=dict, repr=False)
    as_of: date | None = None  # the day that development mode was asked to take


class _Context(msgspec.Struct):
    """`context`; draft orders stay raw."""

    userId: Any = UNSET  # noqa: N815 - as the spec spells it
    patientId: Any = UNSET  # noqa: N815
    encounterId: Any = UNSET  # noqa: N815
    selections: Any = UNSET
    draftOrders: Raw = ABSENT  # noqa: N815


class _Envelope(msgspec.Struct):
    """The members that we know; msgspec checks which are objects, marshmallow the rest."""

    hook: Any = UNSET
    hookInstance: Any = UNSET  # noqa: N815
    fhirServer: Any = UNSET  # noqa: N815
    fhirAuthorization: dict[str, Any] | UnsetType | None = UNSET  # noqa: N815
    context: _Context | UnsetType = UNSET
    extension: dict[str, Raw] | UnsetType | None = UNSET


class _DecodedEnvelope(_Envelope):
    """The usual case: every prefetch value is a resource or null."""

    prefetch: Prefetch | UnsetType | None = UNSET


class _RawEnvelope(_Envelope):
    """Some prefetch value is neither: each is taken apart by itself later."""

    prefetch: dict[str, Raw] | UnsetType | None = UNSET


class _OurExtension(msgspec.Struct):
    """extension["org.backpath"] of a request."""

    asOf: Any = UNSET  # noqa: N815


_DECODED = msgspec.json.Decoder(_DecodedEnvelope)
_RAW = msgspec.json.Decoder(_RawEnvelope)
_OUR_EXTENSION = msgspec.json.Decoder(_OurExtension | None)
_SCHEMAS = {
    "patient-view": RequestSchema(),
    "order-select": OrderSelectRequestSchema(),
    "order-sign": OrderSignRequestSchema(),
}


def read_request(body: bytes, *, hook: str | None, development: bool) -> HookRequest:
    """Read and check the envelope of a hook call.

    Args:
        body: JSON text in UTF-8.
        hook: The hook that the called service serves; None where any known one will do.
        development: Whether the request may name the evaluation day.

    Raises:
        InvalidRequestError: not JSON, an element is missing or ill-typed, or another hook; every
            problem names its element and none a value.
    """
    envelope = _decoded(body)
    _check_hook(envelope.hook, hook)
    checked = _checked(envelope, hook or envelope.hook)
    context = checked["context"]
    encounter = (context.get("encounterId") or "").removeprefix("Encounter/")
    return HookRequest(
        hook=checked["hook"],
        hook_instance=checked["hookInstance"],
        user_id=context["userId"],
        patient_id=context["patientId"].removeprefix("Patient/"),
        encounter_id=encounter or None,
        fhir_server=checked.get("fhirServer"),
        fhir_authorization=checked.get("fhirAuthorization"),
        prefetch=envelope.prefetch or {},
        draft_orders=context.get("draftOrders"),
        selections=_selections(context),
        extension=envelope.extension or {},
        as_of=_day_asked_for(envelope.extension or None) if development else None,
    )


def day_of(text: object, element: str) -> date:
    """A calendar day written YYYY-MM-DD.

    Raises:
        InvalidRequestError: anything else, or a year outside 1900 to 2999.
    """
    try:
        day = date.fromisoformat(text) if isinstance(text, str) and DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not FIRST_DAY <= day <= LAST_DAY:
        raise InvalidRequestError(
            Problem(code="value", text=f"{element} must be a day, YYYY-MM-DD.", element=element)
        )
    return day


def unreadable(error: Exception) -> InvalidRequestError:
    """What to tell of a body that msgspec could not decode: the place, never the value."""
    if isinstance(error, RecursionError):
        return InvalidRequestError(Problem(code="structure", text="The body is nested too deeply."))
    place = PLACE.search(str(error))
    if isinstance(error, msgspec.ValidationError) and place and place["path"]:
        element = re.sub(r"\[.*", "", place["path"])  # no member names of a client's own
        must = "must be an object" if "Expected `object" in str(error) else "has a number out of range"
        problem = Problem(code="structure", text=f"{element} {must}.", element=element)
    elif isinstance(error, msgspec.ValidationError):
        problem = Problem(code="structure", text="The body must be a JSON object.")
    else:
        problem = Problem(code="structure", text="The body is not valid JSON in UTF-8.")
    return InvalidRequestError(problem)


def _decoded(body: bytes) -> _DecodedEnvelope | _RawEnvelope:
    try:
        with suppress(msgspec.ValidationError, UnicodeDecodeError):
            return _DECODED.decode(body)
        return _RAW.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise unreadable(error) from error


def _check_hook(sent: object, hook: str | None) -> None:
    """A hook that is sent must be the service's; what is no hook name at all the schema tells."""
    if isinstance(sent, str) and sent.strip() and hook is not None and sent != hook:
        raise InvalidRequestError(
            Problem(code="value", text=f"hook must be {hook} for this service.", element="hook")
        )
    if isinstance(sent, str) and sent.strip() and hook is None and sent not in _SCHEMAS:
        known = ", ".join(_SCHEMAS)
        raise InvalidRequestError(
            Problem(code="not-supported", text=f"hook must be one of {known}.", element="hook")
        )


def _selections(context: Mapping[str, Any]) -> tuple[str, ...] | None:
    """What is selected, each of which must stand in the draft orders (order-select)."""
    selections = context.get("selections")
    if selections is None:
        return None
    known = selection_refs(context["draftOrders"])
    if any(reference not in known for reference in selections):
        element = "context.selections"
        raise InvalidRequestError(
            Problem(code="value", text=f"{element} names an order that draftOrders lacks.", element=element)
        )
    return tuple(selections)


def _checked(envelope: _Envelope, hook: object) -> dict[str, Any]:
    members = _present(envelope)
    if isinstance(envelope.context, _Context):
        members["context"] = _present(envelope.context)
    try:
        schema = _SCHEMAS.get(hook if isinstance(hook, str) else "", _SCHEMAS["patient-view"])
        checked: dict[str, Any] = schema.load(members)
    except ValidationError as error:
        raise InvalidRequestError(*problems_of(error.messages_dict)) from error
    return checked


def _present(part: _Envelope | _Context) -> dict[str, Any]:
    values = ((name, getattr(part, name)) for name in part.__struct_fields__)
    return {name: value for name, value in values if value is not UNSET and value is not ABSENT}


def _day_asked_for(extension: Mapping[str, Raw] | None) -> date | None:
    raw = (extension or {}).get(EXTENSION)
    if raw is None:
        return None
    try:
        ours = _OUR_EXTENSION.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        element = AS_OF.removesuffix(".asOf")
        raise InvalidRequestError(
            Problem(code="structure", text=f"{element} must be an object.", element=element)
        ) from error
    return None if ours is None or ours.asOf is UNSET else day_of(ours.asOf, AS_OF)
