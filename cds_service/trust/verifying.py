"""From an `Authorization` header to the tenant that calls, or the reason why nobody is let in."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cds_service.tenants.model import Tenant
from cds_service.trust import sandbox
from cds_service.trust.claims import SKEW_S, Claims, claims_of, fault_of_times, misfit
from cds_service.trust.errors import NotAuthenticatedError, Reason
from cds_service.trust.jwk import Key
from cds_service.trust.keys import Keys
from cds_service.trust.tokens import Token, read_token

ORDER = tuple(Reason)


class Nonces(Protocol):
    """Remembers which tokens were used; shared by all workers and replicas."""

    def first_use(self, issuer: str, jti: str, expires_at: float) -> bool:
        """True for the first caller with this nonce, False for every other until it has expired."""


@dataclass(slots=True, kw_only=True)
class Proof:
    """What a token proves, worked out once for each key: many tenants may share one."""

    token: Token
    now: float
    _seen: dict[Key, Claims | Reason] = field(default_factory=dict)

    def by(self, key: Key) -> Claims | Reason:
        """The claims, if this key signed them and they hold now; the signature goes before all it covers."""
        if key not in self._seen:
            self._seen[key] = self._by(key)
        return self._seen[key]

    def _by(self, key: Key) -> Claims | Reason:
        if not key.verifies(self.token.algorithm, self.token.signed, self.token.signature):
            return Reason.BAD_SIGNATURE
        claims = claims_of(self.token.claims)
        if isinstance(claims, Reason):
            return claims
        return fault_of_times(claims, self.now) or claims


class Verifier:
    """Tells who calls; one for each worker process, for all its threads."""

    def __init__(
        self,
        keys: Keys,
        nonces: Nonces,
        *,
        public_url: str | None,
        now: Callable[[], float] = time.time,
        sandbox_key: Mapping[str, str] = sandbox.KEY,
    ) -> None:
        self._keys = keys
        self._nonces = nonces
        self._public_url = public_url.rstrip("/") if public_url else None
        self._now = now
        self._sandbox_key = dict(sandbox_key)

    def verify(
        self, authorization: str | None, path: str, tenants: Sequence[Tenant], loopback_url: str | None
    ) -> Tenant:
        """The tenant whose client sent this token for this path, for the first time.

        Args:
            authorization: The header as it came; None: there was none.
            path: What was called, e.g. "/cds-services/low-back-pain-patient-view".
            tenants: Those in force. Development mode's one lets in who sends no token; a token that is
                sent there must be the CDS Hooks Sandbox's.
            loopback_url: The base URL that was called, if it is on this machine: in development mode `aud`
                may begin with it.

        Raises:
            NotAuthenticatedError: the client is not let in.
        """
        development = tenants[0] if len(tenants) == 1 and tenants[0].development else None
        if authorization is None:
            if development is not None:
                return development
            raise NotAuthenticatedError(Reason.NO_TOKEN)
        token = read_token(authorization)
        candidates = [sandbox.as_client(development, self._sandbox_key)] if development else tenants
        found, claims = self._fitting(token, candidates, self._urls(path, loopback_url, development))
        if not self._nonces.first_use(token.issuer, claims.nonce, claims.expires_at + SKEW_S):
            raise NotAuthenticatedError(Reason.REPLAYED, token.shown)
        return development or found

    def _urls(self, path: str, loopback_url: str | None, development: Tenant | None) -> Collection[str]:
        """What `aud` may be: exactly what was called, as clients spell it."""
        bases = [self._public_url] if self._public_url else []
        if loopback_url is not None and development:  # a Host header could name any machine's loopback
            bases.append(loopback_url.rstrip("/"))
        return {base + path for base in bases}

    def _fitting(
        self, token: Token, tenants: Sequence[Tenant], urls: Collection[str]
    ) -> tuple[Tenant, Claims]:
        """The one tenant that the token fits."""
        named = _named(token, tenants)
        proof = Proof(token=token, now=self._now())
        fitting: list[tuple[Tenant, Claims]] = []
        reasons: list[Reason] = []
        for tenant in named:
            claims = self._fit(proof, tenant, urls)
            if isinstance(claims, Reason):
                reasons.append(claims)
            else:
                fitting.append((tenant, claims))
        if not fitting:  # told is the reason of the tenant that the token came nearest to
            raise NotAuthenticatedError(max(reasons, key=ORDER.index), token.shown)
        if len(fitting) > 1:  # which site's data and rules would be meant is not known
            raise NotAuthenticatedError(Reason.AMBIGUOUS_TENANT, token.shown)
        return fitting[0]

    def _fit(self, proof: Proof, tenant: Tenant, urls: Collection[str]) -> Claims | Reason:
        """The claims, if the token is this tenant's."""
        token = proof.token
        if token.jku is not None and token.jku != tenant.jku:
            return Reason.JKU_NOT_LISTED
        key = self._keys.find(tenant, token.kid, token.algorithm)
        if isinstance(key, Reason):
            return key
        if key.published and not tenant.development:
            return Reason.PUBLIC_PRIVATE_KEY
        claims = proof.by(key)
        if isinstance(claims, Reason):
            return claims
        return misfit(claims, tenant, urls) or claims


def _named(token: Token, tenants: Sequence[Tenant]) -> Sequence[Tenant]:
    """The tenants whose issuer the token names: not yet believed, it only chooses what to compare with."""
    if token.issuer == sandbox.ISSUER and not any(tenant.development for tenant in tenants):
        raise NotAuthenticatedError(Reason.PUBLIC_PRIVATE_KEY, token.shown)
    named = [tenant for tenant in tenants if tenant.issuer == token.issuer]
    if not named:
        raise NotAuthenticatedError(Reason.UNKNOWN_ISSUER, token.shown)
    return named
