"""Tenants files and the signed calls of their clients."""

import json
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from flask.testing import FlaskClient

PUBLIC_URL = "https://cds.example.org"


@cache
def key_of(site: str) -> ec.EllipticCurvePrivateKey:
    """The private key of a site's client, the same for the whole test run."""
    assert site
    return ec.generate_private_key(ec.SECP384R1())


def issuer_of(site: str) -> str:
    return f"https://{site}.example.org"


def table_of(site: str, more: str = "") -> str:
    """The table of one tenant; `more` holds further lines of TOML."""
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key_of(site).public_key()))
    members = public | {"kid": site, "alg": "ES384"}
    jwk = ", ".join(f'{name} = "{value}"' for name, value in members.items())
    return (
        f'[tenants.{site}]\ntitle = "The site {site}"\nissuer = "{issuer_of(site)}"\n'
        f"jwks = {{keys = [{{{jwk}}}]}}\n{more}\n"
    )


def tenants_file(folder: Path, sites: Mapping[str, str]) -> Path:
    """A tenants file of these sites, each with further lines of TOML."""
    path = folder / "tenants.toml"
    path.write_text("\n".join(table_of(site, more) for site, more in sites.items()), encoding="utf-8")
    return path


def token(site: str, path: str, *, base: str = PUBLIC_URL, **claims: Any) -> str:
    """A token of a site's client for one call of `path`."""
    now = int(time.time())
    usual = {"iss": issuer_of(site), "aud": base + path, "iat": now, "exp": now + 300, "jti": str(uuid4())}
    return jwt.encode(usual | claims, key_of(site), "ES384", headers={"kid": site})


def signed(client: FlaskClient, site: str, method: str, path: str, **how: Any) -> Any:
    """A signed call; `claims` change the token's."""
    headers = {"Authorization": f"Bearer {token(site, path, **how.pop('claims', {}))}"}
    return client.open(path, method=method, headers=headers | how.pop("headers", {}), **how)
