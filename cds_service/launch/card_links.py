"""Which link the cards of a site get."""

from cards.links import CardLinks
from cds_service.settings import Settings
from cds_service.tenants.model import Tenant
from pathway.knowledge_base import KnowledgeBase


def links_of(tenant: Tenant, settings: Settings, knowledge: KnowledgeBase) -> CardLinks:
    """The links of a site's cards; never made of what a request says of our address.

    In development mode nobody knows beforehand whether a client can launch, so cards link to the evidence.
    """
    is_smart = tenant.smart is not None and not tenant.development and settings.public_url is not None
    return CardLinks(own_base(settings), guards=knowledge.guards, is_smart=is_smart)


def own_base(settings: Settings) -> str | None:
    """The service's own URL as links name it; None: it is not known, and there are no links."""
    if settings.public_url is not None:
        return settings.public_url
    return f"http://{settings.bind}" if settings.bind.is_loopback else None
