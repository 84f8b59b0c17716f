"""The packaged knowledge, made ready once."""

import pytest

from cards.rendering import Renderer
from pathway.knowledge_base import KnowledgeBase
from pathway.loading import load_knowledge


@pytest.fixture(scope="session")
def knowledge() -> KnowledgeBase:
    return load_knowledge()


@pytest.fixture(scope="session")
def renderer(knowledge: KnowledgeBase) -> Renderer:
    return Renderer(knowledge)
