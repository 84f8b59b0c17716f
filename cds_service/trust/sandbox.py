"""The CDS Hooks Sandbox, the reference client: known in development mode only, by this key alone.

Its private key stands in its repository, so its signature proves nothing.
Source: https://github.com/cds-hooks/sandbox; the `jku` is what its tokens name, and is never fetched.
"""

from typing import Final

import msgspec

from cds_service.tenants.model import Tenant

ISSUER: Final = "https://sandbox.cds-hooks.org"
JKU: Final = "https://sandbox.cds-hooks.org/.well-known/jwks.json"
KEY: Final[dict[str, str]] = {
    "kty": "EC",
    "use": "sig",
    "crv": "P-384",
    "kid": "44823f3d-0b01-4a6c-a80e-b9d3e8a7226f",
    "alg": "ES384",
    "x": "dw_JGR8nB2I6XveNxUOl2qk699ZPLM2nYI5STSdiEl9avAkrm3CkfYMbrrjr8laB",
    "y": "Sm3mLE-n1zYNla_aiE3cb3nZsL51RbC7ysw3q8aJLxGm-hx79RPMYpITDjp7kgzy",
}


def as_client(tenant: Tenant, key: dict[str, str]) -> Tenant:
    """Development mode's tenant with the one client that it knows."""
    return msgspec.structs.replace(tenant, issuer=ISSUER, jku=JKU, jwks=(key,))
