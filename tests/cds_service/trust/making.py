"""Keys, tokens and tenants for the tests of trust."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from functools import cache
from itertools import count
from types import MappingProxyType
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from jwt import PyJWS
from jwt.algorithms import AllowedPrivateKeys, AllowedPublicKeys

from cds_service.tenants.model import Tenant
from cds_service.trust.errors import NotAuthenticatedError, Reason
from cds_service.trust.keys import Keys
from cds_service.trust.verifying import Verifier

NOW = 1_795_000_000.0
PUBLIC_URL = "https://cds.example.org"
PATH = "/cds-services/low-back-pain-patient-view"
LOOPBACK_URL = "http://127.0.0.1:5000"
ISSUER = "https://ehr.example.org"
JKU = "https://ehr.example.org/jwks.json"
NAMES = {"RS1024": "RS384", "Ed448": "EdDSA"}  # of a key: the algorithm that it is used with
ACCEPTED = ("RS384", "RS512", "PS384", "PS512", "ES384", "ES512", "EdDSA")


class UsedNonces:
    """Nonces in this process's memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], float] = {}

    def first_use(self, issuer: str, jti: str, expires_at: float) -> bool:
        first = (issuer, jti) not in self.kept
        self.kept.setdefault((issuer, jti), expires_at)
        return first


class KeyServer:
    """The key sets by `jku`, and what was asked for: a reader without a network."""

    def __init__(self, sets: Mapping[str, bytes]) -> None:
        self.sets = dict(sets)
        self.asked: list[str] = []

    def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        return self.sets[url]


@cache
def key(name: str) -> AllowedPrivateKeys:
    """The same key for the same name: "RS384" and so on; "RS384 other" is another; "RS1024" is weak."""
    kind = name.split(" ", maxsplit=1)[0]
    if kind[:2] in ("RS", "PS"):
        return rsa.generate_private_key(65537, 1024 if kind == "RS1024" else 2048)
    if kind == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    if kind == "Ed448":
        return ed448.Ed448PrivateKey.generate()
    curves: dict[str, type[Any]] = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}
    return ec.generate_private_key(curves[kind]())


def jwk(name: str, kid: str | None = None, **members: object) -> dict[str, Any]:
    """The public key as its owner publishes it; a member given as None is left out."""
    kind = name.split(" ", maxsplit=1)[0]
    alg = NAMES.get(kind, kind)
    public: AllowedPublicKeys = key(name).public_key()
    made = PyJWS().get_algorithm_by_name(alg).to_jwk(public, as_dict=True)
    made.pop("key_ops", None)
    made |= {"kid": kid or name, "alg": alg, "use": "sig"} | members
    return {name: value for name, value in made.items() if value is not None}


def key_set(*jwks: object) -> bytes:
    return json.dumps({"keys": jwks}).encode()


def encoded(data: object) -> str:
    """A part of a token: bytes as they are, anything else as JSON."""
    text = data if isinstance(data, bytes) else json.dumps(data).encode()
    return urlsafe_b64encode(text).rstrip(b"=").decode()


FRESH = count()


def claims(**changed: object) -> dict[str, object]:
    """Those of a good token with a nonce of its own; one given as None is left out."""
    good: dict[str, object] = {
        "iss": ISSUER,
        "aud": PUBLIC_URL + PATH,
        "iat": int(NOW) - 5,
        "exp": int(NOW) + 300,
        "jti": f"nonce-{next(FRESH)}",
    }
    return {name: value for name, value in (good | changed).items() if value is not None}


def header(alg: object = "ES384", **changed: object) -> dict[str, object]:
    """That of a good token; a member given as None is left out."""
    good = {"alg": alg, "typ": "JWT", "kid": alg, "jku": JKU}
    return {name: value for name, value in (good | changed).items() if value is not None}


def signature(signed: str, name: str) -> str:
    """Made with the key of this name and the algorithm that its first word says."""
    alg = name.split(" ", maxsplit=1)[0]
    algorithm = PyJWS().get_algorithm_by_name(NAMES.get(alg, alg))
    return encoded(algorithm.sign(signed.encode(), key(name)))


def token(
    named: Mapping[str, object] | bytes | None = None,
    claimed: Mapping[str, object] | bytes | None = None,
    *,
    by: str = "ES384",
) -> str:
    """A signed token, whatever it says; bytes stand as they are."""
    first = encoded(header() if named is None else named)
    second = encoded(claims() if claimed is None else claimed)
    return f"{first}.{second}.{signature(f'{first}.{second}', by)}"


def bearer(made: str) -> str:
    return f"Bearer {made}"


def tenant(**changed: Any) -> Tenant:
    good = Tenant(id="clinic", title="Clinic", issuer=ISSUER, jku=JKU)
    return msgspec.structs.replace(good, **changed)


@cache
def published() -> bytes:
    """The key set of the good client."""
    return key_set(*(jwk(name) for name in ACCEPTED))


def verifier(
    read: Callable[[str], bytes] | None = None,
    *,
    nonces: UsedNonces | None = None,
    public_url: str | None = PUBLIC_URL,
    now: float = NOW,
    sandbox_key: Mapping[str, str] = MappingProxyType({}),
) -> Verifier:
    keys = Keys(read or KeyServer({JKU: published()}))
    more = {"sandbox_key": sandbox_key} if sandbox_key else {}
    return Verifier(keys, nonces or UsedNonces(), public_url=public_url, now=lambda: now, **more)


def reason(
    authorization: str | None,
    *tenants: Tenant,
    by: Verifier | None = None,
    path: str = PATH,
    loopback_url: str | None = LOOPBACK_URL,
) -> Reason | None:
    """Why the header is refused; None: it is accepted."""
    try:
        (by or verifier()).verify(authorization, path, tenants or (tenant(),), loopback_url)
    except NotAuthenticatedError as error:
        return error.reason
    return None
