"""The keys of a client that stand in the tenants file: public, asymmetric, strong enough, each with an id."""

from collections.abc import Callable, Iterable, Mapping

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from cds_service.tenants.tables import one_of
from cds_service.trust.algorithms import CURVES, RSA
from cds_service.trust.jwk import RSA_BITS, inline_key_set
from cds_service.trust.tokens import is_name

# RFC 7518 (RSA, EC, symmetric) and 8037 (OKP): what only the owner of a key may know
PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
PUBLIC = ("kty", "kid", "use", "alg", "crv", "x", "y", "n", "e")
TYPES = ("RSA", *sorted({kty for kty, _ in CURVES}))


def public_keys(
    place: str, keys: Iterable[Mapping[str, object]], wrong: Callable[[str, str], None]
) -> tuple[dict[str, str], ...]:
    """The public members of each key; what is wrong with one is told to `wrong`, never with a value."""
    seen: set[object] = set()
    sound: list[dict[str, str]] = []
    for number, key in enumerate(keys):
        fault = _fault(key) or ("kid stands there twice" if key["kid"] in seen else None)
        if fault is not None:
            wrong(f"{place}[{number}]", fault)
            continue
        seen.add(key["kid"])
        sound.append({name: text for name in PUBLIC if isinstance(text := key.get(name), str)})
    return tuple(sound)


def _fault(key: Mapping[str, object]) -> str | None:
    checks = (_secret_fault, _member_fault, _kind_fault, _use_fault, _material_fault)
    return next((fault for check in checks if (fault := check(key)) is not None), None)


def _secret_fault(key: Mapping[str, object]) -> str | None:
    if key.get("kty") == "oct":
        return (
            "kty 'oct' is a shared secret, and a token signed with one is never accepted; exchange "
            "a public key, RSA or EC"
        )
    private = [name for name in PRIVATE if name in key]
    if not private:
        return None
    return (
        f"holds a private key ({', '.join(private)}); only the public members belong here, and the key "
        "must be replaced: it is no secret any more"
    )


def _member_fault(key: Mapping[str, object]) -> str | None:
    for name in PUBLIC:
        if not isinstance(key.get(name, ""), str):
            return f"{name} must be text"
    if not is_name(key.get("kid")):
        return "kid is needed, up to 256 printable characters: a token names its key by it"
    return None


def _kind_fault(key: Mapping[str, object]) -> str | None:
    kty, curve = key.get("kty"), key.get("crv")
    if kty not in TYPES:
        return f"kty must be {one_of(TYPES)}"
    curves = [name for kind, name in CURVES if kind == kty]
    if curves and curve not in curves:
        weak = "; P-256 is for ES256, which is weaker than CDS Hooks recommends" if curve == "P-256" else ""
        return f"crv must be {one_of(curves)}{weak}"
    return None


def _use_fault(key: Mapping[str, object]) -> str | None:
    if key.get("use", "sig") != "sig":
        return "use must be sig: this key is not for signatures"
    operations = key.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return "key_ops must hold verify"
    algorithms = _algorithms(key)
    if key.get("alg", algorithms[0]) not in algorithms:
        return f"alg must be {one_of(algorithms)} for this key"
    return None


def _material_fault(key: Mapping[str, object]) -> str | None:
    public = {name: key[name] for name in PUBLIC if name in key}
    damaged = "cannot be read as a public key: a member is missing or damaged"
    try:
        made = PyJWK(public, _algorithms(key)[0]).key
    except (PyJWTError, ValueError, KeyError, TypeError):  # the messages quote the key
        return damaged
    if isinstance(made, RSAPublicKey) and made.key_size not in RSA_BITS:
        return f"is an RSA key of {made.key_size} bits; {RSA_BITS[0]} to {RSA_BITS[-1]} are accepted"
    usable = inline_key_set([public]).keys.get(str(key["kid"]))
    if usable is None:  # those who verify with it have the last word
        return damaged
    if any(one.published for one in usable):
        return "is the key of the CDS Hooks Sandbox, whose private half is public: anyone could sign with it"
    return None


def _algorithms(key: Mapping[str, object]) -> list[str]:
    """The algorithms that a key of a known kind is for, the usual one first."""
    return sorted(RSA if key["kty"] == "RSA" else CURVES[str(key["kty"]), str(key["crv"])], key=_unusual)


def _unusual(algorithm: str) -> tuple[bool, str]:
    return algorithm.startswith("PS"), algorithm
