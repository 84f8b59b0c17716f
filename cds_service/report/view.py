"""The page at /report, for operators: what came of the cards of thirteen weeks, or of the days asked for."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from http import HTTPStatus
from threading import Lock
from zoneinfo import ZoneInfo

import msgspec
from flask import Blueprint, Response, request, url_for

from cds_service.envelope import day_of
from cds_service.errors import InvalidRequestError, Problem
from cds_service.report.job import DONE, REFUSED, Job
from cds_service.settings import Settings

# no script at all, our own style sheet, and a form that asks us
POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
USUAL = timedelta(weeks=13)
LIMIT_S = 60.0  # of making a page
BUSY = "Another report is being made. Try again in a few seconds."
LATE = "The report took too long. Choose fewer days, or use `backpath report` at the command line."
AWAY = "The store cannot be read now."
HTML, TEXT = "text/html; charset=utf-8", "text/plain; charset=utf-8"


def blueprint(
    settings: Settings,
    zones: Callable[[], Mapping[str, ZoneInfo]],
    titles: Mapping[str, str],
    clock: Callable[[], datetime],
    *,
    limit_s: float = LIMIT_S,
) -> Blueprint:
    """The page; one at a time in a process, so that it never takes the threads of hook calls.

    Args:
        settings: Where the store is.
        zones: The sites in force with their time zones.
        titles: What ids are called.
        clock: Gives the present moment, with a time zone.
        limit_s: How long making a page may take.
    """
    routes = Blueprint("report", __name__)
    making = Lock()

    @routes.get("/report", strict_slashes=False)
    def report() -> Response:
        in_force = zones()
        since, until = _day("since"), _day("until")
        if since is not None and until is not None and until < since:
            raise _refused("until", "must not be before `since`")
        tenant = request.args.get("tenant") or None
        if tenant is not None and tenant not in in_force:
            raise _refused("tenant", "names no site")
        if since is None:
            since = (until or clock().astimezone(settings.time_zone).date()) - USUAL
        job = Job(
            store=settings.store,
            since=since,
            until=until,
            tenant=tenant,
            zone=settings.time_zone.key,
            zones={name: zone.key for name, zone in in_force.items()},
            titles=titles,
            stylesheet=url_for("static", filename="report.css"),
            home=request.script_root,
        )
        if not making.acquire(blocking=False):
            return _later(BUSY)
        try:
            return _made(job, limit_s)
        finally:
            making.release()

    return routes


def _made(job: Job, limit_s: float) -> Response:
    # -P: nothing is imported from the folder that the service was started in
    command = (sys.executable, "-P", "-m", "cds_service.report.job")
    try:
        done = subprocess.run(
            command,
            input=msgspec.json.encode(job),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _later(LATE)
    if done.returncode == REFUSED:
        return _later(AWAY)
    if done.returncode != DONE:
        raise RuntimeError("the process that makes the page failed")
    response = Response(done.stdout, content_type=HTML)
    response.headers["Content-Security-Policy"] = POLICY
    return response


def _later(text: str) -> Response:
    response = Response(text, HTTPStatus.SERVICE_UNAVAILABLE, content_type=TEXT)
    response.headers["Retry-After"] = "10"
    return response


def _day(name: str) -> date | None:
    given = request.args.get(name)
    return day_of(given, name) if given else None


def _refused(name: str, text: str) -> InvalidRequestError:
    return InvalidRequestError(Problem(code="value", text=f"{name} {text}.", element=name))
