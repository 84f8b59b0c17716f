"""What a tenant is: data about one site, read from the tenants file and never changed by a call."""

from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from cds_service.hooks import ORDER_SELECT, ORDER_SIGN, PATIENT_VIEW
from cds_service.settings import Settings
from pathway.overrides import Override

DEVELOPMENT = "development"  # the one tenant of development mode
ALL_SERVICES = (PATIENT_VIEW, ORDER_SELECT, ORDER_SIGN)
Network: TypeAlias = IPv4Network | IPv6Network


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what the tenants file holds: immutable, and a misspelt name is an error."""


class DialectName(StrEnum):
    """How an EHR departs from the specification."""

    STANDARD = "standard"
    EPIC = "epic"
    ORACLE = "oracle"


class SpecVersion(StrEnum):
    """The newest CDS Hooks specification whose additions a client is known to understand."""

    V2_0 = "2.0"
    V3_0 = "3.0"


class OrderCode(Part, frozen=True, kw_only=True):
    """What one of our proposals is called at a site, e.g. an item of Epic's preference list."""

    proposal: str  # "rule/proposal", as `backpath knowledge show` prints it
    system: str
    code: str
    display: str | None = None


class Tenant(msgspec.Struct, frozen=True, kw_only=True):
    """One site, checked; made by `cds_service.tenants.loading`, or by `development`."""

    id: str
    title: str
    # Trust. Development mode has no issuer, asks for no token, and lets a request name the day.
    development: bool = False
    issuer: str | None = None  # claim `iss`
    jku: str | None = None  # URL of the client's JWK set; None: `jwks` is all there is
    jwks: tuple[dict[str, str], ...] = ()  # public keys exchanged out of band, as JWKs
    audiences: tuple[str, ...] = ()  # values of `aud` accepted beside the URL that was called
    subject: str | None = None  # claim `sub`, where the site sends one
    claim: str | None = None  # claim `tenant`
    # The client's FHIR server
    fhir_servers: tuple[str, ...] = ()  # base URLs that may be called, without trailing slash
    fhir_networks: tuple[Network, ...] = ()  # private networks in which they may stand
    fhir_without_token: bool = False  # a `fhirServer` without `fhirAuthorization` may be called
    # What is offered
    services: tuple[str, ...] = ALL_SERVICES  # service ids
    requests_per_minute: int | None = None  # None: no limit
    zone: ZoneInfo = ZoneInfo("UTC")
    # Peculiarities
    dialect: DialectName = DialectName.STANDARD
    cds_hooks: SpecVersion = SpecVersion.V2_0
    trigger_actions: tuple[str, ...] = ()  # Epic: triggers of patient-view that are answered; (): all
    order_codes: tuple[OrderCode, ...] = ()
    overrides: tuple[Override, ...] = ()


def development(settings: Settings) -> Tenant:
    """The tenant of development mode: everyone who reaches the service."""
    return Tenant(
        id=DEVELOPMENT,
        title="Development mode",
        development=True,
        fhir_servers=settings.fhir_servers,
        fhir_without_token=True,
        zone=settings.time_zone,
    )
