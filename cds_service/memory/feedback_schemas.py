"""What an item of feedback must look like: marshmallow schemas with the spec's own names, and Epic's.

https://cds-hooks.hl7.org/2.0/#feedback. Unknown members and extensions are ignored, optional members may be
null. Whatever is kept as it came is short, and without characters that a database cannot hold.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema
from marshmallow.validate import OneOf

from cds_service.memory.instants import milliseconds_of
from cds_service.schemas import MESSAGES, MISSING, UUID, RequestPart

ACCEPTED, OVERRIDDEN = "accepted", "overridden"
LONGEST_CODE, LONGEST_SYSTEM = 100, 200
MOST_SUGGESTIONS = 100  # of one card; ours have a few
# Epic tells a site's own reason in an extension, without a `reason`
EPIC_CATEGORY = "com.epic.cdshooks.feedback.overrideReason.reasonCategory"
UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029]"
)  # also what a terminal or Unicode breaks lines at


def _uuid(value: str) -> None:
    if not UUID.fullmatch(value):
        raise ValidationError("must be a UUID")


def _instant(value: str) -> None:
    if milliseconds_of(value) is None:
        raise ValidationError("must be an RFC 3339 date-time with Z or an offset, e.g. 2026-11-22T19:44:04Z")


def _short(longest: int) -> Callable[[str], None]:
    def check(value: str) -> None:
        if not value.strip() or len(value) > longest or UNPRINTABLE.search(value):
            raise ValidationError(f"must be text of 1 to {longest} characters on one line")

    return check


def _text(*checks: Callable[[str], object], required: bool) -> fields.String:
    messages = MESSAGES | {"invalid": "must be a string"}
    return fields.String(
        required=required, allow_none=not required, validate=list(checks), error_messages=messages
    )


def _part(schema: type[Schema]) -> fields.Nested:
    messages = MESSAGES | {"type": "must be an object"}
    return fields.Nested(schema, allow_none=True, error_messages=messages)


class ItemPart(RequestPart):
    """A part of an item of feedback."""

    error_messages = {"type": "must be an object"}  # noqa: RUF012 - marshmallow's way to set it


class CodingSchema(ItemPart):
    """`overrideReason.reason`; its `display` is not needed and not kept."""

    system = _text(_short(LONGEST_SYSTEM), required=True)
    code = _text(_short(LONGEST_CODE), required=True)


class SuggestionSchema(ItemPart):
    """One of `acceptedSuggestions`: the specification calls the suggestion's `uuid` here `id`."""

    id = _text(_uuid, required=True)


class OverrideReasonSchema(ItemPart):
    """`overrideReason`, which Epic calls `overrideReasons`."""

    reason = _part(CodingSchema)
    userComment = _text(required=False)  # noqa: N815 - as the specification spells it
    extension = fields.Raw(allow_none=True)

    @validates_schema(skip_on_field_errors=True)
    def _says_something(self, data: Mapping[str, Any], **_: object) -> None:
        # an empty comment is what a form sends of which nothing was filled in
        if data.get("reason") is None and data.get("userComment") is None and not data.get("extension"):
            raise ValidationError("must hold a reason or a userComment; else leave it out")


class ItemSchema(ItemPart):
    """One item of `feedback`."""

    card = _text(_uuid, required=True)
    outcome = _text(OneOf([ACCEPTED, OVERRIDDEN], error=f"must be {ACCEPTED} or {OVERRIDDEN}"), required=True)
    acceptedSuggestions = fields.List(  # noqa: N815
        fields.Nested(SuggestionSchema, error_messages=MESSAGES),
        allow_none=True,
        error_messages=MESSAGES | {"invalid": "must be a list"},
    )
    overrideReason = _part(OverrideReasonSchema)  # noqa: N815
    overrideReasons = _part(OverrideReasonSchema)  # noqa: N815
    outcomeTimestamp = _text(_instant, required=True)  # noqa: N815

    @validates_schema(skip_on_field_errors=True)
    def _suggestions_fit_the_outcome(self, data: Mapping[str, Any], **_: object) -> None:
        suggestions = data.get("acceptedSuggestions") or ()
        if data["outcome"] == ACCEPTED and not suggestions:
            raise ValidationError(f"{MISSING} when the outcome is {ACCEPTED}", "acceptedSuggestions")
        if len(suggestions) > MOST_SUGGESTIONS:
            raise ValidationError(f"must have at most {MOST_SUGGESTIONS} entries", "acceptedSuggestions")
