"""Where a FHIR server has access granted: `.well-known/smart-configuration`, else its CapabilityStatement.

Source:
    https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Lock

import msgspec

from cds_service.fetching.reach import reach_of
from cds_service.fetching.refusals import NotFetchedError, Why
from cds_service.fetching.web import Web
from cds_service.launch.places import SmartServer
from cds_service.launch.troubles import LaunchError, Trouble

LIMIT_BYTES = 256 * 1024
METADATA_BYTES = 8 * 1024 * 1024  # a CapabilityStatement may be large
LIFETIME_S = 300.0  # for which what was read serves
MOST_KEPT = 64
AWAY = frozenset({Why.UNREACHABLE, Why.UNTRUSTED, Why.TIMEOUT, Why.BROKEN, Why.STATUS_5XX, Why.STATUS_429})
OAUTH_URIS = (  # the extension, by its old and its older name
    "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
    "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris#extension",
)
SMART_2 = "permission-v2"  # the capability: scopes are written as in version 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """What a server publishes of its authorization server; each checked to be where it may be."""

    authorize: str
    token: str
    issuer: str | None = None
    keys: str | None = None  # of id tokens
    capabilities: frozenset[str] = frozenset()
    names_capabilities: bool = False


class _Configuration(msgspec.Struct):
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None
    issuer: str | None = None
    jwks_uri: str | None = None
    capabilities: list[str] | None = None


class _Extension(msgspec.Struct):
    url: str = ""
    valueUri: str | None = None  # noqa: N815 - as FHIR spells it
    extension: "list[_Extension]" = []


class _Security(msgspec.Struct):
    extension: list[_Extension] = []


class _Rest(msgspec.Struct):
    security: _Security | None = None


class _Capabilities(msgspec.Struct):
    rest: list[_Rest] = []


class Discovery:
    """Reads and keeps for a while what servers publish. One for each process."""

    def __init__(self, web: Web, clock: Callable[[], float] = time.monotonic) -> None:
        """Fetch through `web`."""
        self._web = web
        self._clock = clock
        self._lock = Lock()
        self._kept: OrderedDict[tuple[str, str], tuple[float, Endpoints]] = OrderedDict()

    def endpoints(self, server: SmartServer, deadline: float) -> Endpoints:
        """Where access to a server is granted.

        Raises:
            LaunchError: the server is away, publishes nothing, or points where it may not.
        """
        key = (server.tenant.id, server.base)
        with self._lock:
            at, found = self._kept.get(key, (0.0, None))
        if found is None or self._clock() - at >= LIFETIME_S:
            found = self._read(server, deadline)
            with self._lock:
                self._kept[key] = (self._clock(), found)
                while len(self._kept) > MOST_KEPT:
                    self._kept.popitem(last=False)
        _check(found, server)
        return found

    def _read(self, server: SmartServer, deadline: float) -> Endpoints:
        found = self._configuration(server, deadline) or self._oauth_uris(server, deadline)
        if found is None:
            raise LaunchError(Trouble.NOT_SMART, server.tenant.id)
        return found

    def _configuration(self, server: SmartServer, deadline: float) -> Endpoints | None:
        body = self._get(server, ".well-known/smart-configuration", LIMIT_BYTES, deadline)
        try:
            told = msgspec.json.decode(body or b"{}", type=_Configuration)
        except msgspec.DecodeError:
            return None
        if not (told.authorization_endpoint and told.token_endpoint):
            return None
        return Endpoints(
            authorize=told.authorization_endpoint,
            token=told.token_endpoint,
            issuer=told.issuer,
            keys=told.jwks_uri,
            capabilities=frozenset(told.capabilities or ()),
            names_capabilities=told.capabilities is not None,
        )

    def _oauth_uris(self, server: SmartServer, deadline: float) -> Endpoints | None:
        body = self._get(server, "metadata", METADATA_BYTES, deadline)
        try:
            told = msgspec.json.decode(body or b"{}", type=_Capabilities)
        except msgspec.DecodeError:
            return None
        uris = dict(_uris(told))
        authorize, token = uris.get("authorize"), uris.get("token")
        return Endpoints(authorize=authorize, token=token) if authorize and token else None

    def _get(self, server: SmartServer, path: str, limit: int, deadline: float) -> bytes | None:
        """The document; None where the server has none that can be read."""
        try:
            return self._web.get(
                f"{server.base}/{path}",
                headers={},
                reach=reach_of(server.tenant).within(server.base),
                deadline=deadline,
                limit_bytes=limit,
            )
        except NotFetchedError as error:
            if error.why in AWAY:
                raise LaunchError(Trouble.SERVER_AWAY, server.tenant.id) from None
            return None


def _uris(told: _Capabilities) -> Iterator[tuple[str, str]]:
    for rest in told.rest:
        for extension in rest.security.extension if rest.security else ():
            if extension.url in OAUTH_URIS:
                yield from ((e.url, e.valueUri) for e in extension.extension if e.valueUri)


def _check(found: Endpoints, server: SmartServer) -> None:
    for url in (found.authorize, found.token, found.keys):
        if url is not None:
            server.endpoint(url)
