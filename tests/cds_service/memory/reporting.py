"""Bodies of feedback, for the tests."""

import json
from pathlib import Path
from typing import Any

CARD = "0b6b2b0e-0000-4000-8000-00000000000c"
SUGGESTION = "0b6b2b0e-0000-4000-8000-00000000000d"
AT = "2026-11-22T19:44:04Z"
AT_MS = 1_795_376_644_000
SYSTEM = "urn:backpath:override-reason"
EPIC = Path(__file__).parents[2] / "cards" / "epic_golden"


def an_item(**changes: Any) -> dict[str, Any]:
    """An override without a reason; a member that is None is left out."""
    item = {"card": CARD, "outcome": "overridden", "outcomeTimestamp": AT} | changes
    return {name: value for name, value in item.items() if value is not None}


def accepted(*suggestions: str, **changes: Any) -> dict[str, Any]:
    chosen = [{"id": suggestion} for suggestion in suggestions or (SUGGESTION,)]
    return an_item(outcome="accepted", acceptedSuggestions=chosen, **changes)


def a_reason(code: str = "patient-preference", system: str = SYSTEM) -> dict[str, Any]:
    return {"reason": {"code": code, "system": system}}


def body_of(*items: object) -> bytes:
    return json.dumps({"feedback": items}).encode()


def epic_body(name: str) -> bytes:
    return (EPIC / f"feedback_{name}.json").read_bytes()
