"""Tenants files for the tests."""

import json
from collections.abc import Mapping
from pathlib import Path

from cds_service.settings import Settings

SETTINGS = Settings(public_url="https://cds.example.org")
SOUND = """
[tenants.st-vincent]
title = "St. Vincent"
issuer = "https://ehr.st-vincent.example"
jku = "https://ehr.st-vincent.example/jwks.json"
"""


def a_file(folder: Path, text: str = SOUND, name: str = "tenants.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def replaced(path: Path, text: str) -> None:
    """Another content, all at once, as an operator should do it."""
    a_file(path.parent, text, "next.toml").replace(path)


def with_lines(*lines: str) -> str:
    """The sound tenant with more keys, or with others for those that it has."""
    keys = {line.partition(" = ")[0] for line in lines}
    kept = [line for line in SOUND.strip().splitlines() if line.partition(" = ")[0] not in keys]
    return "\n".join([*kept, *lines, ""])


def with_keys(*keys: str) -> str:
    """The sound tenant with public keys of its own, each an inline table."""
    return with_lines(f"jwks = {{keys = [{', '.join(keys)}]}}")


def toml_table(members: Mapping[str, object]) -> str:
    """A table in one line; JSON's text and lists are TOML's too."""
    return "{" + ", ".join(f"{name} = {json.dumps(value)}" for name, value in members.items()) + "}"
