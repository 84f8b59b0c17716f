"""Who may come in: the client behind a request's token, and how often it may ask."""

from dataclasses import dataclass

from flask import request

from cds_service.errors import TooManyRequestsError
from cds_service.limiting import Limiter
from cds_service.sites import Site
from cds_service.tenants.registry import Registry
from cds_service.trust.verifying import Verifier

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Lets clients in, each as the site that its token names."""

    sites: Registry[Site]
    verifier: Verifier
    limiter: Limiter

    def admitted(self) -> Site:
        """The site that calls; development mode lets everyone in who sends no token.

        Raises:
            NotAuthenticatedError: the token is missing, wrong or not for this URL.
            TooManyRequestsError: the site asks more often than it may.
        """
        sites = self.sites.current
        tenant = self.verifier.verify(
            request.headers.get("Authorization"),
            request.path,
            [site.tenant for site in sites],
            loopback_url=_loopback_url(),
        )
        if tenant.requests_per_minute is not None:
            wait = self.limiter.allow(tenant.id, tenant.requests_per_minute)
            if wait > 0:
                raise TooManyRequestsError(wait)
        return next(site for site in sites if site.tenant is tenant)


def _loopback_url() -> str | None:
    """The base URL that was called, if it is on this machine; elsewhere the Host header proves nothing."""
    host = request.host
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    return f"{request.scheme}://{host}" if name in LOOPBACK_NAMES else None
