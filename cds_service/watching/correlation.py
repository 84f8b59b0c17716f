"""The id that ties the log lines of a call together: its hookInstance.

It is known once the body is read; from then on every line of the call has it, also one of an error handler.
"""

import structlog
from flask import Flask

FIELD = "hook_instance"


def init_app(app: Flask) -> None:
    """Forget the call before: threads serve one after another."""

    @app.before_request
    def forget() -> None:
        structlog.contextvars.unbind_contextvars(FIELD)


def correlate(hook_instance: str) -> None:
    """Put the id into the lines of this call that follow; needs `merge_contextvars` among the processors."""
    structlog.contextvars.bind_contextvars(**{FIELD: hook_instance})
