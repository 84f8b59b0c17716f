"""The Flask app: wires settings, knowledge, tenants, store and routes together."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from threading import Thread

from flask import Flask

from cds_service import (
    below,
    cors,
    error_handlers,
    feedback_route,
    headers,
    health,
    hooks,
    metrics,
    operator_pages,
    samples,
    services,
)
from cds_service.calls import Calls
from cds_service.decision import Decider
from cds_service.feedback_route import Keeping
from cds_service.fetching.completion import Completer
from cds_service.fetching.jwks import JwksReader
from cds_service.fetching.pool import Pool
from cds_service.fetching.web import Web
from cds_service.gate import Gate
from cds_service.knowledge_pages import routes as knowledge_pages
from cds_service.launch import routes as launch
from cds_service.limiting import Limiter
from cds_service.logs import Log, log_to
from cds_service.memory.opening import Remembrance
from cds_service.memory.outbox import Outbox, OutboxError
from cds_service.report import view as report_page
from cds_service.report.reporting import titles_of
from cds_service.settings import Settings, checked, settings_from
from cds_service.sites import Site, SiteMaker
from cds_service.store.opening import OK, Store, open_store
from cds_service.tenants.model import CommentSetting
from cds_service.tenants.registry import Registry
from cds_service.tenants.web_addresses import check_addresses
from cds_service.tracing import tracing
from cds_service.trust.keys import Keys
from cds_service.trust.verifying import Verifier
from cds_service.watching import correlation
from cds_service.watching.counting import Counts
from cds_service.watching.watch import Watch
from cds_service.watching.watched_reader import WatchedReader
from cds_service.watching.words import Words
from cds_service.workbench import routes as workbench
from pathway.knowledge_base import KnowledgeBase

QUESTIONS_A_CALL = 12  # requests to a FHIR server that one call has under way, and some to spare
EXTENSION = "backpath"  # app.extensions: the `Running` of an app


@dataclass(frozen=True, slots=True)
class Running:
    """What of a service outlives its calls: the server tells it what happens to the process."""

    sites: Registry[Site]
    store: Store
    remembrance: Remembrance
    watch: Watch
    draws: bool  # pictures are asked for at once: in the demo

    def reload(self) -> None:
        """Take a changed tenants file into force.

        Raises:
            SettingsError: it is faulty; the old one stays in force.
        """
        self.sites.reload()

    def begin(self) -> None:
        """A worker has been forked."""
        self.store.warm()
        self.remembrance.begin()
        self.watch.begin()
        if self.draws:
            Thread(target=_start_drawing, name="drawing", daemon=True).start()

    def end(self) -> None:
        """A worker is about to exit, after its last call."""
        self.remembrance.end()
        self.store.close()


def create_app(
    settings: Settings | None = None,
    *,
    demo: bool = False,
    log: Log | None = None,
    clock: Callable[[], datetime] | None = None,
) -> Flask:
    """The service, ready to answer.

    Args:
        settings: None: read from the environment.
        demo: Whether the sample patients are served.
        log: None: JSON lines on standard error.
        clock: Gives the present moment, with a time zone; None: the machine's.

    Raises:
        KnowledgeError: the packaged knowledge is wrong.
        SettingsError: a setting or the tenants file is wrong or unsafe.
    """
    settings = checked(settings_from(os.environ) if settings is None else settings)
    check_addresses(settings)
    log = log or log_to()
    clock = clock or (lambda: datetime.now(UTC))
    decider = Decider.load(settings.time_zone)
    store = open_store(settings.store, log=log, threads=settings.threads)
    remembrance = Remembrance.open(settings, store, log)
    maker = SiteMaker(settings=settings, packaged=decider, clock=clock, identities=remembrance.identities)
    sites = Registry(maker.sites)
    watch = _watch(decider, sites, log)
    web = Web()
    keys = Keys(
        JwksReader(web, lambda: [site.tenant for site in sites.current]), told=_telling(log, sites, watch)
    )
    limiter = Limiter()
    gate = Gate(
        sites=sites,
        verifier=Verifier(keys, store.nonces, public_url=settings.public_url),
        limiter=limiter,
    )
    completer = Completer(
        WatchedReader(web, watch.fetched),
        hooks.prefetch_templates(decider.rows),
        pool=Pool(threads=QUESTIONS_A_CALL * settings.threads),
    )
    calls = Calls(
        completer=completer,
        memory=remembrance.memory,
        recorder=remembrance.recorder,
        watch=watch,
        clock=clock,
    )
    keeping = Keeping(
        outbox=remembrance.outbox,
        forwarder=remembrance.forwarder,
        identities=remembrance.identities,
        comments_wanted=lambda tenant: tenant.memory.comments is CommentSetting.ENCRYPTED,
        clock=clock,
    )
    shown = samples.Samples.load(decider.rows) if demo else None

    app = Flask(__name__)
    app.url_map.merge_slashes = False  # else a redirect is made of the Host header
    below.init_app(app, public_url=settings.public_url)
    correlation.init_app(app)
    error_handlers.init_app(app, log, watch)
    cors.init_app(app)
    headers.init_app(app, public_url=settings.public_url)
    app.register_blueprint(services.blueprint(gate, calls, settings, log, clock), url_prefix=cors.PATH)
    app.register_blueprint(
        feedback_route.blueprint(gate, keeping, settings, log, watch), url_prefix=cors.PATH
    )
    app.register_blueprint(health.blueprint(settings, decider.knowledge.version, store))
    watching = metrics.blueprint(
        watch.counts,
        lambda: _readings(store, remembrance.outbox, sites),
        {
            "version": version("backpath"),
            "knowledge_version": decider.knowledge.version,
            "mode": settings.mode,
        },
    )
    told = report_page.blueprint(
        settings,
        lambda: {site.tenant.id: site.tenant.zone for site in sites.current},
        titles_of(decider.knowledge),
        clock,
    )
    for page in (watching, told):
        operator_pages.protect(page, settings)
        app.register_blueprint(page)
    bench = workbench.blueprint(
        calls=calls,
        sites=sites,
        web=web,
        samples=shown or _for_operators(settings, decider),
        settings=settings,
        keeping=keeping,
        log=log,
        clock=clock,
    )
    operator_pages.protect(bench, settings)
    app.register_blueprint(bench)
    app.register_blueprint(
        knowledge_pages.blueprint(
            decider.knowledge,
            decider.rows,
            knowledge_of_tenant=lambda tenant: _knowledge_by_tenant(sites)[tenant],
            may_see_tenants=lambda: operator_pages.is_operator(settings),
        )
    )
    app.register_blueprint(
        launch.blueprint(
            sites=sites,
            settings=settings,
            web=web,
            completer=completer,
            identities=remembrance.identities,
            limiter=limiter,
            watch=watch,
            log=log,
            clock=clock,
        )
    )
    if shown is not None:
        app.register_blueprint(
            samples.blueprint(shown, lambda: clock().astimezone(settings.time_zone).date()),
            url_prefix="/samples",
        )
    app.extensions[EXTENSION] = Running(sites, store, remembrance, watch, draws=demo)
    log.info(
        "service.loaded",
        version=version("backpath"),
        knowledge_version=decider.knowledge.version,
        mode=f"{settings.mode}, open" if settings.tenants is None else settings.mode,
        tenants=len(sites.current),
        store=store.state,
    )
    return app


def _for_operators(settings: Settings, decider: Decider) -> samples.Samples | None:
    """The sample patients of the operator's workbench: what a site would be answered about them."""
    return samples.Samples.load(decider.rows) if settings.tenants and settings.operator_token else None


def _start_drawing() -> None:
    from cds_service.picture.engine import warm  # noqa: PLC0415 - heavy, and hooks never draw

    warm()


def _knowledge_by_tenant(sites: Registry[Site]) -> dict[str, KnowledgeBase]:
    return {site.tenant.id: site.decider.knowledge for site in sites.current}


def _watch(decider: Decider, sites: Registry[Site], log: Log) -> Watch:
    def tenants() -> list[str]:
        return [site.tenant.id for site in sites.current]

    words = Words(decider.knowledge, tenants=lambda: set(tenants()))
    watch = Watch(Counts(words), tracing(os.environ, log))
    watch.begin_at_zero(tenants())
    return watch


def _readings(store: Store, outbox: Outbox, sites: Registry[Site]) -> metrics.Readings:
    try:
        waiting = outbox.depth()
    except OutboxError:
        waiting = None
    return metrics.Readings(store_up=store.check() == OK, outbox_rows=waiting, tenants=len(sites.current))


def _telling(log: Log, sites: Registry[Site], watch: Watch) -> Callable[[str, str], None]:
    """Tell the operator whose key set could not be had, and why."""

    def tell(jku: str, why: str) -> None:
        concerned = sorted(site.tenant.id for site in sites.current if site.tenant.jku == jku)
        log.warning("keys.not_fetched", tenant=" ".join(concerned), reason=why)
        watch.keys_not_fetched(concerned, why)

    return tell
