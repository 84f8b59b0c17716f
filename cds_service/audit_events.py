"""A call as a FHIR AuditEvent: who asked which service when, and which rules spoke; nothing of the patient.

https://hl7.org/fhir/R4/auditevent.html
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

DICOM = "http://dicom.nema.org/resources/ontology/DCM"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
INTERACTION = "http://hl7.org/fhir/restful-interaction"
# ours
SERVICE, TENANT, USER = "urn:backpath:service", "urn:backpath:tenant", "urn:backpath:user"
INSTANCE, KNOWLEDGE = "urn:backpath:hook-instance", "urn:backpath:knowledge"
RECOMMENDATION = "urn:backpath:recommendation"
PERFORMED, SUCCESS = "E", "0"


class Fired(NamedTuple):
    """A recommendation or guard that was advised, and what became of it."""

    recommendation: str
    fate: str


class AuditedCall(msgspec.Struct, frozen=True, kw_only=True):
    """What the audit trail has of a call."""

    id: str
    at: int  # ms since 1970
    tenant: str
    issuer: str | None  # who authenticated; None: development mode
    service: str
    instance: str
    user: bytes  # keyed hash
    knowledge_version: str
    fired: Sequence[Fired]


class _Element(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """Base: absent elements are left out."""


class Coding(_Element, frozen=True, kw_only=True):
    """https://hl7.org/fhir/R4/datatypes.html#Coding."""

    system: str
    code: str
    display: str | None = None


class CodeableConcept(_Element, frozen=True, kw_only=True):
    """https://hl7.org/fhir/R4/datatypes.html#CodeableConcept."""

    coding: tuple[Coding, ...]


class Identifier(_Element, frozen=True, kw_only=True):
    """https://hl7.org/fhir/R4/datatypes.html#Identifier."""

    system: str
    value: str


class Reference(_Element, frozen=True, kw_only=True):
    """https://hl7.org/fhir/R4/references.html#Reference."""

    identifier: Identifier | None = None
    display: str | None = None


class Agent(_Element, frozen=True, kw_only=True):
    """`AuditEvent.agent`."""

    type: CodeableConcept
    who: Reference
    alt_id: str | None = None
    requestor: bool


class Source(_Element, frozen=True, kw_only=True):
    """`AuditEvent.source`."""

    observer: Reference
    type: tuple[Coding, ...]


class Detail(_Element, frozen=True, kw_only=True):
    """`AuditEvent.entity.detail`."""

    type: str
    value_string: str


class Entity(_Element, frozen=True, kw_only=True):
    """`AuditEvent.entity`."""

    what: Reference
    type: Coding
    detail: tuple[Detail, ...] = ()


class AuditEvent(_Element, frozen=True, kw_only=True, tag_field="resourceType", tag="AuditEvent"):
    """The resource."""

    id: str
    type: Coding
    subtype: tuple[Coding, ...]
    action: str
    recorded: str
    outcome: str
    agent: tuple[Agent, ...]
    source: Source
    entity: tuple[Entity, ...]


REST = Coding(system=f"{TERMINOLOGY}/audit-event-type", code="rest", display="RESTful Operation")
OPERATION = Coding(system=INTERACTION, code="operation", display="operation")
SYSTEM_OBJECT = Coding(system=f"{TERMINOLOGY}/audit-entity-type", code="2", display="System Object")
APPLICATION = CodeableConcept(coding=(Coding(system=DICOM, code="110150", display="Application"),))
PERSON = CodeableConcept(
    coding=(Coding(system=f"{TERMINOLOGY}/extra-security-role-type", code="humanuser", display="human user"),)
)
BACKPATH = Source(
    observer=Reference(display="Backpath"),
    type=(Coding(system=f"{TERMINOLOGY}/security-source-type", code="4", display="Application Server"),),
)


def audit_event(call: AuditedCall) -> AuditEvent:
    """The resource of one call."""
    return AuditEvent(
        id=call.id,
        type=REST,
        subtype=(OPERATION, Coding(system=SERVICE, code=call.service)),
        action=PERFORMED,
        recorded=_instant(call.at),
        outcome=SUCCESS,
        agent=(
            Agent(type=APPLICATION, who=_known(TENANT, call.tenant), alt_id=call.issuer, requestor=False),
            Agent(type=PERSON, who=_known(USER, call.user.hex()), requestor=True),
        ),
        source=BACKPATH,
        entity=(
            Entity(what=_known(INSTANCE, call.instance), type=SYSTEM_OBJECT),
            Entity(what=_known(KNOWLEDGE, call.knowledge_version), type=SYSTEM_OBJECT),
            *map(_entity, call.fired),
        ),
    )


def _entity(fired: Fired) -> Entity:
    return Entity(
        what=_known(RECOMMENDATION, fired.recommendation),
        type=SYSTEM_OBJECT,
        detail=(Detail(type="fate", value_string=fired.fate),),
    )


def _known(system: str, value: str) -> Reference:
    return Reference(identifier=Identifier(system=system, value=value))


def _instant(milliseconds: int) -> str:
    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
