"""Reads the tenants file whole; a file with any fault is refused, with every fault told."""

import re
import tomllib
from collections.abc import Callable, Iterable
from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cds_service.errors import SettingsError
from cds_service.settings import Settings
from cds_service.tenants.coherence import alike, faults_of, services_fault
from cds_service.tenants.model import DEVELOPMENT, Network, Tenant
from cds_service.tenants.public_keys import public_keys
from cds_service.tenants.smart import plainly_spelled, shared_servers
from cds_service.tenants.tables import Reader, TenantTable
from cds_service.tenants.web_addresses import fhir_base_fault, issuer_fault, jku_fault

TENANT_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_ID = 64
ID_FAULT = (
    f"an id is made of a-z, 0-9 and single hyphens between them, has at most {LONGEST_ID} characters, "
    f"and is not {DEVELOPMENT!r}"
)
Fault = str | None


class TenantsError(SettingsError):
    """The tenants file is wrong: it stops the start, and a reload leaves the old in force."""


def load_tenants(path: Path, settings: Settings) -> tuple[Tenant, ...]:
    """The tenants of a file, in its order.

    Raises:
        TenantsError: the file cannot be read, or anything in it is wrong. The message has a line for
            every problem found: file, tenant, key, and what is allowed there; never a value.
    """
    reader = Reader()
    tenants = [
        tenant
        for name, raw in _tables(_document(path), reader).items()
        if (tenant := _tenant(name, raw, settings, reader)) is not None
    ]
    for place, text in (*alike(tenants), *shared_servers(tenants)):
        reader.wrong(place, text)
    if reader.problems:
        raise TenantsError("\n".join(f"{path.name}: {problem}" for problem in reader.problems))
    return tuple(tenants)


def _document(path: Path) -> dict[str, Any]:
    try:
        # utf-8-sig: some editors put a byte order mark before the text
        text = path.read_bytes().decode("utf-8-sig")
        return tomllib.loads(text, parse_float=Decimal)
    except OSError as error:
        raise TenantsError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TenantsError(f"{path.name}: is not UTF-8 at byte {error.start}") from error
    except tomllib.TOMLDecodeError as error:  # tells line and column, and at most a key
        raise TenantsError(f"{path.name}: is not TOML: {error}") from error
    except (RecursionError, ValueError, ArithmeticError) as error:  # absurd nesting or numbers
        raise TenantsError(f"{path.name}: is not TOML that can be read") from error


def _tables(document: dict[str, Any], reader: Reader) -> dict[str, object]:
    for key in document:
        if key != "tenants":
            reader.wrong(
                repr(key), "unknown key; a tenant is a table [tenants.ID], and there is nothing else"
            )
    tables = document.get("tenants", {})
    if not isinstance(tables, dict) or not tables:
        reader.wrong("tenants", "there is no tenant; write one as a table [tenants.ID]")
        return {}
    return tables


def _tenant(name: str, raw: object, settings: Settings, reader: Reader) -> Tenant | None:
    before = len(reader.problems)
    place = f"tenants.{name}"
    if not TENANT_ID.fullmatch(name) or len(name) > LONGEST_ID or name == DEVELOPMENT:
        place = f"tenants.{name!r}"
        reader.wrong(place, ID_FAULT)
    found = reader.fields(place, raw, TenantTable)
    for key, fault_of in VALUE_FAULTS.items():
        for where, text in _texts(f"{place}.{key}", found.get(key)):
            if (fault := fault_of(text)) is not None:
                reader.wrong(where, fault)
    jwks = found.get("jwks")
    keys = public_keys(f"{place}.jwks.keys", jwks.keys if jwks else (), reader.wrong)
    if len(reader.problems) > before:
        return None
    table = TenantTable(**found)
    for key, fault in faults_of(table, settings):
        reader.wrong(f"{place}.{key}", fault)
    return _made(name, table, keys, settings)


def _texts(place: str, value: object) -> Iterable[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from _texts(f"{place}[{number}]", item)


def _network_fault(text: str) -> Fault:
    try:
        ip_network(text)
    except ValueError:
        return "must be a network with no host bits set, e.g. 10.20.0.0/16"
    return None


def _zone_fault(text: str) -> Fault:
    try:
        ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        return "must be an IANA time zone, e.g. America/Chicago"
    return None


VALUE_FAULTS: dict[str, Callable[[str], Fault]] = {
    "issuer": issuer_fault,
    "jku": jku_fault,
    "fhir_servers": fhir_base_fault,
    "fhir_networks": _network_fault,
    "services": services_fault,
    "time_zone": _zone_fault,
}


def _made(name: str, table: TenantTable, keys: tuple[dict[str, str], ...], settings: Settings) -> Tenant:
    return Tenant(
        id=name,
        title=table.title,
        issuer=table.issuer,
        jku=table.jku,
        jwks=keys,
        audiences=table.audiences,
        subject=table.subject,
        claim=table.tenant,
        fhir_servers=tuple(base.rstrip("/") for base in table.fhir_servers),
        fhir_networks=tuple(_network(text) for text in table.fhir_networks),
        fhir_without_token=table.fhir_without_token,
        services=table.services_offered,
        requests_per_minute=table.requests_per_minute,
        zone=ZoneInfo(table.time_zone) if table.time_zone else settings.time_zone,
        dialect=table.dialect,
        cds_hooks=table.cds_hooks,
        trigger_actions=tuple(str(trigger) for trigger in table.trigger_actions),
        order_codes=table.order_codes,
        overrides=table.overrides,
        memory=table.memory,
        smart=None if table.smart is None else plainly_spelled(table.smart),
    )


def _network(text: str) -> Network:
    return ip_network(text)
