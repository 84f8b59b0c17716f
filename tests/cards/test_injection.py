"""Nothing that a chart says becomes markup, a link or a broken card."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cards.rendering import Renderer
from pathway.knowledge_base import KnowledgeBase
from tests.cards.making import PATIENTS, answer_for, with_chart_text
from tests.cards.rendered import OURS, kinds, links, structure
from tests.cards.test_markdown import hostile

HARMLESS = "Finding"
patients = st.sampled_from([name for name in PATIENTS if name != "nothing coded"])
few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@few
@given(patients, hostile)
@example("anticoagulated", "<img src=x onerror=alert(1)>")
@example("anticoagulated", "[click](javascript:alert(1)) ![x](http://evil.com/x.png) http://evil.com")
@example("little is known", "- a\n\n# b\n\n|c|d|\n|-|-|\n")
@example("emergency", "```\n<script>alert(1)</script>")
def test_chart_text_never_changes_the_structure_of_a_card(
    renderer: Renderer, knowledge: KnowledgeBase, name: str, text: str
) -> None:
    usual = answer_for(renderer, knowledge, with_chart_text(PATIENTS[name], HARMLESS))

    answer = answer_for(renderer, knowledge, with_chart_text(PATIENTS[name], text))

    for card, expected in zip(answer["cards"], usual["cards"], strict=True):
        assert structure(expected["detail"]) == structure(card["detail"])
        assert kinds(card["detail"]) <= OURS
        assert card["summary"].isprintable()
        assert len(card["summary"]) < 140


@pytest.mark.parametrize("name", PATIENTS)
def test_every_link_of_a_detail_goes_to_a_source_of_the_knowledge(
    renderer: Renderer, knowledge: KnowledgeBase, name: str
) -> None:
    addresses = " ".join(source.url for source in knowledge.evidence.values())

    answer = answer_for(renderer, knowledge, PATIENTS[name])

    for card in answer["cards"]:
        assert all(link.split("%22")[0] in addresses for link in links(card["detail"]))


def test_no_script_of_a_chart_stands_anywhere_in_an_answer(
    renderer: Renderer, knowledge: KnowledgeBase
) -> None:
    facts = with_chart_text(PATIENTS["anticoagulated"], "<script>alert(1)</script> javascript:alert(1)")

    answer = str(answer_for(renderer, knowledge, facts)["cards"])

    assert "alert" in answer
    assert "<script" not in answer
    assert "javascript:" not in answer
