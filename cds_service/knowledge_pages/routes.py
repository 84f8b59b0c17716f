"""The addresses of the knowledge pages, as HTML and as JSON; open, since they hold nothing of any patient."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from flask import Blueprint, Response

from cds_service.knowledge_pages.kinds import ATTRIBUTES, ROOT
from cds_service.knowledge_pages.placeholders import shown
from pathway.codelists import CodeRow
from pathway.knowledge_base import KnowledgeBase

if TYPE_CHECKING:
    from cds_service.knowledge_pages.reader import Reader

# no script at all, our own style sheets and icon, and a form that asks us
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


def blueprint(
    packaged: KnowledgeBase,
    rows: tuple[CodeRow, ...],
    knowledge_of_tenant: Callable[[str], KnowledgeBase] | None = None,
    may_see_tenants: Callable[[], bool] = lambda: False,
) -> Blueprint:
    """The pages under /knowledge.

    Args:
        packaged: The knowledge without changes of any site.
        rows: The terminology.
        knowledge_of_tenant: The knowledge in force at a site; raises KeyError for an unknown one. None:
            no site is ever shown.
        may_see_tenants: Whether who asks may see what sites have changed.
    """
    routes = Blueprint("knowledge", __name__)

    @cache
    def reader() -> "Reader":
        from cds_service.knowledge_pages.reader import Reader  # noqa: PLC0415 - only once someone looks

        return Reader(packaged, rows, knowledge_of_tenant, may_see_tenants)

    routes.add_app_template_filter(shown, "knowledge_text")
    _protect(routes, reader)
    _add_pages(routes, reader)
    _add_documents(routes, reader)
    return routes


def _protect(routes: Blueprint, reader: "Callable[[], Reader]") -> None:
    @routes.before_request
    def ask() -> Response | None:
        return reader().refusal()

    @routes.after_request
    def secure(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        # the same for everyone until the knowledge changes; a site's own pages are the operator's
        response.headers["Cache-Control"] = "no-store" if reader().tenant() else "no-cache"
        return response


def _add_pages(routes: Blueprint, reader: "Callable[[], Reader]") -> None:
    @routes.get(ROOT, strict_slashes=False)
    def index() -> Response:
        return reader().index(None)

    @routes.get(ATTRIBUTES)
    def attributes() -> Response:
        return reader().attributes()

    @routes.get(f"{ROOT}/<name>")
    def one_name(name: str) -> Response:
        return reader().by_name(name)

    @routes.get(f"{ROOT}/<kind>/<name>")
    def page(kind: str, name: str) -> Response:
        return reader().page(kind, name)


def _add_documents(routes: Blueprint, reader: "Callable[[], Reader]") -> None:
    @routes.get(f"{ROOT}.json")
    def index_document() -> Response:
        return reader().index_document()

    @routes.get(f"{ATTRIBUTES}.json")
    def attributes_document() -> Response:
        return reader().attributes_document()

    @routes.get(f"{ROOT}/<name>.json")
    def one_document(name: str) -> Response:
        return reader().document_by_name(name)

    @routes.get(f"{ROOT}/<kind>/<name>.json")
    def page_document(kind: str, name: str) -> Response:
        return reader().page_document(kind, name)
