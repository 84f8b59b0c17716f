"""The packaged knowledge, its pages, and an app that serves them."""

import pytest
from flask.testing import FlaskClient

from cds_service.knowledge_pages.case_files import packaged_cases
from cds_service.knowledge_pages.library import Library
from cds_service.knowledge_pages.shelf import Edition
from pathway.codelists import CodeRow
from pathway.knowledge_base import KnowledgeBase
from pathway.loading import load_code_rows, load_knowledge
from tests.cds_service.knowledge_pages.making import pages_app


@pytest.fixture(scope="package")
def knowledge() -> KnowledgeBase:
    return load_knowledge()


@pytest.fixture(scope="package")
def rows() -> tuple[CodeRow, ...]:
    return load_code_rows()


@pytest.fixture(scope="package")
def edition(knowledge: KnowledgeBase, rows: tuple[CodeRow, ...]) -> Edition:
    return Edition(Library(knowledge, rows, packaged_cases))


@pytest.fixture(scope="package")
def pages(knowledge: KnowledgeBase, rows: tuple[CodeRow, ...]) -> FlaskClient:
    return pages_app(knowledge, rows).test_client()
