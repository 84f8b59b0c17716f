"""What the routes of the workbench share: sites, samples, and a request sent and shown."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from flask import Response, request

from cds_service.picture.states import GROUPS
from cds_service.sample_codes import Codes
from cds_service.samples import Sample, Samples
from cds_service.settings import Settings
from cds_service.sites import Site
from cds_service.tenants.registry import Registry
from cds_service.workbench.acting import Actor, Done
from cds_service.workbench.calling import Sender, Sent
from cds_service.workbench.documents import Json
from cds_service.workbench.kept_pages import KeptPages
from cds_service.workbench.opening import ServerCharts
from cds_service.workbench.page_state import PageState, unpacked
from cds_service.workbench.pages import Pages
from cds_service.workbench.refusals import RefusedError
from cds_service.workbench.shown_pages import shown_page, unpacked_page
from cds_service.workbench.views import age_of, patient_view
from cds_service.workbench.what_if import Changed
from pathway.state import StateId

PAGE = "/workbench/page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbench:
    """What its routes share."""

    sites: Registry[Site]
    samples: Samples | None
    charts: ServerCharts
    sender: Sender
    actor: Actor
    pages: Pages
    kept: KeptPages
    settings: Settings
    clock: Callable[[], datetime]
    codes: Codes

    def site(self, name: str | None) -> Site:
        """The site that answers: the one that was chosen, else the first.

        Raises:
            RefusedError: there is no such tenant.
        """
        sites = self.sites.current
        found = next((site for site in sites if site.tenant.id == name), None if name else sites[0])
        if found is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "There is no such site.")
        return found

    def sent(self) -> tuple[PageState, Site]:
        """The page that a form was sent from."""
        state = unpacked(request.form.get("state", ""), self.settings.max_body_bytes)
        return state, self.site(state.site)

    def page(self, asked: Json, site: Site, *, sample: str | None = None) -> Response:
        """Send the first request about a patient, and show what comes back."""
        return self._shown(self.sender.send(asked, site), sample)

    def next(
        self,
        asked: Json,
        site: Site,
        *,
        sample: str | None = None,
        steps: tuple[str, ...] = (),
        done: Done | None = None,
    ) -> Response:
        """Send a request that a form led to, and lead to the page of what comes back.

        That page has an address, so that a reload sends nothing again.
        """
        answered = self.sender.send(asked, site)
        own_id = self.kept.keep(shown_page(answered, sample, steps, done).packed())
        if own_id is None:
            return self._shown(answered, sample, steps, done)
        headers = {"Location": f"{request.script_root}{PAGE}/{own_id}"}
        return Response(status=HTTPStatus.SEE_OTHER, headers=headers)

    def once_more(self, page_id: str) -> Response:
        """A page that a form led to.

        Raises:
            RefusedError: it is not kept any more.
        """
        packed = self.kept.kept(page_id)
        if packed is None:
            raise RefusedError(
                HTTPStatus.GONE,
                "This page is not kept any more.",
                "The newest pages are kept until the service stops.",
            )
        page = unpacked_page(packed)
        return self._shown(page.sent(self.site(page.site)), page.sample, page.steps, page.what_was_done())

    def _shown(
        self, answered: Sent, sample: str | None, steps: tuple[str, ...] = (), done: Done | None = None
    ) -> Response:
        about = [self._story(sample), age_of(answered.request, answered.as_of)]
        if answered.asked.fhir_server is not None:
            about.append(f"on {answered.asked.fhir_server}")
        return self.pages.patient(
            patient_view(
                answered,
                base_url=self.pages.base_url,
                sample=sample,
                about=[words for words in about if words],
                steps=steps,
                done=done,
            )
        )

    def again(self, state: PageState, site: Site, changed: Changed) -> Response:
        """A changed request sent again."""
        return self.next(changed.request, site, sample=state.sample, steps=state.after(*changed.steps))

    def start(self, site: Site) -> Response:
        """The page on which a patient is chosen."""
        knowledge = site.decider.knowledge
        return self.pages.plain(
            "workbench.html",
            site=site,
            sites=self.sites.current,
            groups=self._groups(),
            titles={state.value: knowledge.states[state].title for state in StateId},
            development=site.tenant.development,
            served=self.settings.tenants is None,
            servers=self.settings.fhir_servers,
        )

    def _groups(self) -> list[tuple[str, list[Sample]]]:
        """The samples along the pathway."""
        samples = list(self.samples.by_id.values()) if self.samples else []
        found = ((title, [s for s in samples if s.state in states]) for title, states in GROUPS)
        return [(title, listed) for title, listed in found if listed]

    def _story(self, sample: str | None) -> str | None:
        found = self.samples.by_id.get(sample or "") if self.samples else None
        return found.story if found else None
