"""`backpath serve` and `backpath demo`: start gunicorn and tell the person where to look."""

import sys
from collections.abc import Callable
from contextlib import suppress

from flask import Flask
from msgspec.structs import replace

from cds_service.app import EXTENSION, Running, create_app
from cds_service.errors import SettingsError
from cds_service.gunicorn_server import Server, check_free
from cds_service.hooks import PATIENT_VIEW
from cds_service.settings import Settings, checked

SAMPLE_TO_TRY = "esi-repeat-window"


def serve(settings: Settings) -> None:
    """Start the production server; ends the process when it is told to stop.

    Raises:
        SettingsError: the settings are unsafe, or the address cannot be listened at.
    """
    _run(settings, demo=False, when_ready=lambda: _say(_open_at(settings)))


def demo(settings: Settings) -> None:
    """Start the service with sample patients, in one process.

    Raises:
        SettingsError: as for `serve`, or tenants are named.
    """
    if settings.tenants is not None:
        raise SettingsError("the demo has no tenants, and its pages would be closed: unset BACKPATH_TENANTS")
    _run(replace(settings, workers=1), demo=True, when_ready=lambda: _say(_where_to_look(settings)))


def _run(settings: Settings, *, demo: bool, when_ready: Callable[[], None]) -> None:
    checked(settings)
    check_free(settings.bind)
    service = _Service(settings, demo=demo)
    reload = None if settings.tenants is None else service.reload
    Server(service.app, settings, when_ready, reload=reload, begin=service.begin, end=service.end).run()


class _Service:
    """The app, and what the server reloads of it."""

    def __init__(self, settings: Settings, *, demo: bool) -> None:
        self._settings = settings
        self._demo = demo
        self._made: list[Flask] = []

    def app(self) -> Flask:
        """Make the app; once, before the workers are forked."""
        self._made.append(create_app(self._settings, demo=self._demo))
        return self._made[-1]

    def reload(self) -> None:
        """Take a changed tenants file into force.

        Raises:
            SettingsError: it is faulty; the old one stays in force.
        """
        for running in self._running():
            running.reload()

    def begin(self) -> None:
        """A worker has been forked."""
        for running in self._running():
            running.begin()

    def end(self) -> None:
        """A worker is about to exit."""
        for running in self._running():
            running.end()

    def _running(self) -> list[Running]:
        return [app.extensions[EXTENSION] for app in self._made]


def _open_at(settings: Settings) -> str:
    listens = f"Backpath listens at http://{settings.bind}/"
    if settings.tenants is not None:
        return f"{listens}\nOnly clients of the tenants file are answered."
    return (
        f"{listens}\nDevelopment mode: clients are not authenticated; whoever reaches this address may call."
    )


def _where_to_look(settings: Settings) -> str:
    base = f"http://{settings.bind}"
    return (
        f"{_open_at(settings)}\n"
        f"Look at {base}/ for the services and the sample patients. Try one:\n"
        f"  curl -s {base}/samples/{SAMPLE_TO_TRY} | "
        f"curl -s -H 'Content-Type: application/json' -d @- {base}/cds-services/{PATIENT_VIEW}\n"
        "Stop with Ctrl-C."
    )


def _say(text: str) -> None:
    with suppress(BrokenPipeError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
