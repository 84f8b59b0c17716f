"""What every 200 answer must look like (C-RESP to C-ACT): marshmallow schemas, no unknown member."""
# ruff: noqa: N815 - members as the specification spells them

import re
from typing import Any
from urllib.parse import urlsplit

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
HTML = re.compile(r"<\s*/?\s*[a-zA-Z!]")


def present(value: Any) -> None:
    """C-JSON-03: neither blank nor empty."""
    if value is None or (isinstance(value, str | list | dict) and not value):
        raise ValidationError("is empty")


def is_uuid(value: str) -> None:
    if not UUID.fullmatch(value):
        raise ValidationError("is no UUID")


def is_url(value: str) -> None:
    if urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc:
        raise ValidationError("is no absolute URL")


def is_summary(value: str) -> None:
    """C-CARD-05, C-CARD-06."""
    if len(value) >= 140 or "\n" in value:
        raise ValidationError("is too long, or more than one line")


def is_safe_markdown(value: str) -> None:
    """C-MD-01 to C-MD-03."""
    if HTML.search(value) or "javascript:" in value.lower():
        raise ValidationError("has HTML")
    if value.count("```") % 2:
        raise ValidationError("has an open code fence")


class Strict(Schema):
    class Meta:
        unknown = RAISE


class CodingSchema(Strict):
    """C-COD-01 to C-COD-03."""

    system = fields.String(required=True, validate=present)
    code = fields.String(required=True, validate=present)
    display = fields.String(validate=present)


class ReasonSchema(CodingSchema):
    """C-OVR-02: a display is needed."""

    display = fields.String(required=True, validate=present)


class SourceSchema(Strict):
    label = fields.String(required=True, validate=present)
    url = fields.String(validate=is_url)
    icon = fields.String(validate=is_url)
    topic = fields.Nested(CodingSchema, required=True)  # ours is always there (contract)


class ActionSchema(Strict):
    type = fields.String(required=True, validate=validate.Equal("create"))  # patient-view only creates
    description = fields.String(required=True, validate=present)
    resource = fields.Dict(required=True, validate=present)


class OrderActionSchema(Strict):
    """C-ACT-01 to C-ACT-08: the order hooks also change and take back."""

    type = fields.String(required=True, validate=validate.OneOf(["create", "update", "delete"]))
    description = fields.String(required=True, validate=present)
    resource = fields.Dict(validate=present)
    resourceId = fields.String(validate=present)

    @validates_schema
    def names_its_target(self, data: dict[str, Any], **_: Any) -> None:
        """C-ACT-03, C-ACT-05, C-ACT-06, C-ACT-08."""
        if ("resourceId" in data) != (data["type"] == "delete") or ("resource" in data) == (
            data["type"] == "delete"
        ):
            raise ValidationError("needs resourceId to delete, else a resource")


class SuggestionSchema(Strict):
    label = fields.String(required=True, validate=present)
    uuid = fields.String(required=True, validate=is_uuid)
    isRecommended = fields.Boolean(validate=validate.Equal(comparable=True))
    actions = fields.List(fields.Nested(ActionSchema), required=True, validate=validate.Length(equal=1))
    extension = fields.Dict(required=True, validate=present)


class OrderSuggestionSchema(SuggestionSchema):
    actions = fields.List(fields.Nested(OrderActionSchema), required=True, validate=validate.Length(equal=1))


class CardSchema(Strict):
    uuid = fields.String(required=True, validate=is_uuid)
    summary = fields.String(required=True, validate=[present, is_summary])
    detail = fields.String(validate=[present, is_safe_markdown])
    indicator = fields.String(required=True, validate=validate.OneOf(["info", "warning", "critical"]))
    source = fields.Nested(SourceSchema, required=True)
    suggestions = fields.List(fields.Nested(SuggestionSchema), validate=present)
    selectionBehavior = fields.String(validate=validate.OneOf(["any", "at-most-one"]))
    overrideReasons = fields.List(fields.Nested(ReasonSchema), validate=present)
    links = fields.List(fields.Dict(), validate=present)
    extension = fields.Dict(required=True, validate=present)

    @validates_schema
    def selection_goes_with_suggestions(self, data: dict[str, Any], **_: Any) -> None:
        """C-CARD-10, C-CARD-12."""
        if ("suggestions" in data) != ("selectionBehavior" in data):
            raise ValidationError("selectionBehavior without suggestions, or the reverse")

    @validates_schema
    def reasons_are_different(self, data: dict[str, Any], **_: Any) -> None:
        """C-OVR-03."""
        codes = [reason["code"] for reason in data.get("overrideReasons", ())]
        if len(codes) != len(set(codes)):
            raise ValidationError("an override reason stands twice")


class OrderCardSchema(CardSchema):
    suggestions = fields.List(fields.Nested(OrderSuggestionSchema), validate=present)


class OrderAnswerSchema(Strict):
    cards = fields.List(fields.Nested(OrderCardSchema), required=True)
    extension = fields.Dict(required=True, validate=present)


class AnswerSchema(Strict):
    cards = fields.List(fields.Nested(CardSchema), required=True, validate=validate.Length(max=5))
    extension = fields.Dict(required=True, validate=present)


ANSWER, ORDER_ANSWER = AnswerSchema(), OrderAnswerSchema()


def check_answer(answer: Any, patient_id: str | None = None) -> None:
    """Assert everything that holds for each 200 answer of patient-view."""
    assert ANSWER.validate(answer) == {}
    assert list(empties(answer)) == []
    ours = answer["extension"]["org.backpath"]
    always = {"state", "asOf", "knowledgeVersion"}
    assert always <= ours.keys() <= always | {"dataGaps", "memory"}
    assert ours.get("memory", "not-asked") == "not-asked"  # the past may be late on a busy machine
    suggestions = [s for card in answer["cards"] for s in card.get("suggestions", ())]
    assert sum("isRecommended" in suggestion for suggestion in suggestions) <= 1
    uuids = [item["uuid"] for item in (*answer["cards"], *suggestions)]
    assert len(uuids) == len(set(uuids))
    for card in answer["cards"]:
        carried = card["extension"]["org.backpath"]["recommendations"]
        assert card["source"]["topic"]["code"] == carried[0]
        for suggestion in card.get("suggestions", ()):
            assert suggestion["extension"]["org.backpath"]["recommendation"] in carried
            check_resource(suggestion["actions"][0]["resource"], patient_id)


def check_order_answer(answer: Any, drafts: set[str]) -> None:
    """Assert everything that holds for each 200 answer of the order hooks; `drafts`: `Type/id` sent."""
    assert ORDER_ANSWER.validate(answer) == {}
    ours = answer["extension"]["org.backpath"]
    always = {"state", "asOf", "knowledgeVersion"}
    assert always <= ours.keys() <= always | {"dataGaps", "memory"}
    assert ours.get("memory", "not-asked") == "not-asked"  # the past may be late on a busy machine
    suggestions = [s for card in answer["cards"] for s in card.get("suggestions", ())]
    uuids = [item["uuid"] for item in (*answer["cards"], *suggestions)]
    assert len(uuids) == len(set(uuids))
    seen = [
        (c["source"]["topic"]["code"], c["extension"]["org.backpath"].get("order")) for c in answer["cards"]
    ]
    named = [pair for pair in seen if pair[1] is not None]
    assert len(named) == len(set(named))  # one card per guard and order
    for card in answer["cards"]:
        extension = card["extension"]["org.backpath"]
        assert extension["recommendations"] == [card["source"]["topic"]["code"]]
        assert extension.get("order") in drafts | {None}
        marked = [s for s in card.get("suggestions", ()) if "isRecommended" in s]
        assert len(marked) <= 1
        for action in (s["actions"][0] for s in card.get("suggestions", ())):
            check_order_action(action, extension.get("order"))


def check_order_action(action: Any, order: str | None) -> None:
    """C-ACT-09: what is changed or taken back is the order that the card speaks of."""
    match action["type"]:
        case "delete":
            assert action["resourceId"] == order
        case "update":
            assert f"{action['resource']['resourceType']}/{action['resource']['id']}" == order
        case "create":
            assert "id" not in action["resource"]
            check_resource(action["resource"], None)


def check_resource(resource: Any, patient_id: str | None) -> None:
    """C-ACT-04, C-ACT-10 to C-ACT-12."""
    assert resource["resourceType"] in ("ServiceRequest", "MedicationRequest")
    assert resource["status"] == "draft"
    assert resource["intent"] == "order"
    assert "meta" not in resource
    kind, _, target = resource["subject"]["reference"].partition("/")
    assert kind == "Patient"
    assert FHIR_ID.fullmatch(target)
    if patient_id is not None:
        assert target == patient_id


def empties(value: Any, path: str = "$") -> list[str]:
    """C-JSON-02, C-JSON-03: places of null, "", [] and {}; `cards` may be empty."""
    if value is None or (isinstance(value, str | list | dict) and not value):
        return [] if path == "$.cards" else [path]
    if isinstance(value, dict):
        return [place for key, below in value.items() for place in empties(below, f"{path}.{key}")]
    if isinstance(value, list):
        return [place for number, below in enumerate(value) for place in empties(below, f"{path}[{number}]")]
    return []


def check_outcome(body: Any) -> None:
    """C-HTTP-08 to C-HTTP-11: a valid OperationOutcome, and no stack trace."""
    assert body["resourceType"] == "OperationOutcome"
    assert body["issue"]
    for issue in body["issue"]:
        assert issue["severity"] in ("fatal", "error", "warning", "information")
        assert issue["code"]
        assert "Traceback" not in issue["details"]["text"]
    assert list(empties(body)) == []
