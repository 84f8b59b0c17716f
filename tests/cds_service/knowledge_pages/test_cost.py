"""What the pages cost a service that answers hooks: nothing until someone looks."""

import subprocess
import sys

from cds_service.knowledge_pages.kinds import Kind
from cds_service.knowledge_pages.shelf import KEPT, Shelf
from pathway.codelists import CodeRow
from pathway.knowledge_base import KnowledgeBase
from tests.cds_service.knowledge_pages.making import changed_knowledge, pages_app


def test_importing_the_pages_loads_no_library_that_hooks_do_without() -> None:
    program = (
        "import sys; import cds_service.decision, flask; before = set(sys.modules);"
        "import cds_service.knowledge_pages.routes;"
        "print(*sorted(set(sys.modules) - before))"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout

    ours = "cds_service.knowledge_pages"
    assert set(loaded.split()) == {ours, f"{ours}.kinds", f"{ours}.placeholders", f"{ours}.routes"}


def test_no_golden_case_is_read_before_a_page_needs_it(
    knowledge: KnowledgeBase, rows: tuple[CodeRow, ...]
) -> None:
    asked: list[str] = []
    shelf = Shelf(rows, lambda file: asked.append(file) or ())
    edition = shelf.edition(knowledge)

    assert not asked
    edition.index.found("nsaid")
    assert not asked


def test_a_page_is_made_once_for_a_version(knowledge: KnowledgeBase, rows: tuple[CodeRow, ...]) -> None:
    asked: list[str] = []
    shelf = Shelf(rows, lambda file: asked.append(file) or ())

    first = shelf.edition(knowledge).page(Kind.RECOMMENDATION, "nsaid")

    assert shelf.edition(knowledge).page(Kind.RECOMMENDATION, "nsaid") is first
    assert asked == ["nsaid.yaml"]


def test_editions_are_kept_apart_by_version(knowledge: KnowledgeBase, rows: tuple[CodeRow, ...]) -> None:
    shelf = Shelf(rows, lambda _: ())

    assert shelf.edition(knowledge) is shelf.edition(knowledge)
    assert shelf.edition(knowledge) is not shelf.edition(changed_knowledge(knowledge, rows))
    assert KEPT >= 2


def test_registering_the_pages_makes_none(knowledge: KnowledgeBase, rows: tuple[CodeRow, ...]) -> None:
    def never(_: str) -> KnowledgeBase:
        raise AssertionError

    assert pages_app(knowledge, rows, knowledge_of_tenant=never, may_see_tenants=True)
