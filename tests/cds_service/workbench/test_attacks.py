"""A chart whose every string is an attack: nothing of it becomes markup."""

import html
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from cds_service.workbench.page_state import PageState
from tests.cds_service.workbench.bench import Bench, Markup

ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "</textarea></pre></option></select><script>alert(1)</script>",
    "[x](javascript:alert(1)) ![y](http://evil.example/y.png) <http://evil.example>",
    "{{ 7*7 }}{% raw %}",
    "<!--picture-->",
    "\u202egnp.exe\u0000\u0007",
)
KEPT = {
    "resourceType",
    "system",
    "code",
    "reference",
    "id",
    "status",
    "intent",
    "hook",
    "hookInstance",
    "userId",
}


def attacked(value: Any, attack: str, name: str = "") -> Any:
    """The document with every text replaced that is not a code, an id or a day."""
    if isinstance(value, dict):
        return {key: attacked(below, attack, key) for key, below in value.items()}
    if isinstance(value, list):
        return [attacked(below, attack, name) for below in value]
    is_text = isinstance(value, str) and name not in KEPT and not value[:4].isdigit()
    return attack if is_text and name not in {"patientId", "type", "mode"} else value


def opened(whole: Bench, attack: str, sample: str) -> Bench:
    state = whole.open(sample).state
    request = attacked(state.request, attack)
    steps = (attack, *state.steps)
    packed: PageState = replace(state, request=request, steps=steps)
    return whole.took(
        whole.client.post("/workbench/day", data={"state": packed.packed(), "as_of": "2026-11-22"})
    )


def harmful(text: str) -> Iterator[str]:
    for tag, attributes in Markup(text).elements:
        if tag in ("img", "iframe", "object", "embed", "base") or (
            tag == "script" and attributes.get("src") != "/static/workbench.js"
        ):
            yield tag
        for name, value in attributes.items():
            address = name in ("href", "src", "action", "formaction")
            if name.startswith("on") or (
                address and not (value or "").startswith(("/", "#", "http://", "https://"))
            ):
                yield f"{tag} {name}"


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("sample", ["esi-repeat-window", "sci-neuropathic-pain"])
def test_no_text_of_a_chart_becomes_markup(whole: Bench, attack: str, sample: str) -> None:
    opened(whole, attack, sample)

    assert whole.status == 200
    assert list(harmful(whole.text)) == []
    assert whole.text.count("<h1>") == 1
    assert whole.text.rstrip().endswith("</html>")


@pytest.mark.parametrize("attack", ATTACKS)
def test_nor_does_one_of_a_draft_order(whole: Bench, attack: str) -> None:
    whole.open("esi-waiting").post("order", order="esi", on="2026-11-25")
    state = whole.state
    (entry,) = state.request["context"]["draftOrders"]["entry"]
    entry["resource"]["code"]["text"] = attack

    whole.took(whole.client.post("/workbench/order", data={"state": state.packed(), "do": "sign"}))

    assert whole.status == 200
    assert list(harmful(whole.text)) == []


def test_the_words_are_there_as_words(whole: Bench) -> None:
    opened(whole, ATTACKS[0], "esi-repeat-window")

    assert html.escape(ATTACKS[0]) in whole.text
