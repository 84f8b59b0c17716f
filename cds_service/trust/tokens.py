"""The token as it comes: taken apart strictly, its header checked, nothing of it believed yet."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from cds_service.trust.algorithms import ALGORITHMS
from cds_service.trust.errors import NotAuthenticatedError, Reason, shown

LONGEST_HEADER = 8192  # characters of `Authorization`; real tokens have some 700
LONGEST_NAME = 256  # characters of `kid` and `jti`


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token of the right shape; who made it is not known."""

    algorithm: str
    kid: str
    jku: str | None  # as the header has it; a value that is no text is refused as not listed
    issuer: str
    claims: Mapping[str, object]
    signed: bytes
    signature: bytes

    @property
    def shown(self) -> Mapping[str, str]:
        """What of it may be logged."""
        return shown(self.kid, self.claims)


def read_token(authorization: str) -> Token:
    """The token of an `Authorization` header.

    `jwk`, `x5u` and `x5c` in its header are not looked at: keys come from the tenant alone.

    Raises:
        NotAuthenticatedError: it has not the shape of a token that could be accepted.
    """
    parts = _parts(authorization)
    header = _object(_decoded(parts[0]), Reason.HEADER_UNREADABLE)
    fault = _fault_of(header)
    if fault is not None:
        raise NotAuthenticatedError(fault, shown(header.get("kid")))
    claims = _object(_decoded(parts[1]), Reason.CLAIMS_UNREADABLE)
    signature = _decoded(parts[2])
    issuer = claims.get("iss")
    if not (isinstance(issuer, str) and issuer):
        raise NotAuthenticatedError(Reason.ISSUER_MISSING, shown(header["kid"], claims))
    return Token(
        algorithm=str(header["alg"]),
        kid=str(header["kid"]),
        jku=_jku(header),
        issuer=issuer,
        claims=claims,
        signed=f"{parts[0]}.{parts[1]}".encode("ascii"),
        signature=signature,
    )


def is_name(value: object) -> bool:
    """A text that can name a key or be a nonce: neither empty nor huge, nothing that a store trips over."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and value.isprintable()


def _parts(authorization: str) -> list[str]:
    if len(authorization) > LONGEST_HEADER:
        raise NotAuthenticatedError(Reason.TOKEN_TOO_LONG)
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip(" "):
        raise NotAuthenticatedError(Reason.NOT_BEARER)
    parts = token.strip(" ").split(".")
    if len(parts) != 3:
        raise NotAuthenticatedError(Reason.TOKEN_MALFORMED)
    return parts


def _decoded(part: str) -> bytes:
    """Base64url without padding (RFC 7515 2), in its one spelling: a token must not have several."""
    try:
        data = urlsafe_b64decode(f"{part}==")
    except ValueError as error:  # also: not ASCII
        raise NotAuthenticatedError(Reason.TOKEN_MALFORMED) from error
    if urlsafe_b64encode(data).rstrip(b"=") != part.encode("ascii"):  # letters that were passed over, too
        raise NotAuthenticatedError(Reason.TOKEN_MALFORMED)
    return data


def _object(data: bytes, unreadable: Reason) -> Mapping[str, object]:
    """A JSON object in UTF-8, each member once at every depth."""
    try:
        value = DECODER.decode(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # ValueError: also bad UTF-8, and numbers of 4300 digits
        raise NotAuthenticatedError(unreadable) from error
    if not isinstance(value, dict):
        raise NotAuthenticatedError(unreadable)
    return value


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        # two readers may take different ones: RFC 7515 4, RFC 8725 2.4
        raise NotAuthenticatedError(Reason.DUPLICATE_MEMBER)
    return members


def _no_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_no_constant)


def _fault_of(header: Mapping[str, object]) -> Reason | None:
    algorithm = header.get("alg")
    if not (isinstance(algorithm, str) and algorithm in ALGORITHMS):
        return Reason.ALGORITHM_NOT_ALLOWED
    if "crit" in header or "b64" in header:
        return Reason.CRITICAL_HEADER
    # CDS Hooks wants `typ`, but libraries leave it out (RFC 7519 5.1: optional), and it proves nothing that
    # the audience does not: a token that says what it is must say JWT, one that does not say may pass
    kind = header.get("typ", "JWT")
    if not (isinstance(kind, str) and kind.upper() == "JWT"):
        return Reason.WRONG_TYPE
    if "kid" not in header:
        return Reason.KID_MISSING
    return None if is_name(header["kid"]) else Reason.KID_MALFORMED


def _jku(header: Mapping[str, object]) -> str | None:
    if "jku" not in header:
        return None
    jku = header["jku"]
    return jku if isinstance(jku, str) else ""  # no tenant's jku is empty
