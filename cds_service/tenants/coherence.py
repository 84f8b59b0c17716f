"""What must fit together: the keys of one tenant, and the tenants of one file."""

import re
from collections.abc import Iterator, Sequence

from cds_service.hooks import PATIENT_VIEW
from cds_service.settings import Settings
from cds_service.tenants.model import ALL_SERVICES, DialectName, Tenant
from cds_service.tenants.smart import smart_faults
from cds_service.tenants.tables import TenantTable, one_of
from cds_service.tenants.web_addresses import URI
from cds_service.triggers import TRIGGER_ACTIONS
from pathway.overrides import Override

PROPOSAL = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*/[a-z0-9]+(-[a-z0-9]+)*")
URL_UNKNOWN = (
    "is missing: without BACKPATH_PUBLIC_URL the service does not know the URL that clients call; "
    "set it, or list the values of `aud` that are accepted"
)
ALIKE = (
    "no token could tell it from tenants.{other}: whatever fits its issuer, tenant, subject and audiences "
    "fits that one too, and would be refused; one of them must differ"
)
CHANGES = ("off", "threshold", "text")


def faults_of(table: TenantTable, settings: Settings) -> Iterator[tuple[str, str]]:
    """Key and fault, for everything that does not fit together in one tenant."""
    yield from _trust_faults(table, settings)
    yield from _dialect_faults(table)
    yield from _order_code_faults(table)
    if table.smart is not None:
        yield from smart_faults(table.smart, table.fhir_servers, settings)
    for number, override in enumerate(table.overrides):
        for key, fault in _override_faults(override):
            yield f"overrides[{number}]{key}", fault


def services_fault(text: str) -> str | None:
    """What is wrong with the id of a service."""
    return None if text in ALL_SERVICES else f"must be {one_of(ALL_SERVICES)}"


def alike(tenants: Sequence[Tenant]) -> Iterator[tuple[str, str]]:
    """Place and fault of each tenant that could never be told: whatever token fits it, fits another too."""
    for number, tenant in enumerate(tenants):
        covering = (
            other.id
            for place, other in enumerate(tenants)
            # of two that are the same only the later is told
            if place != number
            and is_covered(tenant, other)
            and (place < number or not is_covered(other, tenant))
        )
        if (found := next(covering, None)) is not None:
            yield f"tenants.{tenant.id}", ALIKE.format(other=found)


def is_covered(tenant: Tenant, other: Tenant) -> bool:
    """Every token that fits the tenant fits the other as well."""
    return (
        (tenant.issuer, tenant.claim) == (other.issuer, other.claim)
        and other.subject in (None, tenant.subject)
        and set(tenant.audiences) <= set(other.audiences)
    )


def overlap(tenant: Tenant, other: Tenant, *, public_url: bool) -> bool:
    """Some token fits both; with a public URL they share the audiences that are made of it."""
    return (
        (tenant.issuer, tenant.claim) == (other.issuer, other.claim)
        and (None in (tenant.subject, other.subject) or tenant.subject == other.subject)
        and (public_url or bool(set(tenant.audiences) & set(other.audiences)))
    )


def _trust_faults(table: TenantTable, settings: Settings) -> Iterator[tuple[str, str]]:
    if table.jku is None and table.jwks is None:
        yield "jku", "is missing: give the URL of the client's JWK set, or its public keys as jwks, or both"
    if table.jwks is not None and not table.jwks.keys:
        yield "jwks.keys", "there is no key"
    if not table.audiences and settings.public_url is None:
        yield "audiences", URL_UNKNOWN


def _dialect_faults(table: TenantTable) -> Iterator[tuple[str, str]]:
    if table.services == ():
        yield "services", f"there is none; leave the key out for all, or name {one_of(ALL_SERVICES)}"
    if table.dialect is DialectName.ORACLE and table.services_offered != (PATIENT_VIEW,):
        yield "services", f"Oracle Health calls patient-view only: {PATIENT_VIEW} is all that can be offered"
    if table.trigger_actions and table.dialect is not DialectName.EPIC:
        yield "trigger_actions", "only Epic sends them: they need dialect = 'epic'"
    for number, action in enumerate(table.trigger_actions):
        if str(action) not in TRIGGER_ACTIONS:
            yield f"trigger_actions[{number}]", f"must be {one_of(TRIGGER_ACTIONS)}"
    if table.trigger_actions and PATIENT_VIEW not in table.services_offered:
        yield "trigger_actions", f"Epic sends them with patient-view, but {PATIENT_VIEW} is not offered"


def _order_code_faults(table: TenantTable) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for number, code in enumerate(table.order_codes):
        place = f"order_codes[{number}]"
        if not PROPOSAL.fullmatch(code.proposal):
            yield f"{place}.proposal", "must be RULE/PROPOSAL, two ids joined by a slash"
        if not URI.fullmatch(code.system):
            yield f"{place}.system", "must be an absolute URI, e.g. urn:oid:1.2.3"
        if code.proposal in seen:
            yield f"{place}.proposal", "has a code already; a suggestion is ordered by one"
        seen.add(code.proposal)


def _override_faults(override: Override) -> Iterator[tuple[str, str]]:
    given = [name for name in CHANGES if getattr(override, name) is not None]
    if len(given) != 1:
        said = " and ".join(given) or "none"
        yield "", f"exactly one of {', '.join(CHANGES)} must be given, not {said}"
    for name, value in (("threshold", "value"), ("text", "says")):
        if (getattr(override, name) is None) != (getattr(override, value) is None):
            yield "", f"{name} and {value} go together: the id, and what is to hold instead"
    if override.value is not None and not override.value.is_finite():
        yield ".value", "must be a finite number"
