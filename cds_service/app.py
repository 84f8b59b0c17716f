"""The Flask app: wires settings, knowledge, tenants, store and routes together."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

from flask import Flask

from cds_service import cors, error_handlers, headers, health, hooks, operator_pages, pages, samples, services
from cds_service.calls import Calls
from cds_service.decision import Decider
from cds_service.fetching.completion import Completer
from cds_service.fetching.jwks import JwksReader
from cds_service.fetching.web import Web
from cds_service.gate import Gate
from cds_service.limiting import Limiter
from cds_service.logs import Log, log_to
from cds_service.settings import Settings, checked, settings_from
from cds_service.sites import Site, SiteMaker
from cds_service.store.opening import Store, open_store
from cds_service.tenants.registry import Registry
from cds_service.trust.keys import Keys
from cds_service.trust.verifying import Verifier

EXTENSION = "backpath"  # app.extensions: the `Running` of an app


@dataclass(frozen=True, slots=True)
class Running:
    """What of a service outlives its calls: the server tells it what happens to the process."""

    sites: Registry[Site]
    store: Store

    def reload(self) -> None:
        """Take a changed tenants file into force.

        Raises:
            SettingsError: it is faulty; the old one stays in force.
        """
        self.sites.reload()

    def begin(self) -> None:
        """A worker has been forked."""
        self.store.warm()


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
    log = log or log_to()
    clock = clock or (lambda: datetime.now(UTC))
    decider = Decider.load(settings.time_zone)
    sites = Registry(SiteMaker(settings=settings, packaged=decider, clock=clock).sites)
    store = open_store(settings.store, log=log, threads=settings.threads)
    web = Web()
    keys = Keys(JwksReader(web, lambda: [site.tenant for site in sites.current]), told=_telling(log, sites))
    gate = Gate(
        sites=sites,
        verifier=Verifier(keys, store.nonces, public_url=settings.public_url),
        limiter=Limiter(),
    )
    calls = Calls(completer=Completer(web, hooks.prefetch_templates(decider.rows)))
    listed = hooks.services(decider.rows)
    shown = samples.Samples.load(decider.rows) if demo else None

    app = Flask(__name__)
    error_handlers.init_app(app, log)
    cors.init_app(app)
    headers.init_app(app, public_url=settings.public_url)
    app.register_blueprint(services.blueprint(gate, calls, settings, log, clock), url_prefix=cors.PATH)
    app.register_blueprint(health.blueprint(settings, decider.knowledge.version, store))
    start = pages.blueprint(listed, shown)
    operator_pages.protect(start, settings)
    app.register_blueprint(start)
    if shown is not None:
        app.register_blueprint(
            samples.blueprint(shown, lambda: clock().astimezone(settings.time_zone).date()),
            url_prefix="/samples",
        )
    app.extensions[EXTENSION] = Running(sites, store)
    log.info(
        "service.loaded",
        version=version("backpath"),
        knowledge_version=decider.knowledge.version,
        mode=f"{settings.mode}, open" if settings.tenants is None else settings.mode,
        tenants=len(sites.current),
        store=store.state,
    )
    return app


def _telling(log: Log, sites: Registry[Site]) -> Callable[[str, str], None]:
    """Tell the operator whose key set could not be had, and why."""

    def tell(jku: str, why: str) -> None:
        concerned = sorted(site.tenant.id for site in sites.current if site.tenant.jku == jku)
        log.warning("keys.not_fetched", tenant=" ".join(concerned), reason=why)

    return tell
