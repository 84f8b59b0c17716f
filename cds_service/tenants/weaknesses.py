"""Choices of a tenants file that are allowed and weaker than need be; an operator should know of them."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from urllib.parse import urlsplit

from cds_service.fetching.addresses import is_public
from cds_service.settings import Settings
from cds_service.tenants.coherence import overlap
from cds_service.tenants.model import Memory, Network, Tenant
from cds_service.tenants.web_addresses import address_of, host_of, is_loopback
from pathway.quiet_policy import WHOLE

WIDEST = {4: 8, 6: 32}  # by version of IP: a shorter prefix is no site's network


def weaknesses(tenants: Sequence[Tenant], settings: Settings) -> list[str]:
    """One line each: tenant, key, what is weak, what would be better."""
    found = [
        f"tenants.{tenant.id}.{key}: {text}"
        for tenant in tenants
        for key, text in (
            *_of_trust(tenant),
            *_of_fhir(tenant),
            *_of_networks(tenant),
            *_of_memory(tenant.memory),
        )
    ]
    for one, other in combinations(tenants, 2):
        if overlap(one, other, public_url=settings.public_url is not None):
            found.append(
                f"tenants.{other.id}: some tokens fit tenants.{one.id} too, and these are refused; let the "
                "claim tenant, the subject or the audiences differ"
            )
    return found


def _of_trust(tenant: Tenant) -> Iterator[tuple[str, str]]:
    if tenant.jku is None:
        yield "jwks", "there is no jku: when the client changes its keys, this file must be changed too"
    elif not tenant.jku.lower().startswith("https:"):
        yield "jku", "http: for tests only"
    elif tenant.jwks:
        yield "jwks", "these keys stay trusted beside those of jku, until they are taken out of this file"
    if tenant.audiences:
        yield "audiences", "accepted whatever URL is called: a token for one service serves for all"
    if tenant.requests_per_minute is None:
        yield "requests_per_minute", "there is no limit: one site can take all of the service's time"


def _of_fhir(tenant: Tenant) -> Iterator[tuple[str, str]]:
    if tenant.fhir_without_token:
        yield "fhir_without_token", "whoever can call the service can let it read that FHIR server"
    for number, base in enumerate(tenant.fhir_servers):
        host = host_of(base)
        address = address_of(host)
        near = is_loopback(host) or (address is not None and not is_public(address))
        if urlsplit(base).scheme == "http" and not near:
            yield f"fhir_servers[{number}]", "http: records and the token pass the network in the clear"
    called = [(f"fhir_servers[{number}]", base) for number, base in enumerate(tenant.fhir_servers)]
    for key, url in [*called, *([("jku", tenant.jku)] if tenant.jku else [])]:
        if not _reachable(host_of(url), tenant.fhir_networks):
            yield key, "stands in a private network that is not among fhir_networks: it will not be called"


def _reachable(host: str, networks: Sequence[Network]) -> bool:
    """A name may lead anywhere; an address is public or listed."""
    if host == "localhost":
        return any(network.is_loopback for network in networks)
    address = address_of(host)
    return address is None or is_public(address) or any(address in network for network in networks)


def _of_networks(tenant: Tenant) -> Iterator[tuple[str, str]]:
    if tenant.fhir_networks and not tenant.fhir_servers and tenant.jku is None:
        yield "fhir_networks", "of no effect: nothing is called"
    for number, network in enumerate(tenant.fhir_networks):
        key = f"fhir_networks[{number}]"
        if network.prefixlen < WIDEST[network.version]:
            yield key, "very wide: name the network of the FHIR server alone"
        elif network.is_link_local:
            yield key, "link-local: what answers there is no FHIR server but often a cloud's metadata"
        elif is_public(network.network_address):
            yield key, "public: addresses there may be called without being listed"


def _of_memory(memory: Memory) -> Iterator[tuple[str, str]]:
    if memory.shadow is True:
        yield "memory.shadow", "no card is shown to anyone, not even what is critical"
    elif memory.shadow:
        yield "memory.shadow", f"never shown, not even where it is critical: {', '.join(memory.shadow)}"
    if memory.rollout_percent < WHOLE:
        left = WHOLE - memory.rollout_percent
        text = f"of {left} % of the patients no card is shown, not even what is critical"
        yield "memory.rollout_percent", text
    for name, percent in memory.rollout.items():
        if percent < WHOLE:
            left = WHOLE - percent
            text = f"not shown of {left} % of the patients, not even where it is critical"
            yield f"memory.rollout.{name}", text
