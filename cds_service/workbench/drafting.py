"""Orders being written: added to a request, signed, taken away, and changed as a guard suggests."""

from collections.abc import Iterable
from copy import deepcopy
from datetime import date

from cds_service.sample_codes import Codes
from cds_service.workbench.additions import ORDERS, order_resource
from cds_service.workbench.answers import ReadAction
from cds_service.workbench.documents import Json
from cds_service.workbench.records import drafts, label_of
from cds_service.workbench.what_if import Changed, wrong

CHART, SELECT, SIGN = "patient-view", "order-select", "order-sign"


def drafted(request: Json, order: str, on: date, *, today: date, codes: Codes) -> Changed:
    """The request as order-select sends it when one more order is written.

    Raises:
        InvalidRequestError: there is no such order in the list.
    """
    if order not in ORDERS:
        raise wrong("Choose what is ordered.")
    made = deepcopy(request)
    patient_id = str(made["context"]["patientId"]).removeprefix("Patient/")
    resource = order_resource(ORDERS[order].given, patient_id, on, today, codes)
    _put(made, [*drafts(made), _named(resource, made)])
    return Changed(_on_hook(made, SELECT), (f"Drafted: {ORDERS[order].words}, for {on}",))


def signed(request: Json) -> Changed:
    """The request as order-sign sends it."""
    return Changed(_on_hook(deepcopy(request), SIGN), ("The drafts are to be signed",))


def selected(request: Json) -> Changed:
    """The request as order-select sends it, with every draft selected."""
    return Changed(_on_hook(deepcopy(request), SELECT), ())


def without_draft(request: Json, ref: str) -> Changed:
    """The request without one draft."""
    made = deepcopy(request)
    gone = [one for one in drafts(made) if ref_of(one) == ref]
    _put(made, [one for one in drafts(made) if ref_of(one) != ref])
    return Changed(_on_hook(made, made["hook"]), tuple(f"Not ordered: {label_of(one)}" for one in gone))


def back_to_chart(request: Json) -> Changed:
    """The request as patient-view sends it, without any draft."""
    return Changed(_on_hook(deepcopy(request), CHART), ())


def carried_out(request: Json, actions: Iterable[ReadAction]) -> Json:
    """The request as an EHR sends it after a suggestion on a draft was accepted."""
    made = deepcopy(request)
    for action in actions:
        orders = drafts(made)
        match action.type:
            case "delete":
                orders = [one for one in orders if ref_of(one) != action.of]
            case "update":
                orders = [action.resource or one if ref_of(one) == action.of else one for one in orders]
            case _ if action.resource is not None:
                orders = [*orders, _named(action.resource, made)]
        _put(made, orders)
    return _on_hook(made, made["hook"])


def ref_of(resource: Json) -> str:
    """`Type/id`."""
    return f"{resource.get('resourceType')}/{resource.get('id')}"


def _on_hook(made: Json, hook: str) -> Json:
    """The context that a hook asks for; nothing to order is the chart again."""
    context, orders = made["context"], drafts(made)
    made["hook"] = hook if orders else CHART
    context.pop("selections", None)
    if made["hook"] == CHART:
        context.pop("draftOrders", None)
    elif made["hook"] == SELECT:
        context["selections"] = [ref_of(one) for one in orders]
    return made


def _put(made: Json, orders: list[Json]) -> None:
    entries = [{"resource": one} for one in orders]
    made["context"]["draftOrders"] = {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _named(resource: Json, made: Json) -> Json:
    taken = {one.get("id") for one in drafts(made)}
    number = next(n for n in range(1, len(taken) + 2) if f"draft-{n}" not in taken)
    return resource | {"id": f"draft-{number}"}
