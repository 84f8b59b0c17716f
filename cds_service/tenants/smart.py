"""What the table of the pathway page's launch must be: `[tenants.ID.smart]`."""

import os
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import msgspec

from cds_service.settings import Settings
from cds_service.tenants.model import Smart, Tenant
from cds_service.tenants.web_addresses import fhir_base_fault, host_of, is_loopback

NO_PUBLIC_URL = (
    "needs BACKPATH_PUBLIC_URL: the authorization server must know the URL that it sends the browser back to"
)

SHARED = "has a FHIR server of tenants.{other}: a launch names nothing else, so each needs its own"


def smart_faults(smart: Smart, fhir_servers: Sequence[str], settings: Settings) -> Iterator[tuple[str, str]]:
    """Key and fault, for everything that cannot work in one tenant's table."""
    if settings.public_url is None and not settings.bind.is_loopback:
        yield "smart", NO_PUBLIC_URL
    if not fhir_servers:
        yield "smart", "needs fhir_servers: the patient's record is read from there"
    listed = {base.rstrip("/") for base in fhir_servers}
    for number, base in enumerate(smart.fhir_servers):
        if base.rstrip("/") not in listed:
            yield f"smart.fhir_servers[{number}]", "must be one of the tenant's fhir_servers"
    for number, base in enumerate(smart.authorization_servers):
        fault = fhir_base_fault(base)
        if fault is None and urlsplit(base).scheme != "https" and not is_loopback(host_of(base)):
            fault = "must be https: the code and the secret pass there"
        if fault is not None:
            yield f"smart.authorization_servers[{number}]", fault
    if not any(scope in ("launch", "launch/patient") for scope in smart.scopes.split()):
        yield "smart.scopes", "must hold launch or launch/patient: else no patient is in context"
    if smart.client_secret_file is not None and not os.access(smart.client_secret_file, os.R_OK):
        yield "smart.client_secret_file", "cannot be read"


def shared_servers(tenants: Sequence[Tenant]) -> Iterator[tuple[str, str]]:
    """Place and fault of each FHIR server that a launch could belong to two tenants by."""
    seen: dict[str, str] = {}
    for tenant in tenants:
        for base in smart_servers(tenant):
            if base in seen:
                yield f"tenants.{tenant.id}.smart.fhir_servers", SHARED.format(other=seen[base])
            seen.setdefault(base, tenant.id)


def smart_servers(tenant: Tenant) -> tuple[str, ...]:
    """The SMART-enabled FHIR servers of a tenant, without trailing slash."""
    if tenant.smart is None:
        return ()
    return tenant.smart.fhir_servers or tenant.fhir_servers


def plainly_spelled(smart: Smart) -> Smart:
    """The same with its URLs as those of the tenant are kept."""
    return msgspec.structs.replace(
        smart,
        fhir_servers=tuple(base.rstrip("/") for base in smart.fhir_servers),
        authorization_servers=tuple(base.rstrip("/") for base in smart.authorization_servers),
    )
