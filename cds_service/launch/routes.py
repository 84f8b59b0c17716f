"""The routes of the launch: out to the authorization server, back, and the pathway page."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import msgspec
from flask import Blueprint, Response, render_template, request

from cds_service.fetching.completion import Completer
from cds_service.fetching.searches import is_usable_id
from cds_service.fetching.web import Web
from cds_service.launch import advised
from cds_service.launch.discovery import Discovery, Endpoints
from cds_service.launch.id_tokens import check_id_token
from cds_service.launch.oauth import Granted, Return, authorization, granted
from cds_service.launch.places import (
    CALLBACK,
    PATH,
    PATHWAY,
    SmartServer,
    base_called,
    server_again,
    server_named,
)
from cds_service.launch.records import Read, Records
from cds_service.launch.sessions import PENDING_S, Cookies, Pending, Session
from cds_service.launch.troubles import WORDS, LaunchError, Trouble
from cds_service.limiting import Limiter
from cds_service.logs import Log
from cds_service.memory.identities import Identities
from cds_service.picture.drawing import drawing_of
from cds_service.picture.pictured import picture_of
from cds_service.picture.states import state_map
from cds_service.settings import Settings
from cds_service.sites import Site
from cds_service.tenants.registry import Registry
from cds_service.watching.watch import Watch
from cds_service.watching.words import BEGUN, GRANTED, SHOWN
from pathway.advice import Advice

# Of one tenant, over all workers. What anyone can ask for is counted apart from what was granted, so that a
# flood of the one does not close the other.
LAUNCHES_A_MINUTE, PAGES_A_MINUTE = 120, 240
EXCHANGE_S = 10.0  # for discovery, and for the exchange of a code
LONGEST_WORD = 4096  # characters of `launch` and `code`
LONGEST_SESSION_S = 8 * 3600  # whatever a server grants
HTML = "text/html; charset=utf-8"
# no script, only our own style sheets; a form to us alone
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


class _Context(msgspec.Struct):
    """`appContext` as `cards.links` writes it."""

    recommendations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Launcher:
    """What a launch needs. One for each process."""

    sites: Registry[Site]
    settings: Settings
    web: Web
    discovery: Discovery
    limiter: Limiter
    records: Records
    cookies: Cookies
    clock: Callable[[], datetime]

    def begun(self) -> tuple[Response, SmartServer]:
        """The browser is sent to be granted access.

        Raises:
            LaunchError: to nowhere.
        """
        base = base_called(self.settings)
        iss, launch = request.args.get("iss"), request.args.get("launch")
        server = server_named(iss, self.sites.current)
        self._admit(server, "launches", LAUNCHES_A_MINUTE)
        if launch is not None and not 0 < len(launch) <= LONGEST_WORD:
            raise LaunchError(Trouble.ACCESS_REFUSED, server.tenant.id)
        endpoints = self.discovery.endpoints(server, time.monotonic() + EXCHANGE_S)
        asked = authorization(
            server,
            endpoints,
            iss=str(iss),
            launch=launch,
            redirect_uri=f"{base}{CALLBACK}",
            ends=self.cookies.now() + PENDING_S,
        )
        response = _redirect(asked.url)
        self.cookies.keep_pending(response, asked.pending, base)
        return response, server

    def returned(self) -> tuple[Response, SmartServer]:
        """The code is exchanged, and the browser sent to the page.

        Raises:
            LaunchError: the answer is none to a launch of this browser, or grants nothing of use.
        """
        base = base_called(self.settings)
        pending = self.cookies.pending(request.args.get("state", ""))
        server = server_again(pending.base, pending.tenant, self.sites.current)
        self._admit(server, "returns", LAUNCHES_A_MINUTE)
        deadline = time.monotonic() + EXCHANGE_S
        endpoints = self.discovery.endpoints(server, deadline)
        _check_answer(server, endpoints)
        code = request.args.get("code", "")
        if not 0 < len(code) <= LONGEST_WORD:
            raise LaunchError(Trouble.ACCESS_REFUSED, server.tenant.id)
        back = Return(server=server, endpoints=endpoints, pending=pending, deadline=deadline)
        found = granted(self.web, back, code)
        if found.id_token is not None:
            check_id_token(self.web, back, found.id_token)
        own_id = uuid4().hex
        response = _redirect(f"{base}{PATHWAY}/{own_id}")
        self.cookies.keep_session(response, self._session(found, pending, server), own_id, base)
        self.cookies.drop_pending(response, pending.state, base)
        return response, server

    def shown(self, own_id: str) -> tuple[Response, SmartServer]:
        """The page.

        Raises:
            LaunchError: access has ended, or the record cannot be read.
        """
        session = self.cookies.session(own_id)
        server = server_again(session.base, session.tenant, self.sites.current)
        self._admit(server, "pages", PAGES_A_MINUTE)
        site, now = server.site, self.cookies.now()
        read = self.records.read(site, session, as_of=site.today(self.clock), now=now)
        ends = datetime.fromtimestamp(session.ends, site.tenant.zone)
        return _page("pathway_page.html", HTTPStatus.OK, **_told(read, site, session, ends)), server

    def _admit(self, server: SmartServer, what: str, per_minute: int) -> None:
        if self.limiter.allow(f"{what} of {server.tenant.id}", per_minute) > 0:
            raise LaunchError(Trouble.TOO_MANY, server.tenant.id)

    def _session(self, found: Granted, pending: Pending, server: SmartServer) -> Session:
        patient = (found.patient or "").removeprefix("Patient/")
        if not patient:
            raise LaunchError(Trouble.NO_PATIENT, server.tenant.id)
        if not is_usable_id(patient):
            raise LaunchError(Trouble.TOKEN_UNUSABLE, server.tenant.id)
        return Session(
            tenant=server.tenant.id,
            base=server.base,
            patient=patient,
            token=found.access_token,
            scope=pending.scope if found.scope is None else found.scope,
            ends=self.cookies.now() + min(found.seconds, LONGEST_SESSION_S),
            focus=_focus(found.appContext, server),
        )


def blueprint(
    *,
    sites: Registry[Site],
    settings: Settings,
    web: Web,
    completer: Completer,
    identities: Identities,
    limiter: Limiter,
    watch: Watch,
    log: Log,
    clock: Callable[[], datetime],
) -> Blueprint:
    """/launch, /launch/callback and the pathway page.

    Open to everyone who reaches the service: the authorization server of the site decides who sees what.
    """
    launcher = Launcher(
        sites=sites,
        settings=settings,
        web=web,
        discovery=Discovery(web),
        limiter=limiter,
        records=Records(web=web, completer=completer),
        cookies=Cookies(identities, lambda: [site.tenant.id for site in sites.current], clock),
        clock=clock,
    )
    routes = Blueprint("launch", __name__)

    @routes.get(PATH)
    def launch() -> Response:
        response, server = launcher.begun()
        log.info("launch.begun", tenant=server.tenant.id)
        watch.launched(server.tenant.id, BEGUN)
        return response

    @routes.get(CALLBACK)
    def callback() -> Response:
        response, server = launcher.returned()
        log.info("launch.granted", tenant=server.tenant.id)
        watch.launched(server.tenant.id, GRANTED)
        return response

    @routes.get(f"{PATHWAY}/<own_id>")
    def pathway(own_id: str) -> Response:
        began = time.monotonic()
        response, server = launcher.shown(own_id)
        took = round((time.monotonic() - began) * 1000, 1)
        log.info("launch.shown", tenant=server.tenant.id, milliseconds=took)
        watch.launched(server.tenant.id, SHOWN)
        return response

    @routes.post(f"{PATHWAY}/<own_id>/end")
    def end(own_id: str) -> Response:
        base = base_called(settings)
        response = _trouble_page(Trouble.ENDED, status=HTTPStatus.OK)
        launcher.cookies.drop_session(response, own_id, base)
        return response

    @routes.errorhandler(LaunchError)
    def refused(error: LaunchError) -> Response:
        log.warning("launch.refused", tenant=error.tenant or "", reason=error.trouble.value)
        watch.launched(error.tenant or "", error.trouble)
        response = _trouble_page(error.trouble)
        if error.trouble is Trouble.TOO_MANY:
            response.headers["Retry-After"] = "60"
        if request.path == CALLBACK and error.trouble is not Trouble.WRONG_STATE:
            _forget_pending(launcher, response)
        return response

    return routes


def _check_answer(server: SmartServer, endpoints: Endpoints) -> None:
    """The answer is the authorization server's own, and grants something.

    Raises:
        LaunchError: another server answers (RFC 9207), or with an error (RFC 6749, 4.1.2.1).
    """
    issuer = request.args.get("iss")
    if issuer is not None and endpoints.issuer is not None and issuer != endpoints.issuer:
        raise LaunchError(Trouble.OTHER_ORIGIN, server.tenant.id)
    error = request.args.get("error")
    if error is not None:
        refused = error == "access_denied"
        raise LaunchError(Trouble.CONSENT_REFUSED if refused else Trouble.ACCESS_REFUSED, server.tenant.id)


def _forget_pending(launcher: Launcher, response: Response) -> None:
    try:
        base = base_called(launcher.settings)
    except LaunchError:
        return
    launcher.cookies.drop_pending(response, request.args.get("state", ""), base)


def _focus(context: str | None, server: SmartServer) -> tuple[str, ...]:
    """The recommendations of the card that led here, those that there are."""
    try:
        told = msgspec.json.decode(context or "{}", type=_Context)
    except msgspec.DecodeError:
        return ()
    return tuple(name for name in told.recommendations if name in server.site.decider.knowledge.rules)


def _told(read: Read, site: Site, session: Session, ends: datetime) -> Mapping[str, Any]:
    """All that the page shows."""
    advice = read.judged.advice
    if not isinstance(advice, Advice):
        raise TypeError("the page is about a chart, not about orders")
    knowledge, situation = site.decider.knowledge, advice.situation
    timeline = picture_of(situation, knowledge)
    return {
        "site": site.tenant.title,
        "person": read.person,
        "as_of": situation.facts.as_of,
        "ends": ends,
        "timeline": timeline,
        "drawing": drawing_of(timeline),
        "map": state_map(knowledge, situation),
        "recommended": advised.recommended(advice, knowledge, session.focus),
        "not_shown": advised.not_shown(advice, knowledge),
        "lacks": advised.lacks(situation.facts, advice.gaps),
        "notes": advised.notes(advice),
        "aids": advised.aids(advice, knowledge),
        "knowledge_version": knowledge.version,
    }


def _trouble_page(trouble: Trouble, status: HTTPStatus | None = None) -> Response:
    words = WORDS[trouble]
    return _page("launch_trouble.html", status or words.status, words=words, reason=trouble.value)


def _page(template: str, status: HTTPStatus, **values: object) -> Response:
    response = Response(render_template(template, **values), status, content_type=HTML)
    response.headers["Content-Security-Policy"] = POLICY
    return response


def _redirect(url: str) -> Response:
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": url})
