"""A patient's page shows what a client is answered, and what it would send for it."""

import html
import json
import re
from typing import Any

from tests.cds_service.making import advice_of
from tests.cds_service.workbench.bench import Bench, Markup


def shown(whole: Bench, name: str) -> Any:
    found = re.search(rf'<pre tabindex="0" aria-label="{name}">(.*?)</pre>', whole.text, re.DOTALL)
    assert found is not None
    return json.loads(html.unescape(found[1]))


def test_the_request_that_is_shown_gets_a_client_the_answer_that_is_shown(whole: Bench) -> None:
    whole.open("esi-repeat-window")

    request, answer = shown(whole, "Request"), shown(whole, "Answer")
    response = whole.client.post("/cds-services/low-back-pain-patient-view", json=request)

    assert advice_of(response.json) == advice_of(answer)


def test_the_command_holds_the_request_and_the_address(whole: Bench) -> None:
    whole.open("esi-waiting")

    command = html.unescape(re.findall(r"<textarea[^>]*>(.*?)</textarea>", whole.text, re.DOTALL)[0])
    first, *body, last = command.rstrip("\n").split("\n")

    assert "'http://localhost/cds-services/low-back-pain-patient-view'" in first
    assert first.endswith(f"<<'{last}'")
    assert json.loads("\n".join(body)) == shown(whole, "Request")


def test_cards_are_shown_as_an_ehr_shows_them(whole: Bench) -> None:
    whole.open("red-flag-emergency")

    card = shown(whole, "Answer")["cards"][0]
    assert '<article class="card critical"' in whole.text
    assert '<p class="urgency">Critical</p>' in whole.text
    assert html.escape(card["summary"]) in whole.text
    assert all(html.escape(one["display"]) in whole.text for one in card["overrideReasons"])
    assert f'<a href="{card["source"]["url"]}" rel="noopener noreferrer">' in whole.text


def test_the_detail_is_markdown_with_tables_and_links(whole: Bench) -> None:
    whole.open("esi-waiting")

    tags = [
        tag
        for tag, _ in Markup(
            re.findall(r'<div class="detail">.*?</article>', whole.text, re.DOTALL)[0]
        ).elements
    ]
    assert {"table", "th", "li", "strong", "a"} <= set(tags)


def test_a_record_without_the_problem_gets_no_cards(whole: Bench) -> None:
    whole.open("esi-waiting")

    whole.post("what-if", removed=whole.choice("removed", "Condition"))

    assert whole.pathway_state == "not-applicable"
    assert "No cards: there is nothing to propose." in whole.text


def test_a_hook_instance_is_new_for_every_call(whole: Bench) -> None:
    first = whole.open("esi-waiting").state.request["hookInstance"]
    second = whole.post("day", step="+1").state.request["hookInstance"]

    assert first != second


def test_what_the_record_lacks_is_listed(whole: Bench) -> None:
    state = whole.open("esi-waiting").state
    del state.request["prefetch"]["allergies"]

    whole.took(whole.client.post("/workbench/day", data={"state": state.packed(), "step": "+1"}))

    assert "<code>not-provided</code> AllergyIntolerance" in whole.text


def test_a_request_without_an_answer_for_conditions_is_a_412(whole: Bench) -> None:
    state = whole.open("esi-waiting").state
    del state.request["prefetch"]["conditions"]

    whole.took(whole.client.post("/workbench/day", data={"state": state.packed(), "step": "+1"}))

    assert whole.status == 412
    assert "Indispensable data is missing: Condition." in whole.text


def test_orders_can_be_judged_without_one_but_there_is_no_picture(whole: Bench) -> None:
    state = whole.open("esi-waiting").post("order", order="mri").state
    del state.request["prefetch"]["conditions"]

    whole.took(whole.client.post("/workbench/day", data={"state": state.packed(), "step": "+1"}))

    assert whole.status == 200
    assert "There is no picture: the request holds no answer for conditions." in whole.text


def test_a_large_record_is_cut_for_the_eye_and_whole_in_the_command(whole: Bench) -> None:
    state = whole.open("esi-waiting").state
    entries = state.request["prefetch"]["observations"]["entry"]
    entries += [
        {"resource": {"resourceType": "Observation", "id": f"o{n}", "note": "x" * 50}} for n in range(3000)
    ]

    whole.took(whole.client.post("/workbench/day", data={"state": state.packed(), "step": "+1"}))

    assert "kB in all; the command below holds it whole" in whole.text
    command = re.findall(r"<textarea[^>]*>(.*?)</textarea>", whole.text, re.DOTALL)[0]
    assert '"id":"o2999"' in command
    assert len(whole.text) < 1_500_000
