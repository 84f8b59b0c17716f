"""docs/threat-model.md tells nothing that no test shows, and leaves no security module out."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.test_packaging import committed_files, text_of

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "threat-model.md"
SECURITY_MODULES = (
    "cards/markdown.py",
    "cds_service/fetching/addresses.py",
    "cds_service/fetching/answers.py",
    "cds_service/fetching/paging.py",
    "cds_service/fetching/reach.py",
    "cds_service/fetching/refusals.py",
    "cds_service/fetching/scopes.py",
    "cds_service/gate.py",
    "cds_service/headers.py",
    "cds_service/launch/id_tokens.py",
    "cds_service/launch/oauth.py",
    "cds_service/launch/places.py",
    "cds_service/launch/sealing.py",
    "cds_service/launch/sessions.py",
    "cds_service/limiting.py",
    "cds_service/logs.py",
    "cds_service/operator_pages.py",
    "cds_service/store/nonces.py",
    "cds_service/trust/algorithms.py",
    "cds_service/trust/claims.py",
    "cds_service/trust/jwk.py",
    "cds_service/trust/keys.py",
    "cds_service/trust/tokens.py",
    "cds_service/workbench/guarding.py",
    "cds_service/workbench/kept_pages.py",
)
ATTACKED = (  # whose tests exist only to attack or to break it
    "tests/cds_service/fetching/test_addresses.py",
    "tests/cds_service/fetching/test_jwks.py",
    "tests/cds_service/fetching/test_misbehaving.py",
    "tests/cds_service/fetching/test_misbehaving_leaks.py",
    "tests/cds_service/fetching/test_reach.py",
    "tests/cds_service/fetching/test_scopes.py",
    "tests/cds_service/fetching/test_ssrf.py",
    "tests/browser/test_attacks.py",
    "tests/cds_service/launch/test_refusals.py",
    "tests/cds_service/launch/test_secrets.py",
    "tests/cds_service/store/test_away.py",
    "tests/cds_service/tenants/test_any_file.py",
    "tests/cds_service/tenants/test_reloading.py",
    "tests/cds_service/test_behind_nginx.py",
    "tests/cds_service/test_headers.py",
    "tests/cds_service/test_limiting.py",
    "tests/cds_service/test_robustness.py",
    "tests/cds_service/trust/test_attacks.py",
    "tests/cds_service/trust/test_keys.py",
    "tests/cds_service/trust/test_replays.py",
    "tests/cds_service/trust/test_rotation.py",
    "tests/cds_service/trust/test_verifying.py",
    "tests/cds_service/workbench/test_attacks.py",
    "tests/cds_service/workbench/test_guarding.py",
    "tests/cards/test_injection.py",
    "tests/cards/test_markdown.py",
)


def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def rows() -> list[list[str]]:
    """The rows of every table of attacks: attack, what stops it, tests."""
    found: list[list[str]] = []
    inside = False
    for line in page().splitlines():
        if line.startswith("| attack |"):
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and not line.startswith("| ---"):
            found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def named() -> list[str]:
    return sorted(set(re.findall(r"`(tests/[^`]+)`", page())))


@cache
def claims_in(path: Path) -> frozenset[str]:
    """The tests of a file, as pytest names them without parameters."""
    return frozenset(_claims_below(ast.parse(path.read_text(encoding="utf-8")), ""))


def _claims_below(node: ast.Module | ast.ClassDef, prefix: str) -> Iterator[str]:
    for child in node.body:
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and child.name.startswith("test_"):
            yield prefix + child.name
        elif isinstance(child, ast.ClassDef) and child.name.startswith("Test"):
            yield from _claims_below(child, f"{child.name}::")


def exists(name: str) -> bool:
    place, _, test = name.partition("::")
    path = ROOT / place
    return path.is_file() and test in claims_in(path)


def test_every_test_that_is_named_exists() -> None:
    assert named()
    assert [name for name in named() if not exists(name)] == []


def test_a_test_that_is_not_there_would_be_noticed() -> None:
    here = Path(__file__).relative_to(ROOT).as_posix()

    assert exists(f"{here}::test_a_test_that_is_not_there_would_be_noticed")
    assert not exists(f"{here}::test_that_nobody_wrote")
    assert not exists("tests/test_nowhere.py::test_x")
    assert not exists("tests/cds_service/trust/test_keys.py::test_a_new_kid_is_fetched")  # it is in a class


def test_every_attack_names_what_stops_it_and_a_test() -> None:
    assert len(rows()) >= 40
    for row in rows():
        assert len(row) == 3, row
        attack, stop, tests = row
        assert attack
        assert stop
        assert re.fullmatch(r"`tests/[^`]+::[^`]+`(, `tests/[^`]+::[^`]+`)*", tests), attack


@pytest.mark.parametrize("module", SECURITY_MODULES)
def test_every_security_module_exists_and_is_named(module: str) -> None:
    assert (ROOT / module).is_file()
    assert f"`{module}`" in page()


@pytest.mark.parametrize("path", ATTACKED)
def test_every_file_of_attacks_is_named(path: str) -> None:
    assert [name for name in named() if name.startswith(f"{path}::")]


def test_it_says_what_is_not_covered() -> None:
    not_covered = page().partition("## Not covered")[2]

    assert len(re.findall(r"^- \*\*", not_covered, re.MULTILINE)) >= 10


def test_no_secret_stands_in_a_committed_file() -> None:
    # put together here, or this file would hold what it looks for
    secrets = re.compile(
        "|".join(
            (
                "-----BEGIN [A-Z ]*" + "PRIVATE KEY-----",
                r'"d"\s*:\s*"[A-Za-z0-9_-]{32,}"',  # a private JWK
                r"\bd = " + r'"[A-Za-z0-9_-]{32,}"',  # the same in TOML
                r"\bAKIA" + r"[0-9A-Z]{16}\b",
                r"\bgh[pousr]_" + r"[A-Za-z0-9]{36}\b",
                r"\beyJ[A-Za-z0-9_-]{20,}\." + r"eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}",  # a token
            )
        )
    )

    found = [
        f"{path.relative_to(ROOT)}: {match.group()[:24]}"
        for path in committed_files()
        for match in secrets.finditer(text_of(path))
    ]

    assert found == []
