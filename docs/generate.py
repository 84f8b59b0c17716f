"""Writes the pages, and parts of pages, that are made from the knowledge and the program.

`python -m docs.generate` writes them; with `--check` it only says whether they are current.
"""

import argparse
import sys
from pathlib import Path

from docs.guards_page import guards_page
from docs.overrides_page import overrides_page
from docs.pathway_page import pathway_page
from docs.prefetch_page import prefetch_page
from docs.reference_page import reference_page
from docs.rules_page import rules_page
from pathway.codelists import CodeRow
from pathway.evaluation import CHECKS
from pathway.knowledge_base import KnowledgeBase
from pathway.loading import load_code_rows, load_knowledge

FOLDER = Path(__file__).parent


def pages(knowledge: KnowledgeBase, rows: tuple[CodeRow, ...]) -> dict[Path, str]:
    """Every page that is made, with the text that it should have."""
    names = ("prefetch", "rules", "overrides", "reference")
    prefetch, rules, overrides, reference = (FOLDER / f"{name}.md" for name in names)
    return {
        FOLDER / "pathway.md": pathway_page(knowledge),
        FOLDER / "guards.md": guards_page(knowledge),
        prefetch: prefetch_page(prefetch.read_text(encoding="utf-8"), rows),
        overrides: overrides_page(overrides.read_text(encoding="utf-8"), knowledge),
        reference: reference_page(reference.read_text(encoding="utf-8")),
        rules: rules_page(rules.read_text(encoding="utf-8"), CHECKS.values(), knowledge),
    }


def stale(knowledge: KnowledgeBase, rows: tuple[CodeRow, ...]) -> list[str]:
    """Names of the pages that do not say what the knowledge says."""
    return [
        path.name
        for path, text in pages(knowledge, rows).items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def main() -> int:
    """Exit status 1 when `--check` finds a page out of date."""
    parser = argparse.ArgumentParser(prog="python -m docs.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether the pages are current")
    knowledge, rows = load_knowledge(), load_code_rows()
    if not parser.parse_args().check:
        for path, text in pages(knowledge, rows).items():
            path.write_text(text, encoding="utf-8")
        return 0
    old = stale(knowledge, rows)
    if old:
        sys.stderr.write(f"not current: {', '.join(old)}; run `make docs` and commit the pages\n")
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main())
