"""Whose launch it is, and which addresses take part in it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from flask import request

from cds_service.fetching.reach import Place, Reach, place_of, reach_of
from cds_service.fetching.refusals import NotFetchedError
from cds_service.gate import LOOPBACK_NAMES
from cds_service.launch.troubles import LaunchError, Trouble
from cds_service.settings import Settings
from cds_service.sites import Site
from cds_service.tenants.model import Smart, Tenant
from cds_service.tenants.smart import smart_servers

LONGEST = 2048  # characters of an `iss`
PATH = "/launch"
CALLBACK = f"{PATH}/callback"
PATHWAY = f"{PATH}/pathway"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmartServer:
    """The FHIR server that a launch names, and the site that it belongs to."""

    site: Site
    base: str  # without trailing slash
    smart: Smart

    @property
    def tenant(self) -> Tenant:
        """Whose it is."""
        return self.site.tenant

    def endpoint(self, url: str) -> Reach:
        """What may be called, if an endpoint that this server publishes is where it may be.

        That is the FHIR server's own origin, or below what the tenant lists; in development mode any
        other port of this machine where the FHIR server itself is on it.

        Raises:
            LaunchError: it is elsewhere, or not spelled plainly.
        """
        try:
            place, base = place_of(url), place_of(self.base)
            listed = [place_of(one) for one in self.smart.authorization_servers]
        except NotFetchedError:
            raise LaunchError(Trouble.OTHER_ORIGIN, self.tenant.id) from None
        own_machine = self.tenant.development and place.is_loopback and base.is_loopback
        if not (place.origin == base.origin or own_machine or any(map(place.is_within, listed))):
            raise LaunchError(Trouble.OTHER_ORIGIN, self.tenant.id)
        return replace(reach_of(self.tenant), bases=(_without_query(place),))


def server_named(iss: str | None, sites: Iterable[Site]) -> SmartServer:
    """The server that a launch names.

    Raises:
        LaunchError: none is named, or one that is no site's SMART-enabled server.
    """
    if not iss:
        raise LaunchError(Trouble.NO_SERVER)
    try:
        place = place_of(iss if len(iss) <= LONGEST else "")
    except NotFetchedError:
        raise LaunchError(Trouble.UNKNOWN_SERVER) from None
    base = place.url.rstrip("/")
    for site in sites:
        smart = site.tenant.smart
        if smart is not None and place.query is None and _is_of(base, place, site.tenant):
            return SmartServer(site=site, base=base, smart=smart)
    raise LaunchError(Trouble.UNKNOWN_SERVER)


def server_again(base: str, tenant_id: str, sites: Iterable[Site]) -> SmartServer:
    """The server of a launch that has begun, if it is the site's still.

    Raises:
        LaunchError: the tenants were changed meanwhile.
    """
    return server_named(base, [site for site in sites if site.tenant.id == tenant_id])


def base_called(settings: Settings) -> str:
    """The base URL that the browser calls: the public one, else that of this machine.

    Raises:
        LaunchError: it cannot be told; beyond this machine the Host header proves nothing.
    """
    if settings.public_url is not None:
        return settings.public_url
    name = request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdigit() else request.host
    if name in LOOPBACK_NAMES:
        return f"{request.scheme}://{request.host}"
    raise LaunchError(Trouble.NO_PUBLIC_URL)


def path_prefix(base: str) -> str:
    """What stands before our paths where the public URL has a path of its own; else empty."""
    return urlsplit(base).path.rstrip("/")


def _is_of(base: str, place: Place, tenant: Tenant) -> bool:
    listed = {place_of(own).url.rstrip("/") for own in smart_servers(tenant)}
    return base in listed or (tenant.development and place.is_loopback)


def _without_query(place: Place) -> str:
    return replace(place, query=None).url
