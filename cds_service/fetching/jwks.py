"""Reads a client's JWK set from its `jku`."""

import time
from collections.abc import Callable, Iterable

from cds_service.fetching.reach import Reach
from cds_service.fetching.refusals import NotFetchedError, Why
from cds_service.fetching.web import Web
from cds_service.tenants.model import Network, Tenant

TIMEOUT_S = 2.0
LIMIT_BYTES = 256 * 1024
HEADERS = {"Accept": "application/jwk-set+json, application/json;q=0.9"}


class JwksReader:
    """Fetches those key sets that a tenant names, and no other."""

    def __init__(self, web: Web, tenants: Callable[[], Iterable[Tenant]]) -> None:
        """Fetch through `web` for the tenants in force, which `tenants` gives."""
        self._web = web
        self._tenants = tenants

    def __call__(self, url: str) -> bytes:
        """The key set at a URL, as JSON text; not yet looked into.

        Plain http is read from the tenant's own networks only: on the way through the internet
        anyone could put a key of theirs into it.

        Raises:
            NotFetchedError: why not.
        """
        named = [tenant for tenant in self._tenants() if tenant.jku == url]
        if not named:
            raise NotFetchedError(Why.OTHER_ORIGIN)
        return self._web.get(
            url,
            headers=HEADERS,
            reach=Reach((url,), _networks(named)),
            deadline=time.monotonic() + TIMEOUT_S,
            limit_bytes=LIMIT_BYTES,
        )


def _networks(tenants: Iterable[Tenant]) -> tuple[Network, ...]:
    return tuple(dict.fromkeys(network for tenant in tenants for network in tenant.fhir_networks))
