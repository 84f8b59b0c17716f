"""Every golden case of the packaged knowledge, one test each."""

import pytest
from msgspec.structs import replace

from pathway.codelists import CONDITION_FILES
from pathway.golden import GoldenCase
from pathway.knowledge_base import KnowledgeBase
from pathway.loading import load_code_rows, load_golden, load_knowledge
from pathway.proving import failures, uncovered, unpinned

GOLDEN = load_golden()
# what the words of a case are looked up in; the thousands of drug codes would only cost time
ROWS = tuple(row for row in load_code_rows() if row.file in (*CONDITION_FILES, "medications-ingredients.csv"))


@pytest.fixture(scope="module")
def knowledge() -> KnowledgeBase:
    return load_knowledge()


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=f"{file}: {case.name}") for file, cases in GOLDEN.items() for case in cases],
)
def test_the_pathway_says_what_the_case_expects(case: GoldenCase, knowledge: KnowledgeBase) -> None:
    assert failures(case, knowledge, ROWS) == []


def test_every_recommendation_has_cases_for_shown_hidden_and_unknown(knowledge: KnowledgeBase) -> None:
    assert uncovered(knowledge, GOLDEN) == []


def test_every_number_of_a_guard_is_held_by_its_cases_at_below_and_above(
    knowledge: KnowledgeBase,
) -> None:
    assert unpinned(knowledge, GOLDEN, ROWS) == []


def test_a_number_that_no_case_holds_is_told(knowledge: KnowledgeBase) -> None:
    few = {file: cases for file, cases in GOLDEN.items() if file != "guards/esi-too-early.yaml"}
    few = {file: cases for file, cases in few.items() if "worked" not in file}

    guards = {  # the numbers of the others are asked for above
        name: guard if name == "esi-too-early" else replace(guard, thresholds=())
        for name, guard in knowledge.guards.items()
    }

    found = unpinned(replace(knowledge, guards=guards), few, ROWS)

    assert any("esi-min-gap-days" in problem for problem in found)


def test_every_state_is_reached_by_a_case(knowledge: KnowledgeBase) -> None:
    reached = {case.expect.state for cases in GOLDEN.values() for case in cases}

    assert set(knowledge.states) <= reached


def test_a_case_that_disagrees_is_told_apart(knowledge: KnowledgeBase) -> None:
    case = next(c for cases in GOLDEN.values() for c in cases if c.expect.state == "second-line-noninvasive")
    wrong = GoldenCase(
        name="wrong on purpose",
        as_of=case.as_of,
        given=case.given,
        expect=type(case.expect)(
            state="esi-waiting", show=("esi-wait",), hide=("shared-decision",), first="esi-wait", only=()
        ),
    )

    found = failures(wrong, knowledge, ROWS)

    assert len(found) == 5
    assert "state is second-line-noninvasive; expected esi-waiting" in found
