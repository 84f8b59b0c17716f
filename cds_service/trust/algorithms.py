"""The signature algorithms that are allowed; everything else does not exist here."""

from typing import Final

from jwt import PyJWS

# CDS Hooks recommends RS384 and ES384; those that are at least as strong are taken too. None of these is
# symmetric, and `none` is not among them. PyJWT's own decode() is not used: it takes a token with duplicate
# members, and choosing the key before it would read the header twice.
ALGORITHMS: Final = {
    name: PyJWS().get_algorithm_by_name(name)
    for name in ("RS384", "RS512", "PS384", "PS512", "ES384", "ES512", "EdDSA")
}
RSA: Final = frozenset({"RS384", "RS512", "PS384", "PS512"})
CURVES: Final = {  # (kty, crv) of a JWK: the algorithms that its key is for
    ("EC", "P-384"): frozenset({"ES384"}),
    ("EC", "P-521"): frozenset({"ES512"}),
    ("OKP", "Ed25519"): frozenset({"EdDSA"}),
    ("OKP", "Ed448"): frozenset({"EdDSA"}),
}
