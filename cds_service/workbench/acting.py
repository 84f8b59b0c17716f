"""What is done with a card: a suggestion accepted, the card overridden; reported like a client's feedback."""

import re
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Protocol

from cds_service.feedback_route import Keeping
from cds_service.fetching.lacks import Lack, because
from cds_service.fetching.reach import Reach
from cds_service.fetching.refusals import NotFetchedError
from cds_service.fetching.searches import server_of
from cds_service.memory.feedback import read_batch
from cds_service.memory.outbox import OutboxError
from cds_service.sites import Site
from cds_service.workbench.answers import ReadAction, ReadCard, ReadReason, ReadSuggestion
from cds_service.workbench.documents import Json, shown, written
from cds_service.workbench.drafting import CHART, carried_out
from cds_service.workbench.page_state import PageState
from cds_service.workbench.records import add
from cds_service.workbench.refusals import RefusedError

PATIENCE_S = 10.0
CREATED_AT = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?/?")
NOT_KEPT = "It could not be kept at present."


class Poster(Protocol):
    """What sends resources, guarded: `cds_service.fetching.web.Web`."""

    def post(
        self, url: str, body: bytes, *, headers: Mapping[str, str], reach: Reach, deadline: float
    ) -> str:
        """Where it was created.

        Raises:
            NotFetchedError: it was not, for all that is known.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of a click, for the page to tell, and the request to send next."""

    title: str
    lines: tuple[str, ...]
    request: Json
    good: bool = True
    resources: tuple[Json, ...] = ()  # what was created, or would be
    feedback: Json | None = None  # as it was reported

    @property
    def documents(self) -> list[str]:
        """The resources for the eye."""
        return [shown(resource) for resource in self.resources]

    @property
    def feedback_document(self) -> str:
        """The feedback for the eye."""
        return shown(self.feedback)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Acts on cards."""

    poster: Poster
    keeping: Keeping | None  # None: feedback is not kept
    clock: Callable[[], datetime]

    def accept(self, state: PageState, site: Site, suggestion_id: str) -> Done:
        """Carry a suggestion out and report it.

        Raises:
            RefusedError: it is not on the page.
        """
        card, suggestion = _suggestion(state, suggestion_id)
        if state.request["hook"] != CHART:
            request = carried_out(state.request, suggestion.actions)
            told: tuple[str, ...] = ("The drafts were changed as it says.",)
        else:
            request, told = state.request, ()
            for action in suggestion.actions:
                try:
                    request, line = self._created(request, action, site)
                except NotFetchedError as error:
                    return _not_created(state, suggestion, error)
                told = (*told, line)
        feedback = self._feedback(card, outcome="accepted", acceptedSuggestions=[{"id": suggestion.uuid}])
        kept = self._keep(feedback, site, state.request["hook"])
        return Done(
            title=f"Accepted: {suggestion.label}",
            lines=(*told, kept),
            request=request,
            resources=tuple(a.resource for a in suggestion.actions if a.resource is not None),
            feedback=feedback,
        )

    def override(self, state: PageState, site: Site, card_id: str, reason: str) -> Done:
        """Report that a card was overridden.

        Args:
            state: The page.
            site: Who answers.
            card_id: The card's uuid.
            reason: Which entry of its menu, counted from 0; "" for none.

        Raises:
            RefusedError: card or reason is not on the page.
        """
        card = state.answer.card(card_id)
        if card is None:
            raise _gone()
        chosen = _reason(card, reason)
        why = {"overrideReason": {"reason": {"system": chosen.system, "code": chosen.code}}} if chosen else {}
        feedback = self._feedback(card, outcome="overridden", **why)
        words = f" Reason: {chosen.display or chosen.code}." if chosen else " No reason was given."
        return Done(
            title=f"Overridden: {card.summary}",
            lines=(words.strip(), self._keep(feedback, site, state.request["hook"])),
            request=state.request,
            feedback=feedback,
        )

    def _created(self, request: Json, action: ReadAction, site: Site) -> tuple[Json, str]:
        """The request with a new resource in its record, and what is to be told of it."""
        if action.resource is None:
            return request, action.description
        base = request.get("fhirServer")
        if base is None or not site.tenant.development:
            return request, "There is no FHIR server: this is what the EHR would create."
        location = self._posted(str(base), action.resource, site)
        found = CREATED_AT.fullmatch(location)
        made = deepcopy(request)
        own_id = found[1].partition("/")[2] if found else "created"
        add(made, action.resource | {"id": own_id})
        return made, f"Created on the FHIR server: {found[1] if found else 'it does not say where'}."

    def _posted(self, base: str, resource: Json, site: Site) -> str:
        allowed = server_of(base, site.tenant)
        if isinstance(allowed, Lack):
            raise RefusedError(HTTPStatus.FORBIDDEN, f"{because(allowed)}.")
        url, reach = allowed
        return self.poster.post(
            f"{url}/{resource['resourceType']}",
            written(resource),
            headers={},
            reach=reach,
            deadline=time.monotonic() + PATIENCE_S,
        )

    def _feedback(self, card: ReadCard, **more: object) -> Json:
        now = self.clock().isoformat(timespec="milliseconds")
        return {"feedback": [{"card": card.uuid, **more, "outcomeTimestamp": now}]}

    def _keep(self, feedback: Json, site: Site, hook: str) -> str:
        if self.keeping is None or not site.tenant.development:
            return "Feedback is not kept here; an EHR would send this."
        batch = read_batch(written(feedback))
        try:
            self.keeping.keep(batch.reports, site, site.service_of(hook))
        except OutboxError:
            return NOT_KEPT
        return "Feedback was kept."


def _suggestion(state: PageState, uuid: str) -> tuple[ReadCard, ReadSuggestion]:
    for card in state.answer.cards:
        for suggestion in card.suggestions:
            if suggestion.uuid == uuid:
                return card, suggestion
    raise _gone()


def _reason(card: ReadCard, index: str) -> ReadReason | None:
    if not index:
        return None
    if not (index.isascii() and index.isdigit() and int(index) < len(card.override_reasons)):
        raise _gone()
    return card.override_reasons[int(index)]


def _gone() -> RefusedError:
    return RefusedError(HTTPStatus.BAD_REQUEST, "This is not on the page any more. Choose the patient again.")


def _not_created(state: PageState, suggestion: ReadSuggestion, error: NotFetchedError) -> Done:
    return Done(
        title=f"Not created: {suggestion.label}",
        lines=(f"The FHIR server did not take it ({error.why.value}). Nothing was reported.",),
        request=state.request,
        good=False,
        resources=tuple(a.resource for a in suggestion.actions if a.resource is not None),
    )
