"""The addresses of the knowledge pages, as HTML and as JSON; open, since they hold nothing of any patient."""

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlencode

import msgspec
from flask import Blueprint, Response, render_template, request
from werkzeug.exceptions import NotFound

from cds_service.knowledge_pages.case_files import CasesOf, packaged_cases
from cds_service.knowledge_pages.index import Group
from cds_service.knowledge_pages.kinds import ATTRIBUTES, HEADINGS, ROOT, Kind, address
from cds_service.knowledge_pages.parts import Change, Shown, changes_of_all
from cds_service.knowledge_pages.placeholders import plain, shown
from cds_service.knowledge_pages.shelf import Edition, Shelf
from pathway.codelists import CodeRow
from pathway.knowledge_base import KnowledgeBase

# no script at all, our own style sheets and icon, and a form that asks us
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
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


def blueprint(
    packaged: KnowledgeBase,
    rows: tuple[CodeRow, ...],
    cases_of_file: CasesOf = packaged_cases,
    knowledge_of_tenant: Callable[[str], KnowledgeBase] | None = None,
    may_see_tenants: Callable[[], bool] = lambda: False,
) -> Blueprint:
    """The pages under /knowledge.

    Args:
        packaged: The knowledge without changes of any site.
        rows: The terminology.
        cases_of_file: Reads golden cases, file by file, when the first page needs them.
        knowledge_of_tenant: The knowledge in force at a site; raises KeyError for an unknown one. None:
            no site is ever shown.
        may_see_tenants: Whether who asks may see what sites have changed.
    """
    routes = Blueprint("knowledge", __name__)
    reader = _Reader(Shelf(rows, cases_of_file), packaged, knowledge_of_tenant, may_see_tenants)
    routes.add_app_template_filter(shown, "knowledge_text")

    @routes.before_request
    def ask() -> Response | None:
        return reader.refusal()

    @routes.after_request
    def secure(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        # the same for everyone until the knowledge changes; a site's own pages are the operator's
        response.headers["Cache-Control"] = "no-store" if reader.tenant() else "no-cache"
        return response

    @routes.get(ROOT, strict_slashes=False)
    def index() -> Response:
        return reader.index(None)

    @routes.get(f"{ROOT}.json")
    def index_document() -> Response:
        return reader.index_document()

    @routes.get(ATTRIBUTES)
    def attributes() -> Response:
        return reader.attributes()

    @routes.get(f"{ATTRIBUTES}.json")
    def attributes_document() -> Response:
        return _json(reader.edition().attributes)

    @routes.get(f"{ROOT}/<name>")
    def one_name(name: str) -> Response:
        return reader.by_name(name)

    @routes.get(f"{ROOT}/<kind>/<name>")
    def page(kind: str, name: str) -> Response:
        return reader.page(kind, name)

    @routes.get(f"{ROOT}/<kind>/<name>.json")
    def page_document(kind: str, name: str) -> Response:
        return reader.page_document(kind, name)

    return routes


class _Reader:
    """Answers the requests; all of them read."""

    def __init__(
        self,
        shelf: Shelf,
        packaged: KnowledgeBase,
        knowledge_of_tenant: Callable[[str], KnowledgeBase] | None,
        may_see_tenants: Callable[[], bool],
    ) -> None:
        self.shelf = shelf
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
        edition, query = self.edition(), request.args.get("q", "").strip()
        return self._html(
            "knowledge_index.html",
            groups=edition.index.found(query, only),
            query=query,
            only=only,
            changes=changes_of_all(edition.library),
        )

    def index_document(self) -> Response:
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
        return self._html("knowledge_attributes.html", document=self.edition().attributes)

    def by_name(self, name: str) -> Response:
        """A kind's part of the index, or the page of an id; recommendations and guards go first."""
        if name in list(Kind):
            return self.index(Kind(name))
        kinds = self.edition().kinds_of(name)
        if not kinds:
            return self._missing()
        first = next((k for k in (Kind.RECOMMENDATION, Kind.GUARD) if k in kinds), kinds[0])
        return self._redirected(first, name)

    def page(self, kind: str, name: str) -> Response:
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

    def _redirected(self, kind: Kind, name: str) -> Response:
        # a path, never made of the Host header
        suffix = f"?{urlencode({'tenant': self.tenant()})}" if self.tenant() else ""
        location = f"{address(kind, name)}{suffix}"
        return Response("", HTTPStatus.FOUND, headers={"Location": location}, content_type=HTML)

    def _missing(self) -> Response:
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


def _json(document: Shown) -> Response:
    return _conditional(Response(msgspec.json.encode(document), content_type=JSON))


def _conditional(response: Response) -> Response:
    response.add_etag()
    response.make_conditional(request)
    return response
