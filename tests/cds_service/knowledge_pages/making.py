"""An app of the knowledge pages alone."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from flask import Flask

from cds_service import headers
from cds_service.knowledge_pages.routes import blueprint
from pathway.codelists import CodeRow
from pathway.knowledge_base import KnowledgeBase
from pathway.overrides import Override, overridden

SITE = "north"


def pages_app(
    knowledge: KnowledgeBase,
    rows: tuple[CodeRow, ...],
    *,
    knowledge_of_tenant: Callable[[str], KnowledgeBase] | None = None,
    may_see_tenants: bool = False,
) -> Flask:
    app = Flask("cds_service")
    headers.init_app(app, public_url=None)
    app.register_blueprint(
        blueprint(
            knowledge,
            rows,
            knowledge_of_tenant=knowledge_of_tenant,
            may_see_tenants=lambda: may_see_tenants,
        )
    )
    return app


def changed_knowledge(knowledge: KnowledgeBase, rows: tuple[CodeRow, ...]) -> KnowledgeBase:
    """A site that has switched yoga off, set a number and added a sentence."""
    decided = {"by": "Spine board", "on": date(2026, 10, 1)}
    return overridden(
        knowledge,
        (
            Override(off="yoga", why="No courses here", **decided),
            Override(threshold="esi-min-gap-days", value=Decimal(21), why="Our <own> policy", **decided),
            Override(text="nsaid", says="Ask the pharmacy first.", why="Agreed", **decided),
        ),
        rows,
    )


def sites(knowledge: KnowledgeBase, rows: tuple[CodeRow, ...]) -> Callable[[str], KnowledgeBase]:
    known = {SITE: changed_knowledge(knowledge, rows)}
    return lambda tenant: known[tenant]
