"""What a token claims: read after its signature was verified, then compared with what is expected."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cds_service.tenants.model import Tenant
from cds_service.trust.errors import Reason
from cds_service.trust.tokens import is_name

SKEW_S = 30.0  # clocks of two hospitals' servers may differ by so much
LONGEST_LIFE_S = 3600.0  # CDS Hooks best practice: nonces are kept as long as the longest token lives
LATEST = 253_402_300_799  # 9999-12-31


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """The claims of the right types; times in seconds since 1970."""

    expires_at: float
    issued_at: float
    not_before: float | None
    nonce: str
    audiences: tuple[str, ...]
    subject: object
    tenant: object


def claims_of(members: Mapping[str, object]) -> Claims | Reason:
    """The claims, or the first that is missing or of a wrong type."""
    expires_at = _time(members, "exp")
    if expires_at is None:
        return Reason.EXPIRY_MALFORMED if "exp" in members else Reason.EXPIRY_MISSING
    issued_at = _time(members, "iat")
    if issued_at is None:
        return Reason.ISSUED_AT_MALFORMED if "iat" in members else Reason.ISSUED_AT_MISSING
    not_before = _time(members, "nbf")
    if not_before is None and "nbf" in members:
        return Reason.NOT_BEFORE_MALFORMED
    nonce = members.get("jti")
    if not (isinstance(nonce, str) and is_name(nonce)):
        return Reason.NONCE_MALFORMED if "jti" in members else Reason.NONCE_MISSING
    audiences = _audiences(members.get("aud"))
    if not audiences:
        return Reason.AUDIENCE_MALFORMED if audiences is None else Reason.AUDIENCE_MISSING
    return Claims(
        expires_at=expires_at,
        issued_at=issued_at,
        not_before=not_before,
        nonce=nonce,
        audiences=audiences,
        subject=members.get("sub"),
        tenant=members.get("tenant"),
    )


def fault_of_times(claims: Claims, now: float) -> Reason | None:
    """Why the token does not hold now, if it does not."""
    faults = {
        Reason.EXPIRED: claims.expires_at + SKEW_S <= now,
        Reason.ISSUED_IN_FUTURE: claims.issued_at > now + SKEW_S,
        Reason.NOT_YET_VALID: claims.not_before is not None and claims.not_before > now + SKEW_S,
        Reason.EXPIRES_BEFORE_ISSUED: claims.expires_at <= claims.issued_at,
        Reason.LIVES_TOO_LONG: claims.expires_at - claims.issued_at > LONGEST_LIFE_S + SKEW_S,
    }
    return next((reason for reason, is_so in faults.items() if is_so), None)


def misfit(claims: Claims, tenant: Tenant, urls: Collection[str]) -> Reason | None:
    """Why the token is not this tenant's for this call, if it is not.

    `aud` is compared exactly, a trailing slash and the letter case included: what was called is what
    must be signed. A `tenant` claim that the tenants file does not expect is refused: one EHR vendor
    signs for many sites with one issuer and key, and the claim may say that the token is another's.
    """
    if not any(audience in urls or audience in tenant.audiences for audience in claims.audiences):
        return Reason.WRONG_AUDIENCE
    if tenant.subject is not None and claims.subject != tenant.subject:
        return Reason.WRONG_SUBJECT
    if claims.tenant == tenant.claim:
        return None
    return Reason.UNEXPECTED_TENANT if tenant.claim is None else Reason.WRONG_TENANT


def _time(members: Mapping[str, object], name: str) -> float | None:
    value = members.get(name)
    # a bool is an int in Python; NaN and infinity fail the comparison
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LATEST:
        return None
    return float(value)


def _audiences(value: object) -> tuple[str, ...] | None:
    """One text or a list of texts; () when it names none, None when it is neither."""
    listed = [value] if isinstance(value, str) else [] if value is None else value
    if not isinstance(listed, list) or not all(isinstance(audience, str) for audience in listed):
        return None
    return tuple(audience for audience in listed if audience)
