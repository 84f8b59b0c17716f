"""What a CDS Hooks request must look like: marshmallow schemas with the spec's own names.

Unknown members are ignored and optional ones may be null (some clients serialise what they do not
have); what nobody sends is refused. https://cds-hooks.hl7.org/2.0/#http-request_1
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validates_schema
from msgspec import Raw

from cds_service.errors import Problem
from fhir_mappings.draft_bundles import draft_bundle

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")  # https://hl7.org/fhir/R4/datatypes.html#id
USERS = ("Practitioner", "PractitionerRole", "Patient", "RelatedPerson")  # who may open a chart
USER = re.compile(rf"({'|'.join(USERS)})/[A-Za-z0-9\-.]{{1,64}}")
PRESCRIBERS = USERS[:2]  # who may write orders
PRESCRIBER = re.compile(rf"({'|'.join(PRESCRIBERS)})/[A-Za-z0-9\-.]{{1,64}}")
MISSING = "is required"


def _not_blank(value: str) -> None:
    if not value.strip():
        raise ValidationError("must not be blank")


def _uuid(value: str) -> None:
    if not UUID.fullmatch(value):
        raise ValidationError("must be a UUID")


def _patient_id(value: str) -> None:
    # the spec asks for the bare id; published requests send the reference (opioid-cds-r4)
    if not FHIR_ID.fullmatch(value.removeprefix("Patient/")):
        raise ValidationError("must be a FHIR id")


def _user_id(value: str) -> None:
    if not USER.fullmatch(value):
        raise ValidationError(f"must be [ResourceType]/[id] of a {', '.join(USERS)}")


def _prescriber(value: str) -> None:
    if not PRESCRIBER.fullmatch(value):
        raise ValidationError(f"must be [ResourceType]/[id] of a {' or '.join(PRESCRIBERS)}")


def _draft_orders(value: Raw) -> None:
    if draft_bundle(value) is None:
        raise ValidationError("must be a Bundle of orders")


def _http_url(value: str) -> None:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or any(char.isspace() for char in value):
        raise ValidationError("must be an http or https URL")


def _bearer(value: str) -> None:
    if value.lower() != "bearer":
        raise ValidationError("must be Bearer")


MESSAGES: dict[str, str | list[Any] | dict[Any, Any]] = {"required": MISSING, "null": "must not be null"}


def _string(*checks: Callable[[str], None], required: bool = True) -> fields.String:
    """A string member; `required` false: it may be absent or null."""
    messages = MESSAGES | {"invalid": "must be a string"}
    return fields.String(
        required=required, allow_none=not required, validate=list(checks), error_messages=messages
    )


def _nested(schema: type[Schema], *, required: bool) -> fields.Nested:
    return fields.Nested(schema, required=required, allow_none=not required, error_messages=MESSAGES)


class RequestPart(Schema):
    """A part of the request."""

    class Meta:
        """Members that we do not know are for others."""

        unknown = EXCLUDE


class ContextSchema(RequestPart):
    """`context` of patient-view: https://cds-hooks.hl7.org/hooks/patient-view/."""

    userId = _string(_user_id)  # noqa: N815 - as the spec spells it
    patientId = _string(_patient_id)  # noqa: N815
    encounterId = _string(required=False)  # noqa: N815 - also `Encounter/id`, as published requests


class OrderSignContextSchema(ContextSchema):
    """`context` of order-sign: https://cds-hooks.hl7.org/hooks/order-sign/."""

    userId = _string(_prescriber)  # noqa: N815
    draftOrders = fields.Raw(  # noqa: N815 - still raw JSON
        required=True, validate=_draft_orders, error_messages=MESSAGES
    )


class OrderSelectContextSchema(OrderSignContextSchema):
    """`context` of order-select: https://cds-hooks.hl7.org/hooks/order-select/."""

    selections = fields.List(
        _string(_not_blank),
        required=True,
        error_messages=MESSAGES | {"invalid": "must be a list of references"},
    )


class AuthorizationSchema(RequestPart):
    """`fhirAuthorization`: https://cds-hooks.hl7.org/2.0/#passing-the-access-token-to-the-cds-service."""

    access_token = _string(_not_blank)
    token_type = _string(_bearer)
    expires_in = fields.Integer(
        required=True,
        strict=True,
        error_messages=MESSAGES | {"invalid": "must be a whole number of seconds"},
    )
    scope = _string()
    subject = _string()
    patient = _string(required=False)


class RequestSchema(RequestPart):
    """The envelope; of prefetch and extension the decoder has seen to it that they are objects."""

    hook = _string(_not_blank)
    hookInstance = _string(_uuid)  # noqa: N815
    fhirServer = _string(_http_url, required=False)  # noqa: N815
    fhirAuthorization = _nested(AuthorizationSchema, required=False)  # noqa: N815
    context = _nested(ContextSchema, required=True)

    @validates_schema(skip_on_field_errors=True)
    def _token_has_a_server(self, data: Mapping[str, Any], **_: object) -> None:
        if data.get("fhirAuthorization") is not None and data.get("fhirServer") is None:
            raise ValidationError("is required with fhirAuthorization", "fhirServer")


class OrderSignRequestSchema(RequestSchema):
    """The envelope of order-sign."""

    context = _nested(OrderSignContextSchema, required=True)


class OrderSelectRequestSchema(RequestSchema):
    """The envelope of order-select."""

    context = _nested(OrderSelectContextSchema, required=True)


def problems_of(messages: Mapping[str, Any], path: str = "") -> list[Problem]:
    """Marshmallow's nested messages as a flat list, each with the element that it is about."""
    found: list[Problem] = []
    for name, below in messages.items():
        element = path if name == "_schema" else f"{path}.{name}".lstrip(".")
        if isinstance(below, Mapping):
            found += problems_of(below, element)
            continue
        for text in below:
            code = "required" if text.startswith(MISSING) else "value"
            found.append(Problem(code=code, text=f"{element or 'The body'} {text}.", element=element or None))
    return found
