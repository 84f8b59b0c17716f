"""Why a client is not let in: one exception, and a fixed list of reasons for the operator's log."""

from collections.abc import Mapping
from enum import StrEnum

from pathway.errors import PathwayError

SHOWN = 200  # characters of a claim that are logged


class Reason(StrEnum):
    """Everything a token can be refused for, in the order in which it is looked at."""

    says: str  # the same in a sentence, for docs and operators

    def __new__(cls, word: str, says: str) -> "Reason":
        """A word for the log, and its sentence."""
        reason = str.__new__(cls, word)
        reason._value_ = word
        reason.says = says
        return reason

    NO_TOKEN = "no-token", "There is no Authorization header."
    NOT_BEARER = "not-bearer", "The Authorization header is not `Bearer` and a token."
    TOKEN_TOO_LONG = "token-too-long", "The Authorization header is over 8 kB."
    TOKEN_MALFORMED = "token-malformed", "The token is not three base64url parts with dots between."
    HEADER_UNREADABLE = "header-unreadable", "The token's header is not a JSON object."
    DUPLICATE_MEMBER = "duplicate-member", "A member stands twice in the token's header or claims."
    ALGORITHM_NOT_ALLOWED = "algorithm-not-allowed", "The algorithm is none of those allowed."
    CRITICAL_HEADER = "critical-header", "The header has `crit` or `b64`: extensions that are not known here."
    WRONG_TYPE = "wrong-type", "The header's `typ` is not JWT."
    KID_MISSING = "kid-missing", "The header names no key (`kid`)."
    KID_MALFORMED = "kid-malformed", "The header's `kid` is not a text of up to 256 characters."
    CLAIMS_UNREADABLE = "claims-unreadable", "The token's claims are not a JSON object."
    ISSUER_MISSING = "issuer-missing", "The token names no issuer (`iss`)."
    UNKNOWN_ISSUER = "unknown-issuer", "No tenant has this issuer (`iss`)."
    JKU_NOT_LISTED = "jku-not-listed", "The header's `jku` is not that of the tenant; it was not fetched."
    KEYS_NOT_FETCHED = "keys-not-fetched", "The tenant's key set could not be fetched, now or lately."
    UNKNOWN_KEY = "unknown-key", "The tenant has no key with this `kid`."
    UNUSABLE_KEY = (
        "unusable-key",
        "The tenant's key with this `kid` is too weak, private, or not for signatures.",
    )
    KEY_NOT_FOR_ALGORITHM = "key-not-for-algorithm", "The key with this `kid` is not for this algorithm."
    PUBLIC_PRIVATE_KEY = (
        "public-private-key",
        "The CDS Hooks Sandbox is not let in outside development mode: everybody has its private key.",
    )
    BAD_SIGNATURE = "bad-signature", "The signature does not verify with the tenant's key."
    EXPIRY_MISSING = "expiry-missing", "The token does not say when it expires (`exp`)."
    EXPIRY_MALFORMED = "expiry-malformed", "`exp` is not a time in seconds since 1970."
    ISSUED_AT_MISSING = "issued-at-missing", "The token does not say when it was issued (`iat`)."
    ISSUED_AT_MALFORMED = "issued-at-malformed", "`iat` is not a time in seconds since 1970."
    NOT_BEFORE_MALFORMED = "not-before-malformed", "`nbf` is not a time in seconds since 1970."
    NONCE_MISSING = "nonce-missing", "The token has no `jti`, so a replay could not be told."
    NONCE_MALFORMED = "nonce-malformed", "`jti` is not a printable text of 1 to 256 characters."
    EXPIRED = "expired", "The token has expired (`exp`); 30 s of clock skew are granted."
    ISSUED_IN_FUTURE = "issued-in-future", "`iat` is to come; 30 s of clock skew are granted."
    NOT_YET_VALID = "not-yet-valid", "`nbf` is to come; 30 s of clock skew are granted."
    EXPIRES_BEFORE_ISSUED = "expires-before-issued", "`exp` is not after `iat`."
    LIVES_TOO_LONG = (
        "lives-too-long",
        "From `iat` to `exp` is over an hour: each nonce is kept as long as its token lives.",
    )
    AUDIENCE_MISSING = "audience-missing", "The token names no audience (`aud`)."
    AUDIENCE_MALFORMED = "audience-malformed", "`aud` is neither a text nor a list of texts."
    WRONG_AUDIENCE = (
        "wrong-audience",
        "`aud` is neither exactly BACKPATH_PUBLIC_URL and the path called nor one of the tenant's audiences.",
    )
    WRONG_SUBJECT = "wrong-subject", "`sub` is not that of the tenant."
    WRONG_TENANT = "wrong-tenant", "The claim `tenant` is not that of the tenant."
    UNEXPECTED_TENANT = "unexpected-tenant", "The token has a claim `tenant`, and the tenant states none."
    AMBIGUOUS_TENANT = (
        "ambiguous-tenant",
        "More than one tenant fits the token: the tenants file must tell them apart.",
    )
    REPLAYED = "replayed", "A token with this `jti` has been used before."


class NotAuthenticatedError(PathwayError):
    """The client is not let in; the message tells nothing, the log gets `reason` and `detail`."""

    def __init__(self, reason: Reason, detail: Mapping[str, str] | None = None) -> None:
        super().__init__("Authentication is required.")
        self.reason = reason
        self.detail: Mapping[str, str] = detail or {}  # of iss, claimed_tenant, jti, kid those that are known


def shown(kid: object, claims: Mapping[str, object] | None = None) -> dict[str, str]:
    """What of a token may be logged (CDS Hooks: `iss`, `tenant`, `jti`), and `kid`; unverified, shortened."""
    known = claims or {}
    # under another word than the tenant of a call: whoever is refused may write any name there
    found = {name: known.get(name) for name in ("iss", "jti")}
    found |= {"claimed_tenant": known.get("tenant"), "kid": kid}
    # "replace": a lone surrogate is legal in JSON and cannot be written to a log
    return {
        name: value[:SHOWN].encode("utf-8", "replace").decode()
        for name, value in found.items()
        if isinstance(value, str)
    }
