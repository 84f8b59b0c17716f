"""Order hook calls: golden cases as requests, and what the answers say."""

import json
from typing import Any

from flask.testing import FlaskClient

from cds_service.hooks import ORDER_SELECT, ORDER_SIGN
from cds_service.sample_codes import Codes
from cds_service.sample_records import drafts_of, record_of
from cds_service.samples import hook_request
from pathway.golden import GoldenCase
from tests.cds_service.making import a_bundle, a_context, a_prefetch, a_request

URLS = {"order-select": f"/cds-services/{ORDER_SELECT}", "order-sign": f"/cds-services/{ORDER_SIGN}"}


def call(client: FlaskClient, request: Any) -> Any:
    """Post a request to the service of its hook."""
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    hook = request["hook"] if isinstance(request, dict) else json.loads(request)["hook"]
    return client.post(URLS[hook], data=body, content_type="application/json")


def request_of(case: GoldenCase, hook: str, codes: Codes) -> dict[str, Any]:
    """A golden case as a call of an order hook."""
    drafts = drafts_of(case.given, patient_id="golden", as_of=case.as_of, codes=codes)
    record = record_of(case.given, patient_id="golden", name="Golden Case", as_of=case.as_of, codes=codes)
    selected = [
        f"{resource['resourceType']}/{resource['id']}"
        for resource, given in zip(drafts, case.given.drafts, strict=True)
        if given.selected
    ]
    body = hook_request(
        record,
        "golden",
        not_provided=case.given.not_provided,
        as_of=case.as_of,
        hook=hook,
        drafts=drafts,
        selected=selected,
    )
    request: dict[str, Any] = json.loads(body)
    return request


def an_order_request(*drafts: dict[str, Any], hook: str = "order-sign", **changes: Any) -> dict[str, Any]:
    """Drafts for the patient of worked case 1."""
    context = a_context(draftOrders=a_bundle(*drafts, type="collection"))
    if hook == "order-select":
        context["selections"] = [f"{d['resourceType']}/{d['id']}" for d in drafts if "id" in d]
    return a_request(hook=hook, context=context, prefetch=a_prefetch()) | changes


def fired(answer: dict[str, Any]) -> list[tuple[str, str | None, str]]:
    """Guard, order and indicator of every card, in order."""
    return [
        (
            card["extension"]["org.backpath"]["recommendations"][0],
            card["extension"]["org.backpath"].get("order"),
            card["indicator"],
        )
        for card in answer["cards"]
    ]


def accepted(request: dict[str, Any], suggestion: dict[str, Any]) -> dict[str, Any]:
    """The request as the EHR would send it again after the suggestion was accepted."""
    again: dict[str, Any] = json.loads(json.dumps(request))
    entries = again["context"]["draftOrders"]["entry"]
    for action in suggestion["actions"]:
        match action["type"]:
            case "delete":
                entries[:] = [e for e in entries if ref(e["resource"]) != action["resourceId"]]
            case "update":
                entries[:] = [
                    {"resource": action["resource"]} if ref(e["resource"]) == ref(action["resource"]) else e
                    for e in entries
                ]
            case "create":
                entries.append({"resource": action["resource"] | {"id": f"new-{len(entries)}"}})
    if "selections" in again["context"]:
        again["context"]["selections"] = [ref(e["resource"]) for e in entries]
    return again


def drafts_in(request: dict[str, Any]) -> set[str]:
    """What the drafts of a request are called."""
    entries = request["context"]["draftOrders"].get("entry", ())
    return {ref(entry["resource"]) for entry in entries}


def ref(resource: dict[str, Any]) -> str:
    return f"{resource['resourceType']}/{resource.get('id')}"
