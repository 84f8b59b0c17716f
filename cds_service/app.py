"""The Flask app: wires settings, knowledge and routes together."""

import os
from collections.abc import Callable
from datetime import date, datetime
from importlib.metadata import version

from flask import Flask

from cds_service import cors, error_handlers, health, hooks, pages, samples, services
from cds_service.decision import Decider
from cds_service.logs import Log, log_to
from cds_service.settings import Settings, checked, settings_from


def create_app(
    settings: Settings | None = None,
    *,
    demo: bool = False,
    log: Log | None = None,
    today: Callable[[], date] | None = None,
) -> Flask:
    """The service, ready to answer.

    Args:
        settings: None: read from the environment.
        demo: Whether the sample patients are served.
        log: None: JSON lines on standard error.
        today: The evaluation day; None: the clock's, in the time zone of the settings.

    Raises:
        KnowledgeError: the packaged knowledge is wrong.
        SettingsError: a setting is wrong or unsafe.
    """
    settings = checked(settings_from(os.environ) if settings is None else settings)
    log = log or log_to()
    today = today or (lambda: datetime.now(settings.time_zone).date())
    decider = Decider.load(settings.time_zone)
    listed = hooks.services(decider.rows)
    shown = samples.Samples.load(decider.rows) if demo else None

    app = Flask(__name__)
    error_handlers.init_app(app, log)
    cors.init_app(app)
    app.register_blueprint(services.blueprint(listed, decider, settings, log, today), url_prefix=cors.PATH)
    app.register_blueprint(health.blueprint(settings, decider.knowledge.version))
    app.register_blueprint(pages.blueprint(listed, shown))
    if shown is not None:
        app.register_blueprint(samples.blueprint(shown, today), url_prefix="/samples")
    log.info(
        "service.loaded",
        version=version("backpath"),
        knowledge_version=decider.knowledge.version,
        mode=f"{settings.mode}, open",
    )
    return app
