"""The orders that a recommendation proposes, with their codes."""

from cds_service.knowledge_pages.criteria import referenced
from cds_service.knowledge_pages.kinds import Kind, Link
from cds_service.knowledge_pages.library import Library
from cds_service.knowledge_pages.names import system_words
from cds_service.knowledge_pages.parts import Shown
from pathway.number_words import figure
from pathway.rules import Coded, MedicationOrder, Proposal, ServiceOrder


class Code(Shown, frozen=True, kw_only=True):
    """One coding of an order."""

    system: str
    system_name: str
    code: str
    display: str
    concept: Link | None = None


class Order(Shown, frozen=True, kw_only=True):
    """One suggestion."""

    id: str
    label: str
    description: str
    resource: str  # the FHIR resource that it makes
    when: tuple[str, ...] = ()
    codes: tuple[Code, ...] = ()
    details: tuple[str, ...] = ()
    only_beside_guards: bool = False
    may_be_recommended: bool = False


def order_of(proposal: Proposal, library: Library) -> Order:
    """A proposal in words."""
    order = proposal.order
    codes: tuple[Coded, ...]
    if isinstance(order, MedicationOrder):
        resource, codes, details = "MedicationRequest", (order.code,), _of_drug(order)
    else:
        resource, codes, details = "ServiceRequest", order.codes, _of_service(order)
    return Order(
        id=proposal.id,
        label=proposal.label,
        description=proposal.description,
        resource=resource,
        when=tuple(asked.sentence for asked in referenced(proposal.when, library.knowledge)),
        codes=tuple(_code(code, library) for code in codes),
        details=details,
        only_beside_guards=proposal.beside_guards_only,
        may_be_recommended=proposal.recommendable,
    )


def _code(code: Coded, library: Library) -> Code:
    concept = library.concept_of_code.get((code.system, code.code))
    return Code(
        system=code.system,
        system_name=system_words(code.system),
        code=code.code,
        display=code.display,
        concept=None if concept is None else library.link(Kind.CONCEPT, concept),
    )


def _of_drug(order: MedicationOrder) -> tuple[str, ...]:
    doses = [dose.text for dose in order.doses]
    supply = f"{figure(order.quantity)} {order.quantity_unit}"
    days = f" for {order.supply_days} days" if order.supply_days is not None else ""
    return (*doses, f"Quantity: {supply}{days}; refills: {order.refills}")


def _of_service(order: ServiceOrder) -> tuple[str, ...]:
    said = [order.details, f"Reason: {order.reason}" if order.reason else None]
    said.append(f"Priority: {order.priority}" if order.priority != "routine" else None)
    said.append("The code of the last one is used where it may be" if order.code_from else None)
    return tuple(text for text in said if text)
