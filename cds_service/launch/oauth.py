"""The client's part of OAuth 2.0 as SMART App Launch uses it: authorization code with PKCE.

Authlib makes the requests; they travel through the guarded `Web`.

Source:
    https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html, RFC 6749, RFC 7636, RFC 9207
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec
from authlib.common.security import generate_token  # type: ignore[import-untyped]
from authlib.oauth2.auth import ClientAuth  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.parameters import (  # type: ignore[import-untyped]
    prepare_grant_uri,
    prepare_token_request,
)
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]

from cds_service.fetching.reach import Reach
from cds_service.fetching.refusals import NotFetchedError, Why
from cds_service.launch.discovery import SMART_2, Endpoints
from cds_service.launch.places import SmartServer
from cds_service.launch.sessions import Pending
from cds_service.launch.troubles import LaunchError, Trouble

LIMIT_BYTES = 64 * 1024
SECRET_CHARACTERS = 48  # of state and nonce, each of some 6 bits
VERIFIER_CHARACTERS = 96
EHR, STANDALONE = "launch", "launch/patient"
REFUSED = frozenset({Why.STATUS_4XX, Why.STATUS_401, Why.STATUS_403})  # an error of RFC 6749, 5.2
USUAL_S = 900  # how long a token serves where the server does not say


class Submitter(Protocol):
    """Sends a form, guarded."""

    def submit(  # noqa: D102
        self,
        url: str,
        form: bytes,
        *,
        headers: dict[str, str],
        reach: Reach,
        deadline: float,
        limit_bytes: int,
    ) -> bytes: ...


class Granted(msgspec.Struct, frozen=True):
    """The answer of a token endpoint, as far as it is read."""

    access_token: str
    token_type: str
    expires_in: float | str | None = None  # seconds
    scope: str | None = None  # None: what was asked for
    patient: str | None = None
    id_token: str | None = None
    appContext: str | None = None  # noqa: N815 - CDS Hooks spells it so

    def __repr__(self) -> str:
        return "Granted()"

    @property
    def seconds(self) -> int:
        """How long it serves."""
        try:
            return USUAL_S if self.expires_in is None else int(float(self.expires_in))
        except (ValueError, OverflowError):
            return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Where the browser is sent, and what must be remembered until it is back."""

    url: str
    pending: Pending


def authorization(
    server: SmartServer, endpoints: Endpoints, *, iss: str, launch: str | None, redirect_uri: str, ends: int
) -> Asked:
    """The request to be granted access.

    Args:
        server: The FHIR server.
        endpoints: Of its authorization server.
        iss: The server as the launch spelled it: it is the audience.
        launch: The EHR's own word for this launch; None: standalone.
        redirect_uri: Where the browser comes back to.
        ends: Until when, in seconds since 1970.
    """
    pending = Pending(
        tenant=server.tenant.id,
        base=server.base,
        state=generate_token(SECRET_CHARACTERS),
        nonce=generate_token(SECRET_CHARACTERS),
        verifier=generate_token(VERIFIER_CHARACTERS),
        redirect_uri=redirect_uri,
        scope=_scopes(server.smart.scopes, endpoints, is_standalone=launch is None),
        ends=ends,
    )
    url = prepare_grant_uri(
        endpoints.authorize,
        server.smart.client_id,
        "code",
        redirect_uri=redirect_uri,
        scope=pending.scope,
        state=pending.state,
        aud=iss,
        launch=launch,
        nonce=pending.nonce if "openid" in pending.scope.split() else None,
        code_challenge=create_s256_code_challenge(pending.verifier),
        code_challenge_method="S256",
    )
    return Asked(url=str(url), pending=pending)


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """A launch that has come back: to whom we speak, and until when."""

    server: SmartServer
    endpoints: Endpoints
    pending: Pending
    deadline: float  # of `time.monotonic`


def granted(web: Submitter, back: Return, code: str) -> Granted:
    """What a code is exchanged for.

    Raises:
        LaunchError: the code is refused, the server is away, or gives no bearer token.
    """
    server, endpoints = back.server, back.endpoints
    body = prepare_token_request(
        "authorization_code",
        redirect_uri=back.pending.redirect_uri,
        code=code,
        code_verifier=back.pending.verifier,
    )
    secret = _secret(server)
    proof = ClientAuth(server.smart.client_id, secret, "client_secret_basic" if secret else "none")
    _, headers, form = proof.prepare("POST", endpoints.token, {"Accept": "application/json"}, body)
    try:
        answer = web.submit(
            endpoints.token,
            form.encode(),
            headers=headers,
            reach=server.endpoint(endpoints.token),
            deadline=back.deadline,
            limit_bytes=LIMIT_BYTES,
        )
        found = msgspec.json.decode(answer, type=Granted)
    except NotFetchedError as error:
        refused = error.why in REFUSED
        trouble = Trouble.CODE_REFUSED if refused else Trouble.SERVER_AWAY
        raise LaunchError(trouble, server.tenant.id) from None
    except msgspec.DecodeError:
        raise LaunchError(Trouble.TOKEN_UNUSABLE, server.tenant.id) from None
    if found.token_type.lower() != "bearer" or found.seconds <= 0:
        raise LaunchError(Trouble.TOKEN_UNUSABLE, server.tenant.id)
    return found


def _scopes(wanted: str, endpoints: Endpoints, *, is_standalone: bool) -> str:
    """The scopes in the version that the server knows, for the kind of launch that it is."""
    scopes = [scope for scope in wanted.split() if scope not in (EHR, STANDALONE)]
    if endpoints.names_capabilities and SMART_2 not in endpoints.capabilities:
        scopes = [scope.replace(".rs", ".read") if scope.endswith(".rs") else scope for scope in scopes]
    return " ".join([STANDALONE if is_standalone else EHR, *scopes])


def _secret(server: SmartServer) -> str | None:
    """The client's secret, read for each launch: it may be changed without a restart."""
    file = server.smart.client_secret_file
    if file is None:
        return None
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise LaunchError(Trouble.ACCESS_REFUSED, server.tenant.id) from None
