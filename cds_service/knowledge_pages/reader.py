"""Answers requests for knowledge pages: finds the edition and the page, and renders it.

Loaded with the first request for a page, so that a service that answers hooks does not wait for it.
"""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from urllib.parse import urlencode

import msgspec
from flask import Response, render_template, request
from werkzeug.exceptions import NotFound

from cds_service.error_pages import wants_page
from cds_service.knowledge_pages.case_files import packaged_cases
from cds_service.knowledge_pages.index import Group
from cds_service.knowledge_pages.kinds import HEADINGS, Kind, address
from cds_service.knowledge_pages.parts import Change, Shown, changes_of_all
from cds_service.knowledge_pages.placeholders import plain
from cds_service.knowledge_pages.shelf import Edition, Shelf
from pathway.codelists import CodeRow
from pathway.knowledge_base import KnowledgeBase

HTML, JSON = "text/html; charset=utf-8", "application/json"


class IndexDocument(Shown, frozen=True, kw_only=True):
    """The index for programs."""

    knowledge_version: str
    query: str
    groups: tuple[Group, ...]
    changes: tuple[Change, ...] = ()  # of the site that was asked for


class PageDocument(Shown, frozen=True, kw_only=True):
    """A page for programs."""

    kind: Kind
    id: str
    title: str
    knowledge_version: str
    page: msgspec.Raw


class Reader:
    """Answers the requests; all of them read."""

    def __init__(
        self,
        packaged: KnowledgeBase,
        rows: tuple[CodeRow, ...],
        knowledge_of_tenant: Callable[[str], KnowledgeBase] | None,
        may_see_tenants: Callable[[], bool],
    ) -> None:
        self.shelf = Shelf(rows, packaged_cases)
        self.packaged = packaged
        self.knowledge_of_tenant = knowledge_of_tenant
        self.may_see_tenants = may_see_tenants

    @staticmethod
    def tenant() -> str:
        """The site that was asked for; empty for the packaged knowledge."""
        return request.args.get("tenant", "").strip()

    def refusal(self) -> Response | None:
        """What who may not see sites is answered when asking for one."""
        if not self.tenant() or self.may_see_tenants():
            return None
        if self.knowledge_of_tenant is None:
            raise NotFound
        response = Response("The operator's token is needed.", HTTPStatus.UNAUTHORIZED)
        response.headers["WWW-Authenticate"] = 'Basic realm="Backpath", charset="UTF-8"'
        return response

    def edition(self) -> Edition:
        """The pages of the packaged knowledge, or of the site that was asked for."""
        tenant = self.tenant()
        if not tenant:
            return self.shelf.edition(self.packaged)
        if self.knowledge_of_tenant is None:
            raise NotFound
        try:
            return self.shelf.edition(self.knowledge_of_tenant(tenant))
        except KeyError as error:
            raise NotFound from error

    def index(self, only: Kind | None) -> Response:
        """All pages, or those that a search finds, or those of one kind."""
        edition, query = self.edition(), request.args.get("q", "").strip()
        return self._html(
            "knowledge_index.html",
            groups=edition.index.found(query, only),
            query=query,
            only=only,
            changes=changes_of_all(edition.library),
        )

    def index_document(self) -> Response:
        """The same for programs."""
        edition, query = self.edition(), request.args.get("q", "").strip()
        return _json(
            IndexDocument(
                knowledge_version=edition.library.knowledge.version,
                query=query,
                groups=edition.index.found(query),
                changes=changes_of_all(edition.library),
            )
        )

    def attributes(self) -> Response:
        """The source attributes."""
        return self._html("knowledge_attributes.html", document=self.edition().attributes)

    def attributes_document(self) -> Response:
        """The same for programs."""
        return _json(self.edition().attributes)

    def by_name(self, name: str) -> Response:
        """A kind's part of the index, or the page of an id; recommendations and guards go first."""
        if name in list(Kind):
            return self.index(Kind(name))
        kinds = self.edition().kinds_of(name)
        if not kinds:
            return self._missing()
        return self._redirected(_first_of(kinds), name)

    def document_by_name(self, name: str) -> Response:
        """The same for programs."""
        kinds = self.edition().kinds_of(name)
        if not kinds:
            raise NotFound
        return self._redirected(_first_of(kinds), name, ending=".json")

    def page(self, kind: str, name: str) -> Response:
        """One page."""
        edition = self.edition()
        if kind not in list(Kind):
            return self._missing()
        if not edition.library.has(Kind(kind), name):
            # a card's first item may be a guard: its link leads here all the same
            other = {Kind.RECOMMENDATION: Kind.GUARD, Kind.GUARD: Kind.RECOMMENDATION}.get(Kind(kind))
            if other is not None and edition.library.has(other, name):
                return self._redirected(other, name)
            return self._missing()
        found = Kind(kind)
        return self._html(
            f"knowledge_{found.name.lower()}.html",
            kind=found,
            name=name,
            title=plain(edition.library.titles[found][name]),
            it=edition.page(found, name),
        )

    def page_document(self, kind: str, name: str) -> Response:
        """One page for programs."""
        edition = self.edition()
        if kind not in list(Kind) or not edition.library.has(Kind(kind), name):
            raise NotFound
        return _json(
            PageDocument(
                kind=Kind(kind),
                id=name,
                title=edition.library.titles[Kind(kind)][name],
                knowledge_version=edition.library.knowledge.version,
                page=msgspec.Raw(msgspec.json.encode(edition.page(Kind(kind), name))),
            )
        )

    def _redirected(self, kind: Kind, name: str, *, ending: str = "") -> Response:
        # a path, never made of the Host header
        suffix = f"?{urlencode({'tenant': self.tenant()})}" if self.tenant() else ""
        location = f"{address(kind, name)}{ending}{suffix}"
        return Response("", HTTPStatus.FOUND, headers={"Location": location}, content_type=HTML)

    def _missing(self) -> Response:
        if not wants_page():
            raise NotFound
        response = self._html("knowledge_missing.html")
        response.status_code = HTTPStatus.NOT_FOUND
        return response

    def _html(self, template: str, **values: object) -> Response:
        knowledge = self.edition().library.knowledge
        page = render_template(
            template,
            version=knowledge.version,
            tenant=self.tenant(),
            headings=HEADINGS,
            **values,
        )
        return _conditional(Response(page, content_type=HTML))


def _first_of(kinds: Sequence[Kind]) -> Kind:
    return next((k for k in (Kind.RECOMMENDATION, Kind.GUARD) if k in kinds), kinds[0])


def _json(document: Shown) -> Response:
    return _conditional(Response(msgspec.json.encode(document), content_type=JSON))


def _conditional(response: Response) -> Response:
    response.add_etag()
    response.make_conditional(request)
    return response
