"""The routes of the workbench: a form in, a changed request sent through `Calls`, and a page of its own."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from http import HTTPStatus

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from cds_service.calls import Calls
from cds_service.envelope import day_of
from cds_service.errors import STATUS, InvalidRequestError
from cds_service.feedback_route import Keeping
from cds_service.fetching.pool import Pool
from cds_service.fetching.web import Web
from cds_service.hooks import prefetch_templates
from cds_service.logs import Log
from cds_service.sample_codes import Codes, CodeStyle
from cds_service.samples import Samples
from cds_service.settings import Settings
from cds_service.sites import Site
from cds_service.tenants.registry import Registry
from cds_service.workbench import drafting, what_if
from cds_service.workbench.acting import Actor, Done
from cds_service.workbench.bench import PAGE, Workbench
from cds_service.workbench.calling import Sender
from cds_service.workbench.documents import Json
from cds_service.workbench.guarding import guard
from cds_service.workbench.kept_pages import KeptPages
from cds_service.workbench.opening import ServerCharts, of_sample
from cds_service.workbench.page_state import PageState
from cds_service.workbench.pages import Pages
from cds_service.workbench.refusals import RefusedError
from cds_service.workbench.what_if import Changed
from pathway.errors import PathwayError

STEPS = {"-7": -7, "-1": -1, "+1": 1, "+7": 7}  # buttons that move the day


def blueprint(
    *,
    calls: Calls,
    sites: Registry[Site],
    web: Web,
    samples: Samples | None,
    settings: Settings,
    keeping: Keeping | None,
    log: Log,
    clock: Callable[[], datetime],
) -> Blueprint:
    """The workbench at / and below /workbench.

    Args:
        calls: Answers clients' calls, and development mode's here.
        sites: Who is answered.
        web: Reads FHIR servers, and creates there what is accepted.
        samples: The sample patients; None: there are none to choose from.
        settings: The service's.
        keeping: Keeps feedback; None: it is only shown.
        log: Where a picture that cannot be drawn is told.
        clock: The present moment.
    """
    rows = sites.current[0].decider.rows
    bench = Workbench(
        sites=sites,
        samples=samples,
        charts=ServerCharts(web, prefetch_templates(rows), Pool()),
        sender=Sender(calls=calls, settings=settings, clock=clock),
        actor=Actor(poster=web, keeping=keeping, clock=clock),
        pages=Pages(settings, log),
        kept=KeptPages(),
        settings=settings,
        clock=clock,
        codes=samples.codes[CodeStyle.US] if samples else Codes(rows, CodeStyle.US),
    )
    routes = Blueprint("workbench", __name__)
    guard(routes, settings)
    _choosing(routes, bench)
    _changing(routes, bench)
    _acting(routes, bench)
    _refusing(routes, bench)
    return routes


def _choosing(routes: Blueprint, bench: Workbench) -> None:
    @routes.get("/")
    def start() -> Response:
        site = bench.site(request.args.get("site"))
        sample = request.args.get("sample")
        if sample is None:
            return bench.start(site)
        asked = of_sample(bench.samples, sample, site.today(bench.clock))
        if request.args.get("asOf"):
            asked = what_if.on_day(asked, day_of(request.args["asOf"], "asOf"))
        return bench.page(asked, site, sample=sample)

    @routes.post("/workbench/patient")
    def patient() -> Response:
        site = bench.site(request.form.get("site"))
        if not site.tenant.development:
            raise RefusedError(HTTPStatus.FORBIDDEN, "FHIR servers are asked in development mode only.")
        form = request.form
        asked = bench.charts.request(form.get("server", ""), form.get("patient", ""), site.tenant)
        return bench.next(asked, site)

    @routes.get(f"{PAGE}/<page_id>")
    def page(page_id: str) -> Response:
        return bench.once_more(page_id)

    @routes.get("/workbench", strict_slashes=False)
    @routes.get("/workbench/<path:_>")
    def back(_: str = "") -> Response:
        """The address that a form is sent to, opened by itself."""
        return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"{request.script_root}/"})


def _changing(routes: Blueprint, bench: Workbench) -> None:
    @routes.post("/workbench/what-if")
    def change() -> Response:
        state, site = bench.sent()
        changed = what_if.changed(
            state.request, request.form, today=_today(state, site, bench), codes=bench.codes
        )
        return bench.again(state, site, changed)

    @routes.post("/workbench/day")
    def day() -> Response:
        state, site = bench.sent()
        today = _today(state, site, bench)
        step = STEPS.get(request.form.get("step", ""))
        on = today + timedelta(days=step) if step else day_of(request.form.get("as_of"), "The day")
        changed = Changed(what_if.on_day(state.request, on), (f"The day is {on}",))
        return bench.again(state, site, changed)

    @routes.post("/workbench/another")
    def another() -> Response:
        state, site = bench.sent()
        if state.request.get("fhirServer") is not None:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "A patient of a FHIR server keeps the id.")
        words = "The same record, of a patient of whom nothing is remembered"
        return bench.again(state, site, Changed(what_if.renamed(state.request), (words,)))

    @routes.post("/workbench/order")
    def order() -> Response:
        state, site = bench.sent()
        today = _today(state, site, bench)
        return bench.again(state, site, _ordered(state.request, request.form, today, bench.codes))


def _acting(routes: Blueprint, bench: Workbench) -> None:
    @routes.post("/workbench/accept")
    def accept() -> Response:
        state, site = bench.sent()
        done = bench.actor.accept(state, site, request.form.get("suggestion", ""))
        return told(state, site, done)

    @routes.post("/workbench/override")
    def override() -> Response:
        state, site = bench.sent()
        card = request.form.get("card", "")
        done = bench.actor.override(state, site, card, request.form.get(f"reason-{card}", ""))
        return told(state, site, done)

    def told(state: PageState, site: Site, done: Done) -> Response:
        return bench.next(done.request, site, sample=state.sample, steps=state.after(done.title), done=done)


def _refusing(routes: Blueprint, bench: Workbench) -> None:
    def page(status: HTTPStatus, text: str, lines: tuple[str, ...] = ()) -> Response:
        return bench.pages.plain("workbench_refused.html", status, code=status, text=text, lines=lines)

    @routes.errorhandler(RefusedError)
    def refused(error: RefusedError) -> Response:
        return page(error.status, error.text, error.lines)

    @routes.errorhandler(PathwayError)
    def failed(error: PathwayError) -> Response:
        if type(error) not in STATUS:
            raise error
        if isinstance(error, InvalidRequestError):
            lines = tuple(problem.text for problem in error.problems)
            return page(HTTPStatus.BAD_REQUEST, "The service does not take this request.", lines)
        return page(STATUS[type(error)][0], str(error))

    @routes.errorhandler(RequestEntityTooLarge)
    def too_large(_: RequestEntityTooLarge) -> Response:
        return page(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "This page is too large to be sent back.")


def _today(state: PageState, site: Site, bench: Workbench) -> date:
    """The evaluation day of the page."""
    shown = state.answer.extension.ids.as_of
    return day_of(shown, "asOf") if shown else site.today(bench.clock)


def _ordered(asked: Json, form: Mapping[str, str], today: date, codes: Codes) -> Changed:
    drop = form.get("drop")
    if drop:
        return drafting.without_draft(asked, drop)
    match form.get("do"):
        case "sign":
            return drafting.signed(asked)
        case "select":
            return drafting.selected(asked)
        case "chart":
            return drafting.back_to_chart(asked)
        case _:
            on = day_of(form["on"], "The day of the order") if form.get("on") else today
            return drafting.drafted(asked, form.get("order", ""), on, today=today, codes=codes)
