"""`backpath tenants check`: what each tenant is allowed, for an operator's eyes."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec.structs import replace
from rich.markup import escape
from rich.table import Table

from cds_service.reading import paper, shown
from cds_service.settings import Settings
from cds_service.tenants.loading import TenantsError, load_tenants
from cds_service.tenants.model import DialectName, Memory, Tenant
from cds_service.tenants.weaknesses import weaknesses
from pathway.overrides import Override

DONE = 0


def check(file: str | None, settings: Settings, prove: Callable[[Settings], object]) -> int:
    """Print what is allowed and in force, and warn of weak choices; the exit status.

    Args:
        file: The tenants file; None: that of the settings.
        settings: With the public URL and the time zone that the service will have.
        prove: Makes the tenants of its settings ready to answer, as a start does; raises SettingsError
            for what only the knowledge can tell.

    Raises:
        SettingsError: there is no file, or anything in it is wrong.
    """
    path = settings.tenants if file is None else Path(file)
    if path is None:
        raise TenantsError("there is no tenants file: name one, or set BACKPATH_TENANTS")
    tenants = load_tenants(path, settings)
    prove(replace(settings, tenants=path))
    for tenant in tenants:
        _print(tenant, settings)
    count = "1 tenant" if len(tenants) == 1 else f"{len(tenants)} tenants"
    paper().print(escape(f"{path.name} is sound: {count}."), soft_wrap=True)
    for warning in weaknesses(tenants, settings):
        print(f"backpath: warning: {shown(warning)}", file=sys.stderr)  # noqa: T201 - a command line speaks
    return DONE


def _print(tenant: Tenant, settings: Settings) -> None:
    console = paper()
    grid = Table.grid(padding=(0, 2))
    for name, said in (*_trust(tenant, settings), *_fhir(tenant), *_offer(tenant), *_peculiarities(tenant)):
        grid.add_row(f"  {name}", escape(shown(said)))
    console.print(f"[bold]{tenant.id}[/]: {escape(shown(tenant.title))}")
    console.print(grid)
    console.print()


def _trust(tenant: Tenant, settings: Settings) -> Iterator[tuple[str, str]]:
    yield "issuer", tenant.issuer or ""
    inline = ", ".join(f"{key['kid']} ({_kind(key)})" for key in tenant.jwks)
    yield "keys", "; ".join(filter(None, (tenant.jku, inline and f"in the file: {inline}")))
    called = f"{settings.public_url}/… as called" if settings.public_url else ""
    yield "audience", ", or ".join(filter(None, (called, *tenant.audiences)))
    yield "subject", tenant.subject or "any"
    yield "claim tenant", tenant.claim or "none"


def _kind(key: dict[str, str]) -> str:
    return " ".join(filter(None, (key["kty"], key.get("crv"))))


def _fhir(tenant: Tenant) -> Iterator[tuple[str, str]]:
    if not tenant.fhir_servers:
        yield "FHIR servers", "none: only prefetch is used"
        return
    without = "also without a token" if tenant.fhir_without_token else "with a token only"
    yield "FHIR servers", f"{', '.join(tenant.fhir_servers)} ({without})"
    networks = ", ".join(map(str, tenant.fhir_networks))
    yield "networks", f"public ones and {networks}" if networks else "public ones"


def _offer(tenant: Tenant) -> Iterator[tuple[str, str]]:
    yield "services", ", ".join(tenant.services)
    limit = tenant.requests_per_minute
    yield "limit", "none" if limit is None else f"{limit} requests a minute"
    yield "time zone", tenant.zone.key


def _peculiarities(tenant: Tenant) -> Iterator[tuple[str, str]]:
    yield "dialect", f"{tenant.dialect}, CDS Hooks {tenant.cds_hooks}"
    if tenant.dialect is DialectName.EPIC:
        yield "triggers", ", ".join(tenant.trigger_actions) or "all"
    for code in tenant.order_codes:
        yield "order code", f"{code.proposal}: {code.code} of {code.system}"
    usual = Memory()
    for name in Memory.__struct_fields__:
        said = getattr(tenant.memory, name)
        if said != getattr(usual, name):
            yield "memory", f"{name}: {_listed(said)}"
    if tenant.smart is not None:
        yield "SMART launch", f"as {tenant.smart.client_id}, {tenant.smart.scopes}"
    for override in tenant.overrides:
        yield "override", f"{_change(override)} ({override.by}, {override.on}: {override.why})"


def _listed(said: object) -> str:
    """A value of TOML as one line."""
    match said:
        case bool():
            return "yes" if said else "no"
        case tuple():
            return ", ".join(map(str, said))
        case dict():
            return ", ".join(f"{name} {_listed(value)}" for name, value in said.items())
        case _:
            return str(said)


def _change(override: Override) -> str:
    if override.off is not None:
        return f"{override.off} is off"
    if override.threshold is not None:
        return f"{override.threshold} is {override.value}"
    return f"{override.text} says: {override.says}"
