"""Checks the id token that comes with an access token: for us, for this launch, signed by the issuer.

Nothing of it is kept: it shows that the answer was made for this very launch.

Source:
    https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
"""

import json
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

import jwt

from cds_service.fetching.refusals import NotFetchedError
from cds_service.fetching.web import Web
from cds_service.launch.discovery import Endpoints
from cds_service.launch.oauth import Return
from cds_service.launch.troubles import LaunchError, Trouble

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "ES256", "ES384", "ES512", "EdDSA"]
LIMIT_BYTES = 256 * 1024
LEEWAY_S = 60


def check_id_token(web: Web, back: Return, token: str) -> None:
    """Refuse an id token that is not for this launch.

    A server that publishes no keys, or is asked for no identity, cannot be checked: what it sends is
    passed over, and the access token is what counts.

    Raises:
        LaunchError: it is not for us, not for this launch, or not signed as it must be.
    """
    server, endpoints, pending = back.server, back.endpoints, back.pending
    if endpoints.keys is None or "openid" not in pending.scope.split():
        return
    try:
        keys = json.loads(
            web.get(
                endpoints.keys,
                headers={"Accept": "application/json"},
                reach=server.endpoint(endpoints.keys),
                deadline=back.deadline,
                limit_bytes=LIMIT_BYTES,
            )
        )
    except NotFetchedError:
        raise LaunchError(Trouble.SERVER_AWAY, server.tenant.id) from None
    try:
        claims = _claims(token, keys, endpoints, server.smart.client_id)
    except (jwt.PyJWTError, KeyError, StopIteration, TypeError, ValueError):
        raise LaunchError(Trouble.WRONG_IDENTITY, server.tenant.id) from None
    if not compare_digest(str(claims.get("nonce", "")).encode(), pending.nonce.encode()):
        raise LaunchError(Trouble.WRONG_IDENTITY, server.tenant.id)


def _claims(token: str, keys: Mapping[str, Any], endpoints: Endpoints, client_id: str) -> dict[str, Any]:
    kid = jwt.get_unverified_header(token).get("kid")
    public = jwt.PyJWKSet.from_dict(dict(keys)).keys
    key = next(one for one in public if one.key_id == kid or (kid is None and len(public) == 1))
    return jwt.decode(
        token,
        key,
        algorithms=ALGORITHMS,
        audience=client_id,
        issuer=endpoints.issuer,
        leeway=LEEWAY_S,
        options={"require": ["exp", "aud", "iss"]},
    )
