"""An EHR to launch from: an authorization server made with Authlib, in front of a FHIR server.

It grants authorization codes with PKCE, S256 only, each code once, and lets nobody read the record but
with an access token that it has given, of the patient in context, within its scopes.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from secrets import token_urlsafe
from typing import Any, ClassVar

import requests
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, OAuth2Error, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, Response, jsonify, request
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import WSGIRequestHandler, make_server

from cds_service.fetching.scopes import Scopes

CLIENT, SECRET = "backpath-at-st-vincent", "a secret of the tests alone"
USER = "Practitioner/dr-example"


@dataclass
class Client(ClientMixin):
    client_id: str
    redirect_uris: tuple[str, ...]
    secret: str | None = None
    id_token_signed_response_alg = "RS256"  # noqa: S105 - no password

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uris[0]

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, secret: str) -> bool:
        return self.secret is not None and secret == self.secret

    def check_endpoint_auth_method(self, method: str, _: str) -> bool:
        return method == ("none" if self.secret is None else "client_secret_basic")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Code:
    code: str
    client_id: str
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str
    code_challenge_method: str
    patient: str | None

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


@dataclass
class Token:
    patient: str | None
    scope: str


@dataclass
class Ehr:
    """What it does can be changed between launches."""

    origin: str = ""
    fhir: str = ""  # of the FHIR server behind
    behind: tuple[str, ...] = ()  # further addresses that the FHIR server's links begin with
    clients: dict[str, Client] = field(default_factory=dict)
    launches: dict[str, str | None] = field(default_factory=dict)  # `launch`: patient
    picked: str | None = None  # by the user, in a standalone launch
    consent: bool = True
    expires_in: int | None = 3600
    smart: bool = True  # publishes smart-configuration; else the older extension
    oauth: bool = True
    is_away: bool = False
    issuer_of_id_tokens: str | None = None
    audience_of_id_tokens: str | None = None
    nonce_of_id_tokens: str | None = None
    token_padding: int = 0
    app_context: str | None = None
    capabilities: tuple[str, ...] = ("launch-ehr", "launch-standalone", "client-public", "permission-v2")
    endpoints: dict[str, str] = field(default_factory=dict)  # of another origin
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)  # authorization requests
    published: RSAKey | None = None  # instead of the key that signs
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"}))

    @property
    def base(self) -> str:
        return f"{self.origin}/fhir"

    def launch(self, patient: str | None) -> str:
        """The EHR's word for a launch with a patient open."""
        word = token_urlsafe(12)
        self.launches[word] = patient
        return word

    def register(self, redirect_uri: str, *, client_id: str = CLIENT, secret: str | None = None) -> None:
        known = self.clients.get(client_id)
        uris = (redirect_uri, *(known.redirect_uris if known else ()))
        self.clients[client_id] = Client(client_id, uris, secret)


class _CodeGrant(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar = ["none", "client_secret_basic"]
    ehr: Ehr

    def save_authorization_code(self, code: str, asked: Any) -> None:
        data = asked.payload.data
        launch = data.get("launch")
        self.ehr.codes[code] = Code(
            code=code,
            client_id=asked.client.client_id,
            redirect_uri=asked.payload.redirect_uri,
            scope=asked.payload.scope,
            nonce=data.get("nonce"),
            code_challenge=data["code_challenge"],
            code_challenge_method=data["code_challenge_method"],
            patient=self.ehr.launches.get(launch) if launch else self.ehr.picked,
        )

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        found = self.ehr.codes.get(code)
        return found if found and found.client_id == client.client_id else None

    def delete_authorization_code(self, code: Code) -> None:
        del self.ehr.codes[code.code]

    def authenticate_user(self, _: Code) -> str:
        return USER


class _Strict(CodeChallenge):
    SUPPORTED_CODE_CHALLENGE_METHOD: ClassVar = ["S256"]

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        assert grant.request.payload.data.get("code_challenge"), "every launch must use PKCE"
        super().validate_code_challenge(grant, redirect_uri)


class _IdTokens(OpenIDCode):
    def __init__(self, ehr: Ehr) -> None:
        super().__init__(require_nonce=True)
        self.ehr = ehr

    def exists_nonce(self, *_: Any) -> bool:
        return False

    def resolve_client_private_key(self, _: Client) -> Any:
        return self.ehr.key

    def get_encode_header(self, _: Client) -> dict[str, str]:
        return {"alg": "RS256", "kid": "k1"}

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        return {
            "iss": self.ehr.issuer_of_id_tokens or self.ehr.origin,
            "aud": self.ehr.audience_of_id_tokens or client.client_id,
        }

    def get_authorization_code_claims(self, code: Any) -> dict[str, Any]:
        return {"nonce": self.ehr.nonce_of_id_tokens or code.nonce}

    def generate_user_info(self, user: str, _: str) -> UserInfo:
        return UserInfo(sub="dr-example", fhirUser=user)


def _server(app: Flask, ehr: Ehr) -> AuthorizationServer:
    app.config["OAUTH2_ACCESS_TOKEN_GENERATOR"] = lambda *_, **__: (
        f"secret-{token_urlsafe(24)}{'x' * ehr.token_padding}"
    )

    def save_token(token: dict[str, Any], asked: Any) -> None:
        patient = asked.authorization_code.patient
        ehr.tokens[token["access_token"]] = Token(patient=patient, scope=token["scope"])

    server = AuthorizationServer(app, ehr.clients.get, save_token)

    class Grant(_CodeGrant):
        pass

    Grant.ehr = ehr
    server.register_grant(Grant, [_Strict(required=True), _IdTokens(ehr)])
    return server


def _app(ehr: Ehr) -> Flask:
    app = Flask("ehr")

    @app.before_request
    def away() -> Response | None:
        return Response("{}", 503) if ehr.is_away else None

    _grants(app, ehr)
    _publishes(app, ehr)
    _reads(app, ehr)
    return app


def _grants(app: Flask, ehr: Ehr) -> None:
    """/authorize and /token."""
    server = _server(app, ehr)

    @app.get("/authorize")
    def authorize() -> Any:
        ehr.asked.append(request.args.to_dict())
        assert request.args["aud"].rstrip("/") == ehr.base
        try:
            grant = server.get_consent_grant(end_user=USER)
        except OAuth2Error as error:
            return dict(error.get_body()), 400
        return server.create_authorization_response(grant_user=USER if ehr.consent else None, grant=grant)

    @app.post("/token")
    def token() -> Response:
        code = ehr.codes.get(request.form.get("code", ""))
        response: Response = server.create_token_response()
        if response.status_code != 200:
            return response
        body = json.loads(response.get_data())
        context = {
            "expires_in": ehr.expires_in,
            "patient": code.patient if code else None,
            "appContext": ehr.app_context,
        }
        return jsonify({key: value for key, value in (body | context).items() if value is not None})


def _publishes(app: Flask, ehr: Ehr) -> None:
    """Where access is granted, and the keys of id tokens."""

    @app.get("/jwks")
    def keys() -> Response:
        return jsonify(KeySet([ehr.published or ehr.key]).as_dict(private=False))

    @app.get("/fhir/.well-known/smart-configuration")
    def configuration() -> Response:
        if not (ehr.smart and ehr.oauth):
            return Response("{}", 404)
        told = {
            "issuer": ehr.origin,
            "authorization_endpoint": f"{ehr.origin}/authorize",
            "token_endpoint": f"{ehr.origin}/token",
            "jwks_uri": f"{ehr.origin}/jwks",
            "code_challenge_methods_supported": ["S256"],
            "capabilities": list(ehr.capabilities),
        }
        return jsonify(told | ehr.endpoints)

    @app.get("/fhir/metadata")
    def metadata() -> Response:
        uris = [{"url": name, "valueUri": f"{ehr.origin}/{name}"} for name in ("authorize", "token")]
        extension = {
            "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
            "extension": uris,
        }
        security = {"extension": [extension] if ehr.oauth else []}
        return jsonify({"resourceType": "CapabilityStatement", "rest": [{"security": security}]})


def _reads(app: Flask, ehr: Ehr) -> None:
    """The record, for who has a token that covers it."""

    @app.get("/fhir/<path:path>")
    def read(path: str) -> Response:
        sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
        found = ehr.tokens.get(sent)
        if found is None:
            return Response("{}", 401)
        kind, _, own_id = path.partition("/")
        patient = own_id if kind == "Patient" else request.args.get("patient", found.patient)
        scopes = Scopes.of(found.scope)
        permitted = scopes.may_read(kind) if own_id else bool(scopes.searches(kind))
        if patient != found.patient or not permitted:
            return Response("{}", 403)
        answer = requests.get(f"{ehr.fhir}/{path}", params=request.args, timeout=60)
        text = answer.text
        for address in (ehr.fhir, *ehr.behind):
            text = text.replace(address, ehr.base)
        return Response(text, answer.status_code, content_type=answer.headers.get("Content-Type"))


class _Silent(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        pass


@contextmanager
def an_ehr(fhir: str, *behind: str) -> Iterator[Ehr]:
    """A running EHR.

    Args:
        fhir: Base URL of the FHIR server behind it, which asks for no token.
        behind: Other base URLs that this server writes into its links.
    """
    ehr = Ehr(fhir=fhir, behind=behind)
    server = make_server("127.0.0.1", 0, _app(ehr), threaded=True, request_handler=_Silent)
    ehr.origin = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield ehr
    finally:
        server.shutdown()
        server.server_close()
