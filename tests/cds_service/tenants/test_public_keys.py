"""Keys in the tenants file: public and strong, or refused for the right reason, never with the key."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from cds_service.tenants.loading import TenantsError, load_tenants
from tests.cds_service.tenants.making import SETTINGS, a_file, toml_table, with_keys

PLACE = "tenants.toml: tenants.st-vincent.jwks.keys"
PRIVATE_RSA = rsa.generate_private_key(65537, 2048)
PRIVATE_EC = ec.generate_private_key(ec.SECP384R1())
WEAK_RSA = rsa.generate_private_key(65537, 1024)  # noqa: S505 - to be refused
SANDBOX = {
    "kty": "EC",
    "crv": "P-384",
    "kid": "another-name",
    "x": "dw_JGR8nB2I6XveNxUOl2qk699ZPLM2nYI5STSdiEl9avAkrm3CkfYMbrrjr8laB",
    "y": "Sm3mLE-n1zYNla_aiE3cb3nZsL51RbC7ysw3q8aJLxGm-hx79RPMYpITDjp7kgzy",
}


def an_rsa_key(**changes: Any) -> dict[str, Any]:
    return json.loads(RSAAlgorithm.to_jwk(PRIVATE_RSA.public_key())) | {"kid": "k1"} | changes


def an_ec_key(curve: ec.EllipticCurve | None = None, **changes: Any) -> dict[str, Any]:
    key = PRIVATE_EC if curve is None else ec.generate_private_key(curve)
    return json.loads(ECAlgorithm.to_jwk(key.public_key())) | {"kid": "k1"} | changes


def an_okp_key(private: ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey) -> dict[str, Any]:
    return json.loads(OKPAlgorithm.to_jwk(private.public_key())) | {"kid": "k1"}


def without(key: dict[str, Any], name: str) -> dict[str, Any]:
    return {member: value for member, value in key.items() if member != name}


def loaded(folder: Path, *keys: dict[str, Any]) -> tuple[dict[str, str], ...]:
    path = a_file(folder, with_keys(*map(toml_table, keys)))
    (tenant,) = load_tenants(path, SETTINGS)
    return tenant.jwks


SOUND_KEYS = {
    "RSA": an_rsa_key(),
    "RSA for PS512": an_rsa_key(alg="PS512", use="sig"),
    "P-384": an_ec_key(),
    "P-521": an_ec_key(ec.SECP521R1(), alg="ES512"),
    "Ed25519": an_okp_key(ed25519.Ed25519PrivateKey.generate()),
    "Ed448": an_okp_key(ed448.Ed448PrivateKey.generate()),
}


@pytest.mark.parametrize("key", SOUND_KEYS.values(), ids=SOUND_KEYS.keys())
def test_a_public_key_is_taken_with_its_text_members(tmp_path: Path, key: dict[str, Any]) -> None:
    (taken,) = loaded(tmp_path, key | {"key_ops": ["verify"], "x5c": ["MII"], "ext": True})

    expected = {name: value for name, value in key.items() if isinstance(value, str)}
    assert taken == expected


def test_several_keys_stand_beside_each_other(tmp_path: Path) -> None:
    taken = loaded(tmp_path, an_rsa_key(kid="old"), an_ec_key(kid="new"))

    assert [key["kid"] for key in taken] == ["old", "new"]


FAULTY_KEYS = {
    "a shared secret": (
        {"kty": "oct", "k": "SECRET", "kid": "k1"},
        "kty 'oct' is a shared secret, and a token",
    ),
    "a private RSA key": (
        json.loads(RSAAlgorithm.to_jwk(PRIVATE_RSA)) | {"kid": "k1"},
        "holds a private key (d, p, q, dp, dq, qi); only the public members belong here, and the key must be",
    ),
    "a private EC key": (
        json.loads(ECAlgorithm.to_jwk(PRIVATE_EC)) | {"kid": "k1"},
        "holds a private key (d); only",
    ),
    "no kid": (without(an_ec_key(), "kid"), "kid is needed, up to 256 printable characters"),
    "an empty kid": (an_ec_key(kid=""), "kid is needed"),
    "a kid of another type": (an_ec_key(kid=7), "kid must be text"),
    "no type": (without(an_ec_key(), "kty"), "kty must be one of: RSA, EC, OKP"),
    "an unknown type": (an_ec_key(kty="DSA"), "kty must be one of: RSA, EC, OKP"),
    "P-256": (
        an_ec_key(ec.SECP256R1()),
        "crv must be one of: P-384, P-521; P-256 is for ES256, which is weaker than CDS Hooks recommends",
    ),
    "an unknown curve": (an_ec_key(crv="P-1"), "crv must be one of: P-384, P-521"),
    "X25519": (
        {"kty": "OKP", "crv": "X25519", "x": "AAAA", "kid": "k1"},
        "crv must be one of: Ed25519, Ed448",
    ),
    "a curve that is not the key's": (an_ec_key(crv="P-521"), "cannot be read as a public key: a member is"),
    "a weak RSA key": (
        json.loads(RSAAlgorithm.to_jwk(WEAK_RSA.public_key())) | {"kid": "k1"},
        "is an RSA key of 1024 bits; 2048 to 8192 are accepted",
    ),
    "for encryption": (an_rsa_key(use="enc"), "use must be sig: this key is not for signatures"),
    "for another operation": (an_rsa_key(key_ops=["sign"]), "key_ops must hold verify"),
    "a weaker algorithm": (
        an_rsa_key(alg="RS256"),
        "alg must be one of: RS384, RS512, PS384, PS512 for this key",
    ),
    "HMAC with a public key": (an_rsa_key(alg="HS256"), "alg must be one of: RS384, RS512, PS384, PS512"),
    "another curve's algorithm": (an_ec_key(alg="ES512"), "alg must be one of: ES384 for this key"),
    "a member missing": (without(an_ec_key(), "y"), "cannot be read as a public key"),
    "a damaged member": (an_rsa_key(n="!!!"), "cannot be read as a public key"),
    "a point off the curve": (an_ec_key(y=an_ec_key()["x"]), "cannot be read as a public key"),
    "an absurd exponent": (an_rsa_key(e="Ag"), "cannot be read as a public key"),
    "the sandbox's key": (SANDBOX, "is the key of the CDS Hooks Sandbox, whose private half is public"),
}


@pytest.mark.parametrize(("key", "expected"), FAULTY_KEYS.values(), ids=FAULTY_KEYS.keys())
def test_a_faulty_key_is_refused_without_being_shown(
    tmp_path: Path, key: dict[str, Any], expected: str
) -> None:
    with pytest.raises(TenantsError) as refused:
        loaded(tmp_path, key)

    told = str(refused.value)
    assert told.startswith(f"{PLACE}[0]: {expected}")
    assert "\n" not in told
    material = [str(key[name]) for name in ("d", "k", "n", "x", "y") if len(str(key.get(name, ""))) > 4]
    assert [value for value in material if value in told] == []


def test_a_kid_stands_once(tmp_path: Path) -> None:
    with pytest.raises(TenantsError) as refused:
        loaded(tmp_path, an_rsa_key(), an_ec_key())

    assert str(refused.value) == f"{PLACE}[1]: kid stands there twice"


def test_every_faulty_key_is_told(tmp_path: Path) -> None:
    with pytest.raises(TenantsError) as refused:
        loaded(tmp_path, an_rsa_key(use="enc"), an_ec_key(kid="k2"), an_ec_key(kty="DSA"))

    assert [line.split(": ")[1] for line in str(refused.value).splitlines()] == [
        "tenants.st-vincent.jwks.keys[0]",
        "tenants.st-vincent.jwks.keys[2]",
    ]
