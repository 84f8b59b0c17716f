"""Public keys as clients publish them: read once, and what each may be used for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWTError
from jwt.algorithms import AllowedPublicKeys

from cds_service.trust import sandbox
from cds_service.trust.algorithms import ALGORITHMS, CURVES, RSA
from cds_service.trust.errors import Reason
from cds_service.trust.tokens import is_name

RSA_BITS = range(2048, 8192 + 1)  # above: verifying costs too much
LONGEST_NUMBER = 1366  # base64url characters of 8192 bits
LONGEST_EXPONENT = 8  # base64url characters; 65537 has 4
MOST_KEYS = 100  # of a set; real ones have 1 to 10


class Jwk(msgspec.Struct, frozen=True, kw_only=True):
    """The members of a JWK that are read (RFC 7517, 7518); `x5u`, `x5c` and others are passed over."""

    kty: str
    kid: str
    alg: str | None = None
    use: str | None = None
    key_ops: tuple[str, ...] | None = None
    crv: str | None = None
    x: str | None = None
    y: str | None = None
    n: str | None = None
    e: str | None = None
    d: object = None  # only a private key has it


class UnusableKeyError(Exception):
    """No signature can be accepted with this key; never leaves this module."""


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """One public key, ready to verify with; two are equal only if they are the same object."""

    public: AllowedPublicKeys
    algorithms: frozenset[str]
    published: bool  # its private key is known to everybody

    def verifies(self, algorithm: str, signed: bytes, signature: bytes) -> bool:
        """The signature is that of this key's owner; `algorithm` is one of `algorithms`."""
        return ALGORITHMS[algorithm].verify(signed, self.public, signature)


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys of one client by `kid`; a tuple, for a set may have one `kid` for several key types."""

    keys: Mapping[str, tuple[Key, ...]]
    unusable: frozenset[str]  # the `kid` of those that were skipped

    def __contains__(self, kid: str) -> bool:
        return kid in self.keys or kid in self.unusable

    def find(self, kid: str, algorithm: str) -> Key | Reason:
        """The key of exactly this `kid` for this algorithm, or why there is none."""
        named = self.keys.get(kid, ())
        for key in named:
            if algorithm in key.algorithms:
                return key
        if named:
            return Reason.KEY_NOT_FOR_ALGORITHM
        return Reason.UNUSABLE_KEY if kid in self.unusable else Reason.UNKNOWN_KEY


class _Document(msgspec.Struct):
    keys: list[msgspec.Raw]


def read_key_set(document: bytes) -> KeySet:
    """The usable keys of a JWK set; odd ones are skipped.

    Raises:
        ValueError: it is no JWK set.
    """
    try:
        listed = msgspec.json.decode(document, type=_Document).keys
    except (msgspec.DecodeError, RecursionError) as error:  # also bad UTF-8
        raise ValueError("not a JWK set") from error
    return _key_set(map(_read, listed[:MOST_KEYS]))


def inline_key_set(jwks: Iterable[Mapping[str, object]]) -> KeySet:
    """The usable keys of a tenants file; odd ones are skipped."""
    return _key_set(map(_converted, jwks))


def _read(raw: msgspec.Raw) -> Jwk | None:
    try:
        return msgspec.json.decode(raw, type=Jwk)
    except (msgspec.DecodeError, RecursionError):
        return None


def _converted(jwk: Mapping[str, object]) -> Jwk | None:
    try:
        return msgspec.convert(jwk, Jwk)
    except msgspec.ValidationError:
        return None


def _key_set(jwks: Iterable[Jwk | None]) -> KeySet:
    keys: dict[str, tuple[Key, ...]] = {}
    unusable: set[str] = set()
    for jwk in jwks:
        if jwk is None or not is_name(jwk.kid):
            continue
        try:
            keys[jwk.kid] = (*keys.get(jwk.kid, ()), _key(jwk))
        except UnusableKeyError:
            unusable.add(jwk.kid)
    return KeySet(MappingProxyType(keys), frozenset(unusable))


def _key(jwk: Jwk) -> Key:
    if jwk.d is not None:
        raise UnusableKeyError("a private key that lies open proves nothing")
    if jwk.use not in (None, "sig") or (jwk.key_ops is not None and "verify" not in jwk.key_ops):
        raise UnusableKeyError("not for signatures")
    possible = RSA if jwk.kty == "RSA" else CURVES.get((jwk.kty, jwk.crv or ""))
    if possible is None:
        raise UnusableKeyError("a type or curve that is not allowed")
    public = _public(jwk, possible)
    allowed = possible if jwk.alg is None else possible & {jwk.alg}
    return Key(public=public, algorithms=allowed, published=_x(public) == SANDBOX_X)


def _public(jwk: Jwk, possible: frozenset[str]) -> AllowedPublicKeys:
    """The key itself, from its public members alone."""
    members = {
        name: value
        for name in ("kty", "crv", "x", "y", "n", "e")
        if (value := getattr(jwk, name)) is not None
    }
    if len(members.get("n", "")) > LONGEST_NUMBER or len(members.get("e", "")) > LONGEST_EXPONENT:
        raise UnusableKeyError("too costly")
    try:
        public: AllowedPublicKeys = ALGORITHMS[min(possible)].from_jwk(members)
    except (PyJWTError, ValueError, UnsupportedAlgorithm) as error:
        raise UnusableKeyError("not a key of its type") from error
    if isinstance(public, RSAPublicKey) and public.key_size not in RSA_BITS:
        raise UnusableKeyError("too weak, or too costly")
    return public


def _x(public: AllowedPublicKeys) -> int | None:
    """The first coordinate: it tells a pair of keys on a curve, however the JWK is spelt."""
    return public.public_numbers().x if isinstance(public, EllipticCurvePublicKey) else None


SANDBOX_X: Final = _x(_public(msgspec.convert(sandbox.KEY, Jwk), CURVES["EC", "P-384"]))
