"""docs/epic.md says what the service asks, answers and accepts."""

import re
from pathlib import Path

from cards.epic import OIDS, ORDER_SET_ITEM, PREFERENCE_LIST_ITEM, TOPICS
from cards.proposals import Proposals
from cds_service.hooks import prefetch_templates, services
from cds_service.triggers import TRIGGER_ACTION
from pathway.loading import load_code_rows, load_knowledge
from pathway.rules import ServiceOrder

PAGE = Path(__file__).parents[2].joinpath("docs", "epic.md").read_text(encoding="utf-8")
KNOWLEDGE = load_knowledge()
ROWS = load_code_rows()


def test_the_prefetch_table_is_that_of_the_services() -> None:
    typed = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)`", PAGE, re.MULTILINE))

    templates = prefetch_templates(ROWS)

    observations = templates.pop("observations")
    assert observations.startswith(typed.pop("observations"))
    assert {key: typed.get(key) for key in templates} == templates


def test_every_endpoint_topic_system_and_the_trigger_are_named() -> None:
    named = [
        *(f"/{service.id}`" for service in services(ROWS)),
        *(f"`{code}`" for code, _ in TOPICS.values()),
        PREFERENCE_LIST_ITEM,
        ORDER_SET_ITEM,
        TRIGGER_ACTION,
        OIDS["http://www.nlm.nih.gov/research/umls/rxnorm"],
    ]

    assert [name for name in named if name not in PAGE] == []


def test_every_override_reason_stands_in_the_table_with_its_words() -> None:
    listed = dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \| (?:every card|some cards) \|$", PAGE, re.MULTILINE))

    assert listed == {reason.code: reason.display for reason in KNOWLEDGE.override_reasons.values()}


def test_the_orders_without_any_code_are_named() -> None:
    uncoded = {
        f"{rule.id}/{proposal.id}"
        for rule in KNOWLEDGE.rules.values()
        for proposal in rule.proposals
        if isinstance(proposal.order, ServiceOrder) and not proposal.order.codes
    }
    told = re.search(r"Without any code, .*?\.\n", PAGE, re.DOTALL)

    assert told is not None
    assert set(re.findall(r"`([\w-]+/[\w-]+)`", told[0])) == uncoded


def test_every_proposal_that_the_page_names_exists() -> None:
    named = set(re.findall(r'^proposal = "(.+)"$', PAGE, re.MULTILINE))

    assert named
    assert named <= Proposals(KNOWLEDGE).names()
