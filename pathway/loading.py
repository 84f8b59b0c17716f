"""Loads the knowledge, whole and checked; what is wrong stops the start."""

from decimal import Decimal
from functools import cache
from hashlib import sha256
from pathlib import Path

from pathway import codelists
from pathway.codelists import CodeRow
from pathway.decision_aid_check import aid_problems
from pathway.decision_aids import FILE, DecisionAid
from pathway.errors import KnowledgeError
from pathway.golden import GoldenCase
from pathway.guard_knowledge_check import guard_problems
from pathway.guard_rules import Guard
from pathway.knowledge_base import KnowledgeBase
from pathway.knowledge_check import Inspector, problems_of
from pathway.number_words import settled
from pathway.rules import (
    Evidence,
    Kebab,
    OverrideReason,
    Quiet,
    Rule,
    SeedStatement,
    StateEntry,
    Threshold,
)
from pathway.yaml_files import read

PACKAGED = Path(__file__).parent / "knowledge"


def load_knowledge(directory: Path | None = None) -> KnowledgeBase:
    """All knowledge of a directory (default: the packaged one), cross-checked.

    Raises:
        KnowledgeError: anything is missing or wrong; the message lists every problem found, one a
            line, each with file, place and the allowed words.
    """
    return _packaged() if directory is None else _loaded(directory)


def load_code_rows(directory: Path | None = None) -> tuple[CodeRow, ...]:
    """The terminology of a knowledge directory (default: the packaged one)."""
    return codelists.load_rows((directory or PACKAGED) / "terminology")


@cache
def _packaged() -> KnowledgeBase:
    """Once a process: nothing of it changes."""
    return _loaded(PACKAGED)


def _loaded(root: Path) -> KnowledgeBase:
    rows = load_code_rows(root)
    knowledge = settled(_read_all(root, rows))
    problems = [
        *problems_of(knowledge, rows),
        *guard_problems(knowledge, Inspector(knowledge, rows)),
        *aid_problems(knowledge),
    ]
    if problems:
        raise KnowledgeError("\n".join(problems))
    return knowledge


def load_golden(directory: Path | None = None) -> dict[str, tuple[GoldenCase, ...]]:
    """The golden cases by file name."""
    folder = (directory or PACKAGED) / "golden"
    return {
        path.relative_to(folder).as_posix(): read(path, tuple[GoldenCase, ...])
        for path in sorted(folder.rglob("*.yaml"))
    }


def _read_all(root: Path, rows: tuple[CodeRow, ...]) -> KnowledgeBase:
    rules = [(path, read(path, Rule)) for path in sorted((root / "rules").glob("*.yaml"))]
    for path, rule in rules:
        if path.stem != rule.id:
            raise KnowledgeError(f"rules/{path.name}: id is {rule.id!r}; it must be the file's name")
    if not rules:
        raise KnowledgeError("rules: no rule files found")
    return KnowledgeBase(
        version=_version(root, [rule for _, rule in rules]),
        rules={rule.id: rule for _, rule in rules},
        states=read(root / "states.yaml", dict[Kebab, StateEntry]),
        evidence=read(root / "evidence.yaml", dict[Kebab, Evidence]),
        thresholds=read(root / "thresholds.yaml", dict[Kebab, Threshold]),
        seed=read(root / "seed.yaml", dict[Kebab, SeedStatement]),
        override_reasons={
            row.concept: OverrideReason(code=row.code, display=row.display)
            for row in rows
            if row.file == "override-reasons.csv" and row.verified
        },
        common_override_reasons=read(root / "override-defaults.yaml", tuple[Kebab, ...]),
        guards=_read_guards(root),
        mme_factors={
            row.concept: Decimal(row.role)
            for row in rows
            if row.file == "opioid-mme.csv" and row.verified and row.role != "none"
        },
        texts=read(root / "texts.yaml", dict[Kebab, str]),
        quiet=read(root / "quiet.yaml", Quiet),
        decision_aids=read(root / FILE, dict[Kebab, DecisionAid]),
    )


def _read_guards(root: Path) -> dict[str, Guard]:
    guards = [(path, read(path, Guard)) for path in sorted((root / "guards").glob("*.yaml"))]
    for path, guard in guards:
        if path.stem != guard.id:
            raise KnowledgeError(f"guards/{path.name}: id is {guard.id!r}; it must be the file's name")
    return {guard.id: guard for _, guard in guards}


def _version(root: Path, rules: list[Rule]) -> str:
    """The day of the latest review, and a digest of everything that can change an answer."""
    digest = sha256()
    for path in sorted(p for p in root.rglob("*") if p.suffix in (".yaml", ".csv")):
        if "golden" not in path.relative_to(root).parts:
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    latest = max(rule.last_reviewed for rule in rules)
    return f"{latest.isoformat()}+{digest.hexdigest()[:8]}"
