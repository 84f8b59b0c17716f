"""What is sent to get in: how each token is made, why it is refused, and its neighbour that is accepted."""

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha384

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.utils import base64url_decode

from cds_service.tenants.model import Tenant
from cds_service.trust import sandbox
from cds_service.trust.errors import Reason
from tests.cds_service.trust.making import (
    ACCEPTED,
    ISSUER,
    JKU,
    LOOPBACK_URL,
    NOW,
    PATH,
    PUBLIC_URL,
    bearer,
    claims,
    encoded,
    header,
    jwk,
    key,
    key_set,
    signature,
    tenant,
    token,
)

URL = PUBLIC_URL + PATH
ORDER_P384 = (
    0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One header that must not get in; `accepted` differs from it in nothing but the point."""

    name: str
    reason: Reason
    refused: Callable[[], str | None]
    accepted: Callable[[], str]
    tenant: Tenant


def attack(
    name: str,
    reason: Reason,
    refused: Callable[[], str | None],
    accepted: Callable[[], str] | None = None,
    by: Tenant | None = None,
) -> Attack:
    neighbour = accepted or (lambda: bearer(token()))
    return Attack(name=name, reason=reason, refused=refused, accepted=neighbour, tenant=by or tenant())


def headed(alg: object = "ES384", *, by: str = "ES384", **changed: object) -> Callable[[], str]:
    """A token with this header, properly signed."""
    return lambda: bearer(token(header(alg, **changed), by=by))


def claimed(**changed: object) -> Callable[[], str]:
    """A token with these claims, properly signed."""
    return lambda: bearer(token(claimed=claims(**changed)))


def raw(first: bytes | None = None, second: bytes | None = None) -> Callable[[], str]:
    """A token with these very bytes as header or claims, properly signed."""
    return lambda: bearer(token(first, second))


def text_of(members: dict[str, object], more: str = "") -> bytes:
    return (json.dumps(members)[:-1] + more + "}").encode()


def forged(sign: Callable[[str], str], alg: object = "ES384", **changed: object) -> Callable[[], str]:
    """A token whose signature part is whatever `sign` gives for what is to be signed."""

    def made() -> str:
        signed = f"{encoded(header(alg, **changed))}.{encoded(claims())}"
        return bearer(f"{signed}.{sign(signed)}")

    return made


def proper(name: str) -> Callable[[str], str]:
    return lambda signed: signature(signed, name)


def with_secret(secret: Callable[[], bytes]) -> Callable[[str], str]:
    return lambda signed: encoded(hmac.new(secret(), signed.encode(), sha384).digest())


def public_pem() -> bytes:
    return key("RS384").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def as_der(signed: str) -> str:
    """ECDSA as X.509 writes it, not as JOSE does."""
    raw_signature = base64url_decode(signature(signed, "ES384"))
    return encoded(encode_dss_signature(*(int.from_bytes(half) for half in halves(raw_signature))))


def halves(data: bytes) -> tuple[bytes, bytes]:
    return data[: len(data) // 2], data[len(data) // 2 :]


def flipped(signed: str) -> str:
    data = base64url_decode(signature(signed, "ES384"))
    return encoded(bytes([data[0] ^ 1]) + data[1:])


def other_spelling(part: str) -> str:
    """The same bytes in base64url whose unused last bits are not zero."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(part) % 4 == 2
    return part[:-1] + alphabet[alphabet.index(part[-1]) + 1]


def swapped(part: int) -> Callable[[], str]:
    """A good token with the header or the claims of another good token."""

    def made() -> str:
        own, others = token().split("."), token(header(typ="jwt")).split(".")
        own[part] = others[part]
        return bearer(".".join(own))

    return made


def without(part: int) -> Callable[[], str]:
    def made() -> str:
        parts = token().split(".")
        del parts[part]
        return bearer(".".join(parts))

    return made


@cache
def once_used() -> str:
    return bearer(token(claimed=claims(jti="used")))


def malleable_twin() -> str:
    """The used token with the other valid ECDSA signature of the same claims: s becomes -s."""
    signed, _, part = once_used().removeprefix("Bearer ").rpartition(".")
    first, second = halves(base64url_decode(part))
    negated = ORDER_P384 - int.from_bytes(second)
    twin = first + negated.to_bytes(48)
    assert decode_dss_signature(encode_dss_signature(int.from_bytes(first), negated))[1] == negated
    return bearer(f"{signed}.{encoded(twin)}")


def listed() -> bytes:
    """The good client's key set, with keys in it that nothing may be verified with."""
    good = [jwk(name) for name in ACCEPTED]
    return key_set(
        *good,
        jwk("RS1024", "rsa-1024"),
        jwk("ES256", "p-256", alg=None),
        jwk("ES256", "p-256 for ES384", alg="ES384"),
        jwk("RS256", "for-rs256"),
        jwk("RS384 plain", "any-rsa", alg=None, use=None),
        jwk("ES384 enc", "for-encryption", use="enc"),
        jwk("ES384 ops", "to-sign", key_ops=["sign"], use=None),
        jwk("ES384 ops", "to-verify", key_ops=["verify"], use=None),
        jwk("ES384 open", "private", d="AAAA"),
        jwk("ES384 open", "not-private"),
        jwk("ES384", "no-point", x=jwk("ES384 other")["x"]),
        {"kty": "oct", "kid": "secret", "k": "c2VjcmV0", "alg": "HS384"},
        {"kty": "oct", "kid": "secret for RS384", "k": "c2VjcmV0", "alg": "RS384"},
        sandbox.KEY | {"kid": "of-the-sandbox"},
    )


WITH_SUBJECT = tenant(subject="backpath")
WITH_CLAIM = tenant(claim="north")

ALGORITHMS = [
    attack("none, unsigned", Reason.ALGORITHM_NOT_ALLOWED, forged(lambda _: "", "none", kid="ES384")),
    *(
        attack(f"none spelt {word!r}", Reason.ALGORITHM_NOT_ALLOWED, forged(lambda _: "", word, kid="ES384"))
        for word in ("None", "NONE", "nOnE", "none ", "")
    ),
    attack("none, with a good signature", Reason.ALGORITHM_NOT_ALLOWED, headed("none", kid="ES384")),
    *(
        attack(
            f"{alg} with the public key as the secret",
            Reason.ALGORITHM_NOT_ALLOWED,
            forged(with_secret(public_pem), alg, kid="RS384"),
            headed("RS384", by="RS384"),
        )
        for alg in ("HS256", "HS384", "HS512")
    ),
    attack(
        "RS384 in name, HMAC with the public key in truth",
        Reason.BAD_SIGNATURE,
        forged(with_secret(public_pem), "RS384"),
        forged(proper("RS384"), "RS384"),
    ),
    attack(
        "a symmetric key in the set, named HS384",
        Reason.ALGORITHM_NOT_ALLOWED,
        forged(with_secret(lambda: b"secret"), "HS384", kid="secret"),
    ),
    attack(
        "a symmetric key in the set, named RS384",
        Reason.UNUSABLE_KEY,
        forged(with_secret(lambda: b"secret"), "RS384", kid="secret for RS384"),
        forged(proper("RS384"), "RS384"),
    ),
    attack(
        "RS256: weaker than RS384",
        Reason.ALGORITHM_NOT_ALLOWED,
        headed("RS256", kid="any-rsa", by="RS256"),
        headed("RS384", kid="any-rsa", by="RS384 plain"),
    ),
    attack(
        "ES256: weaker than ES384", Reason.ALGORITHM_NOT_ALLOWED, headed("ES256", kid="p-256", by="ES256")
    ),
    attack("PS256", Reason.ALGORITHM_NOT_ALLOWED, headed("PS256", kid="any-rsa", by="PS256")),
    attack(
        "ES521, an alias of the library",
        Reason.ALGORITHM_NOT_ALLOWED,
        headed("ES521", kid="ES512", by="ES512"),
    ),
    attack("es384 in small letters", Reason.ALGORITHM_NOT_ALLOWED, headed("es384", kid="ES384")),
    attack("no algorithm", Reason.ALGORITHM_NOT_ALLOWED, headed(None, kid="ES384")),
    attack("a list of algorithms", Reason.ALGORITHM_NOT_ALLOWED, headed(["ES384"], kid="ES384")),
    attack("a number as algorithm", Reason.ALGORITHM_NOT_ALLOWED, headed(384, kid="ES384")),
]

KEYS = [
    attack(
        "RS384 with the kid of an EC key",
        Reason.KEY_NOT_FOR_ALGORITHM,
        headed("RS384", kid="ES384", by="RS384"),
        headed("RS384", by="RS384"),
    ),
    attack("ES384 with the kid of an RSA key", Reason.KEY_NOT_FOR_ALGORITHM, headed("ES384", kid="RS384")),
    attack(
        "ES512 with the kid of a P-384 key",
        Reason.KEY_NOT_FOR_ALGORITHM,
        headed("ES512", kid="ES384", by="ES512"),
        headed("ES512", by="ES512"),
    ),
    attack(
        "ES384 with the kid of an Ed25519 key", Reason.KEY_NOT_FOR_ALGORITHM, headed("ES384", kid="EdDSA")
    ),
    attack(
        "PS384 with a key that says RS384",
        Reason.KEY_NOT_FOR_ALGORITHM,
        headed("PS384", kid="RS384", by="PS384"),
        headed("PS384", by="PS384"),
    ),
    attack(
        "RS384 with a key that says RS256",
        Reason.KEY_NOT_FOR_ALGORITHM,
        headed("RS384", kid="for-rs256", by="RS384"),
        headed("RS384", kid="any-rsa", by="RS384 plain"),
    ),
    attack(
        "an RSA key of 1024 bits",
        Reason.UNUSABLE_KEY,
        headed("RS384", kid="rsa-1024", by="RS1024"),
        headed("RS384", by="RS384"),
    ),
    attack("a P-256 key", Reason.UNUSABLE_KEY, headed("ES384", kid="p-256")),
    attack("a P-256 key that says ES384", Reason.UNUSABLE_KEY, headed("ES384", kid="p-256 for ES384")),
    attack("a key for encryption", Reason.UNUSABLE_KEY, headed(kid="for-encryption", by="ES384 enc")),
    attack(
        "a key that may not verify",
        Reason.UNUSABLE_KEY,
        headed(kid="to-sign", by="ES384 ops"),
        headed(kid="to-verify", by="ES384 ops"),
    ),
    attack(
        "a key published with its private part",
        Reason.UNUSABLE_KEY,
        headed(kid="private", by="ES384 open"),
        headed(kid="not-private", by="ES384 open"),
    ),
    attack("a key that is no point of its curve", Reason.UNUSABLE_KEY, headed(kid="no-point")),
    attack("the sandbox's key as a client's", Reason.PUBLIC_PRIVATE_KEY, headed(kid="of-the-sandbox")),
    attack(
        "an attacker's key in the header (jwk)",
        Reason.BAD_SIGNATURE,
        lambda: bearer(token(header(jwk=jwk("ES384 other")), by="ES384 other")),
        lambda: bearer(token(header(jwk=jwk("ES384 other")))),
    ),
    attack(
        "an attacker's key in the header, with its own kid",
        Reason.UNKNOWN_KEY,
        lambda: bearer(token(header(jwk=jwk("ES384 other"), kid="mine"), by="ES384 other")),
    ),
    attack(
        "an attacker's certificate (x5c, x5u)",
        Reason.BAD_SIGNATURE,
        headed(x5c=["MIIB"], x5u="https://evil.example.net/c.pem", by="ES384 other"),
        headed(x5c=["MIIB"], x5u="https://evil.example.net/c.pem"),
    ),
]

HEADERS = [
    *(
        attack(f"jku {what}", Reason.JKU_NOT_LISTED, headed(jku=jku, by="ES384 other"), headed(jku=JKU))
        for what, jku in {
            "of an attacker": "https://evil.example.net/jwks.json",
            "with a trailing slash": f"{JKU}/",
            "with a query": f"{JKU}?x",
            "with a fragment": f"{JKU}#x",
            "in capitals": JKU.upper(),
            "with the listed host as its user": "https://ehr.example.org@evil.example.net/jwks.json",
            "on the listed host, elsewhere": "https://ehr.example.org/uploads/jwks.json",
            "that is a file": "file:///etc/passwd",
            "that is empty": "",
            "that is a number": 1,
            "that is a list": [JKU],
            "of the sandbox": sandbox.JKU,
        }.items()
    ),
    attack(
        "a jku where the tenant has none",
        Reason.JKU_NOT_LISTED,
        headed(kid="in-file", by="ES384 in-file"),
        headed(jku=None, kid="in-file", by="ES384 in-file"),
        tenant(jku=None, jwks=(jwk("ES384 in-file", "in-file"),)),
    ),
    attack("crit with a claim's name", Reason.CRITICAL_HEADER, headed(crit=["exp"], exp=1)),
    attack("crit, empty", Reason.CRITICAL_HEADER, headed(crit=[])),
    attack("crit that is null", Reason.CRITICAL_HEADER, lambda: bearer(token({**header(), "crit": None}))),
    attack("b64 false, with crit", Reason.CRITICAL_HEADER, headed(crit=["b64"], b64=False)),
    attack("b64 false, alone", Reason.CRITICAL_HEADER, headed(b64=False)),
    attack("b64 true", Reason.CRITICAL_HEADER, headed(b64=True)),
    attack("an access token", Reason.WRONG_TYPE, headed(typ="at+jwt"), headed(typ="jwt")),
    attack("typ JOSE", Reason.WRONG_TYPE, headed(typ="JOSE"), headed(typ=None)),
    attack("typ that is a list", Reason.WRONG_TYPE, headed(typ=["JWT"])),
    attack("no kid", Reason.KID_MISSING, headed(kid=None)),
    attack("kid empty", Reason.KID_MALFORMED, headed(kid="")),
    attack("kid a number", Reason.KID_MALFORMED, headed(kid=1)),
    attack("kid of 257 characters", Reason.KID_MALFORMED, headed(kid="k" * 257)),
    attack("kid with NUL", Reason.KID_MALFORMED, headed(kid="ES384\0")),
    attack("kid of 256 characters, unknown", Reason.UNKNOWN_KEY, headed(kid="k" * 256)),
    attack("kid in other letters", Reason.UNKNOWN_KEY, headed(kid="es384")),
    attack("kid with a blank", Reason.UNKNOWN_KEY, headed(kid="ES384 ")),
    attack("kid that is a path", Reason.UNKNOWN_KEY, headed(kid="../../../../dev/null")),
    attack("kid that is SQL", Reason.UNKNOWN_KEY, headed(kid="x' UNION SELECT 'ES384")),
]

SIGNATURES = [
    attack("another key of the same kind", Reason.BAD_SIGNATURE, headed(by="ES384 other")),
    attack("one bit changed", Reason.BAD_SIGNATURE, forged(flipped), forged(proper("ES384"))),
    attack("no signature", Reason.BAD_SIGNATURE, forged(lambda _: ""), forged(proper("ES384"))),
    attack("a short signature", Reason.BAD_SIGNATURE, forged(lambda _: "AAAA"), forged(proper("ES384"))),
    attack("r and s zero (CVE-2022-21449)", Reason.BAD_SIGNATURE, forged(lambda _: encoded(bytes(96)))),
    attack(
        "r and s the order of the curve",
        Reason.BAD_SIGNATURE,
        forged(lambda _: encoded(ORDER_P384.to_bytes(48) * 2)),
    ),
    attack("ECDSA in DER", Reason.BAD_SIGNATURE, forged(as_der), forged(proper("ES384"))),
    attack(
        "an RSA signature of zeros",
        Reason.BAD_SIGNATURE,
        forged(lambda _: encoded(bytes(256)), "RS384"),
        forged(proper("RS384"), "RS384"),
    ),
    attack(
        "PS384 in name, RS384 in truth",
        Reason.BAD_SIGNATURE,
        forged(proper("RS384 plain"), "PS384", kid="any-rsa"),
        forged(proper("RS384 plain"), "RS384", kid="any-rsa"),
    ),
    attack(
        "RS384 in name, SHA-256 in truth",
        Reason.BAD_SIGNATURE,
        forged(proper("RS256 plain"), "RS384", kid="any-rsa"),
        forged(proper("RS384 plain"), "RS384", kid="any-rsa"),
    ),
    attack("the claims of another token", Reason.BAD_SIGNATURE, swapped(1)),
    attack("the header of another token", Reason.BAD_SIGNATURE, swapped(0)),
]

SHAPES = [
    attack("no header at all", Reason.NO_TOKEN, lambda: None),
    attack("an empty header", Reason.NOT_BEARER, lambda: ""),
    attack("Basic", Reason.NOT_BEARER, lambda: "Basic b3BlcmF0b3I6eA==", lambda: f"bearer {token()}"),
    attack("Bearer without a token", Reason.NOT_BEARER, lambda: "Bearer ", lambda: f"BEARER  {token()}"),
    attack("another scheme", Reason.NOT_BEARER, lambda: f"DPoP {token()}"),
    attack("a token without Bearer", Reason.NOT_BEARER, token),
    attack("a tab for the blank", Reason.NOT_BEARER, lambda: f"Bearer\t{token()}"),
    attack("two tokens", Reason.TOKEN_MALFORMED, lambda: f"{bearer(token())}, {bearer(token())}"),
    attack(
        "over 8 kB",
        Reason.TOKEN_TOO_LONG,
        lambda: bearer(token(claimed=claims(more="x" * 6000))),
        lambda: bearer(token(claimed=claims(more="x" * 5000))),
    ),
    attack("two parts", Reason.TOKEN_MALFORMED, without(2)),
    attack("four parts", Reason.TOKEN_MALFORMED, lambda: bearer(f"{token()}.")),
    attack(
        "five parts, as an encrypted token", Reason.TOKEN_MALFORMED, lambda: bearer(f"{token()}.AAAA.AAAA")
    ),
    attack("JSON serialization", Reason.TOKEN_MALFORMED, lambda: bearer('{"payload":"e30","signatures":[]}')),
    attack("padding", Reason.TOKEN_MALFORMED, lambda: bearer(f"{token()}="), None),
    attack("a blank within", Reason.TOKEN_MALFORMED, lambda: bearer(token().replace(".", ". "))),
    attack("a letter beyond ASCII", Reason.TOKEN_MALFORMED, lambda: bearer(f"{token()}é")),
    attack("plain base64", Reason.TOKEN_MALFORMED, lambda: bearer(token().replace(".", ".++/", 1))),
    attack(
        "another spelling of the same bytes",
        Reason.TOKEN_MALFORMED,
        lambda: bearer(f"{encoded(header())}.{encoded(claims())}.{other_spelling(encoded(bytes(64)))}"),
        lambda: bearer(token()),
    ),
    attack("a header that is no JSON", Reason.HEADER_UNREADABLE, raw(b"{alg:ES384}")),
    attack("a header that is a list", Reason.HEADER_UNREADABLE, raw(b"[]")),
    attack(
        "a header in UTF-16",
        Reason.HEADER_UNREADABLE,
        lambda: bearer(token(json.dumps(header()).encode("utf-16"))),
    ),
    attack(
        "a header with a BOM",
        Reason.HEADER_UNREADABLE,
        lambda: bearer(token(b"\xef\xbb\xbf" + text_of(header()))),
    ),
    attack(
        "a header with more behind it",
        Reason.HEADER_UNREADABLE,
        lambda: bearer(token(text_of(header()) + b"{}")),
    ),
    attack("a deep header", Reason.HEADER_UNREADABLE, raw(b'{"alg":' + b"[" * 2500)),
    attack("alg twice", Reason.DUPLICATE_MEMBER, lambda: bearer(token(text_of(header(), ', "alg": "none"')))),
    attack(
        "aud twice",
        Reason.DUPLICATE_MEMBER,
        lambda: bearer(token(None, text_of(claims(), f', "aud": "{URL}"'))),
    ),
    attack(
        "twice within a claim",
        Reason.DUPLICATE_MEMBER,
        lambda: bearer(token(None, text_of(claims(), ', "x": {"a": 1, "a": 1}'))),
        lambda: bearer(token(None, text_of(claims(), ', "x": {"a": 1, "b": 1}'))),
    ),
    attack("claims that are no JSON", Reason.CLAIMS_UNREADABLE, raw(None, b"iss=x")),
    attack("claims that are a list", Reason.CLAIMS_UNREADABLE, raw(None, b"[1]")),
    attack(
        "claims with NaN",
        Reason.CLAIMS_UNREADABLE,
        lambda: bearer(token(None, text_of(claims(), ', "x": NaN'))),
    ),
    attack(
        "a number of 5000 digits",
        Reason.CLAIMS_UNREADABLE,
        lambda: bearer(token(None, text_of(claims(exp=None), f', "exp": {"9" * 5000}'))),
    ),
]

WHO = [
    attack("no issuer", Reason.ISSUER_MISSING, claimed(iss=None)),
    attack("an empty issuer", Reason.ISSUER_MISSING, claimed(iss="")),
    attack("a number as issuer", Reason.ISSUER_MISSING, claimed(iss=1)),
    attack("an unknown issuer", Reason.UNKNOWN_ISSUER, claimed(iss="https://evil.example.net")),
    attack("the issuer with a slash", Reason.UNKNOWN_ISSUER, claimed(iss=f"{ISSUER}/")),
    attack("the issuer in capitals", Reason.UNKNOWN_ISSUER, claimed(iss=ISSUER.upper())),
    attack("the sandbox as issuer", Reason.PUBLIC_PRIVATE_KEY, claimed(iss=sandbox.ISSUER)),
    attack("no sub", Reason.WRONG_SUBJECT, claimed(), claimed(sub="backpath"), WITH_SUBJECT),
    attack(
        "another sub", Reason.WRONG_SUBJECT, claimed(sub="Backpath"), claimed(sub="backpath"), WITH_SUBJECT
    ),
    attack("no tenant", Reason.WRONG_TENANT, claimed(), claimed(tenant="north"), WITH_CLAIM),
    attack(
        "another tenant", Reason.WRONG_TENANT, claimed(tenant="south"), claimed(tenant="north"), WITH_CLAIM
    ),
    attack(
        "a list of tenants",
        Reason.WRONG_TENANT,
        claimed(tenant=["north"]),
        claimed(tenant="north"),
        WITH_CLAIM,
    ),
    attack("a tenant where none is stated", Reason.UNEXPECTED_TENANT, claimed(tenant="south"), claimed()),
]

AUDIENCES = [
    attack("no aud", Reason.AUDIENCE_MISSING, claimed(aud=None)),
    attack("an empty aud", Reason.AUDIENCE_MISSING, claimed(aud="")),
    attack("an empty list", Reason.AUDIENCE_MISSING, claimed(aud=[]), claimed(aud=[URL])),
    attack("a number", Reason.AUDIENCE_MALFORMED, claimed(aud=1)),
    attack("an object", Reason.AUDIENCE_MALFORMED, claimed(aud={URL: 1})),
    attack("a list with a number", Reason.AUDIENCE_MALFORMED, claimed(aud=[URL, 1]), claimed(aud=[URL, "x"])),
    *(
        attack(f"aud {what}", Reason.WRONG_AUDIENCE, claimed(aud=aud), claimed(aud=URL))
        for what, aud in {
            "of discovery": f"{PUBLIC_URL}/cds-services",
            "of another service": f"{PUBLIC_URL}/cds-services/low-back-pain-order-sign",
            "of feedback": f"{URL}/feedback",
            "of another host": f"https://cds.example.com{PATH}",
            "of another host that begins alike": f"{PUBLIC_URL}.evil.example.net{PATH}",
            "with http": f"http://cds.example.org{PATH}",
            "with a slash": f"{URL}/",
            "with a query": f"{URL}?x",
            "in capitals": URL.upper(),
            "that is a path": PATH,
            "of the base": PUBLIC_URL,
            "of loopback behind a public URL": LOOPBACK_URL + PATH,
            "that is a list of others": [PUBLIC_URL, "x"],
        }.items()
    ),
    attack(
        "aud that only another tenant accepts",
        Reason.WRONG_AUDIENCE,
        claimed(aud="Backpath"),
        claimed(aud="backpath"),
        tenant(audiences=("backpath",)),
    ),
]

TIMES = [
    attack("no exp", Reason.EXPIRY_MISSING, claimed(exp=None)),
    attack("exp a text", Reason.EXPIRY_MALFORMED, claimed(exp=str(int(NOW) + 300))),
    attack("exp true", Reason.EXPIRY_MALFORMED, claimed(exp=True)),
    attack("exp null", Reason.EXPIRY_MALFORMED, lambda: bearer(token(claimed={**claims(), "exp": None}))),
    attack(
        "exp infinite",
        Reason.EXPIRY_MALFORMED,
        lambda: bearer(token(None, text_of(claims(exp=None), ', "exp": 1e999'))),
    ),
    attack("exp beyond the year 9999", Reason.EXPIRY_MALFORMED, claimed(exp=10**12)),
    attack("exp negative", Reason.EXPIRY_MALFORMED, claimed(exp=-1)),
    attack("exp in milliseconds", Reason.EXPIRY_MALFORMED, claimed(exp=int(NOW + 300) * 1000)),
    attack(
        "expired by more than the skew",
        Reason.EXPIRED,
        claimed(exp=NOW - 30, iat=NOW - 90),
        claimed(exp=NOW - 29.5, iat=NOW - 90),
    ),
    attack("no iat", Reason.ISSUED_AT_MISSING, claimed(iat=None)),
    attack("iat a text", Reason.ISSUED_AT_MALFORMED, claimed(iat="now")),
    attack("iat false", Reason.ISSUED_AT_MALFORMED, claimed(iat=False)),
    attack(
        "issued later than the skew", Reason.ISSUED_IN_FUTURE, claimed(iat=NOW + 31), claimed(iat=NOW + 30)
    ),
    attack("nbf later than the skew", Reason.NOT_YET_VALID, claimed(nbf=NOW + 31), claimed(nbf=NOW + 30)),
    attack("nbf a text", Reason.NOT_BEFORE_MALFORMED, claimed(nbf="now"), claimed(nbf=NOW)),
    attack(
        "expires before it is issued",
        Reason.EXPIRES_BEFORE_ISSUED,
        claimed(exp=NOW - 5, iat=NOW),
        claimed(exp=NOW + 1, iat=NOW),
    ),
    attack(
        "lives longer than an hour",
        Reason.LIVES_TOO_LONG,
        claimed(iat=NOW, exp=NOW + 3631),
        claimed(iat=NOW, exp=NOW + 3630),
    ),
    attack("lives for years", Reason.LIVES_TOO_LONG, claimed(exp=NOW + 10**9)),
    attack("dated back to live longer", Reason.LIVES_TOO_LONG, claimed(iat=0)),
]

NONCES = [
    attack("no jti", Reason.NONCE_MISSING, claimed(jti=None)),
    attack("an empty jti", Reason.NONCE_MALFORMED, claimed(jti="")),
    attack("a number as jti", Reason.NONCE_MALFORMED, claimed(jti=7), claimed(jti="7")),
    attack("a jti of 257 characters", Reason.NONCE_MALFORMED, claimed(jti="j" * 257), claimed(jti="j" * 256)),
    attack("a jti with NUL", Reason.NONCE_MALFORMED, claimed(jti="a\0")),
    attack("a jti with half a surrogate", Reason.NONCE_MALFORMED, claimed(jti="\ud800")),
    attack("the same token again", Reason.REPLAYED, once_used, once_used),
    attack("a used token with its other signature", Reason.REPLAYED, malleable_twin, once_used),
    attack(
        "a used jti in a new token",
        Reason.REPLAYED,
        claimed(jti="used", iat=NOW - 1),
        once_used,
    ),
]

ATTACKS = [*SHAPES, *ALGORITHMS, *HEADERS, *KEYS, *SIGNATURES, *WHO, *TIMES, *AUDIENCES, *NONCES]
