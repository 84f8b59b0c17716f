"""Pages as responses: their policy, the start page, a patient's page in two pieces, and refusals."""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from flask import Response, current_app, render_template, request
from jinja2 import Template

from cds_service.errors import place_of
from cds_service.logs import Log
from cds_service.settings import Settings
from cds_service.workbench.calling import Sent
from cds_service.workbench.guarding import is_loopback_name
from cds_service.workbench.views import PatientView

# no inline script or style, and nothing from anywhere else
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HTML = "text/html; charset=utf-8"
PICTURE = "<!--picture-->"  # no chart word can be this: they are escaped


@dataclass(frozen=True, slots=True)
class Pages:
    """Writes pages."""

    settings: Settings
    log: Log

    @property
    def base_url(self) -> str:
        """Where clients call this service; the Host header counts on this machine only."""
        called = f"{request.scheme}://{request.host}" if is_loopback_name(request.host) else None
        return self.settings.public_url or called or f"http://{self.settings.bind}"

    def plain(self, name: str, status: HTTPStatus = HTTPStatus.OK, **values: object) -> Response:
        """A page of one piece."""
        return _response(render_template(name, **values), status)

    def patient(self, view: PatientView) -> Response:
        """A patient's page: cards and forms at once, the picture as soon as it is drawn.

        The first picture of a process waits for an engine to start, cards do not.
        """
        page = render_template("workbench_patient.html", view=view)
        before, _, after = page.partition(PICTURE)
        template = current_app.jinja_env.get_template("workbench_picture.html")

        def pieces() -> Iterator[str]:
            yield before
            yield self._picture(template, view.sent)
            yield after

        return _response(pieces(), HTTPStatus.OK)

    def _picture(self, template: Template, sent: Sent) -> str:
        try:
            return template.render(drawn=_drawn(sent))
        except Exception as error:  # noqa: BLE001 - the page is half sent: no other handler can answer
            self.log.error("request.failed", error=type(error).__name__, place=place_of(error), status=500)
            return template.render(drawn=None, failed=True)


def _drawn(sent: Sent) -> dict[str, object] | None:
    situation = sent.situation()
    if situation is None:
        return None
    # loaded with the first page: a service that answers hooks needs no charts
    from cds_service.picture.drawing import drawing_of  # noqa: PLC0415
    from cds_service.picture.pictured import picture_of  # noqa: PLC0415
    from cds_service.picture.states import state_map  # noqa: PLC0415

    knowledge = sent.site.decider.knowledge
    timeline = picture_of(situation, knowledge)
    return {
        "timeline": timeline,
        "drawing": drawing_of(timeline),
        "map": state_map(knowledge, situation),
    }


def _response(page: str | Iterator[str], status: HTTPStatus) -> Response:
    response = Response(page, status, content_type=HTML)
    response.headers["Content-Security-Policy"] = POLICY
    return response
