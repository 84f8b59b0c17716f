"""Asks whether a pinned package has a known vulnerability; fails when one has.

The advisory service is not ours: where it cannot be reached, or knows nothing of a package (a mirror without
advisories), the number of packages that were not audited is told loudly, and the run does not fail for it.

Exit status: 0 none is known; 1 one is known; 2 the requirement files cannot be audited (no hash, no pin).
"""
# ruff: noqa: T201 - it speaks to who reads the log of a run

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import msgspec

ROOT = Path(__file__).parent.parent
# the second holds what the suite and the build need, and all of the first
FILES = ("requirements.txt", "requirements-dev.txt")
OPTIONS = ("--disable-pip", "--require-hashes", "--progress-spinner", "off")
COMMAND = (sys.executable, "-m", "pip_audit", *OPTIONS)
PATIENCE_S = 300
NONE_KNOWN, KNOWN, UNUSABLE = 0, 1, 2

Run: TypeAlias = Callable[[Sequence[str]], "Ran"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a command left."""

    status: int
    output: str
    complaint: str  # the last line of standard error


class Vulnerability(msgspec.Struct, frozen=True):
    """An advisory, as pip-audit tells it."""

    id: str
    fix_versions: tuple[str, ...] = ()


class Package(msgspec.Struct, frozen=True):
    """One package: audited, then it has `vulns`; or passed over, with the reason."""

    name: str
    version: str = ""
    vulns: tuple[Vulnerability, ...] | None = None
    skip_reason: str = ""


class Report(msgspec.Struct, frozen=True):
    """pip-audit's JSON."""

    dependencies: tuple[Package, ...]


def main(run: Run | None = None) -> int:
    """Audit the requirement files; `run` runs a command."""
    run = run or ran
    arguments = [argument for name in FILES for argument in ("--requirement", str(ROOT / name))]
    # without the service first: a fault of the files must not be taken for a service that is away
    tried = run([*COMMAND, *arguments, "--dry-run"])
    if tried.status != 0:
        print(f"The requirement files cannot be audited: {tried.complaint}")
        return UNUSABLE
    asked = run([*COMMAND, *arguments, "--format", "json"])
    report = report_of(asked.output)
    if report is None:
        loudly(f"NOT AUDITED: all {pinned()} packages, for the service did not answer: {asked.complaint}")
        return NONE_KNOWN
    return told(report)


def told(report: Report) -> int:
    """Say what is known; the exit status."""
    audited = [package for package in report.dependencies if package.vulns is not None]
    skipped = [package for package in report.dependencies if package.vulns is None]
    if skipped:
        names = ", ".join(package.name for package in skipped)
        loudly(f"NOT AUDITED: {len(skipped)} packages, unknown to the advisory service: {names}")
    for package in audited:
        for found in package.vulns or ():
            fixed = ", ".join(found.fix_versions) or "no version yet"
            print(f"VULNERABLE: {package.name} {package.version}: {found.id}; fixed in {fixed}")
    vulnerable = sum(bool(package.vulns) for package in audited)
    print(f"Audited: {len(audited)} packages, {vulnerable} of them with a known vulnerability.")
    return KNOWN if vulnerable else NONE_KNOWN


def report_of(output: str) -> Report | None:
    """pip-audit's report; None: it ended without one."""
    try:
        return msgspec.json.decode(output, type=Report)
    except msgspec.DecodeError:
        return None


def pinned() -> int:
    """How many packages the files name."""
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in FILES]
    return len({name for text in texts for name in re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE)})


def ran(command: Sequence[str]) -> Ran:
    """Run a command to its end, or to that of our patience."""
    try:
        done = subprocess.run(
            list(command), capture_output=True, text=True, timeout=PATIENCE_S, check=False, cwd=ROOT
        )
    except subprocess.TimeoutExpired:
        return Ran(status=1, output="", complaint=f"no answer within {PATIENCE_S} s")
    lines = done.stderr.strip().splitlines() or ["no message"]
    return Ran(status=done.returncode, output=done.stdout, complaint=lines[-1][:300])


def loudly(text: str) -> None:
    """Print so that nobody overlooks it in a long log."""
    rule = "!" * 78
    print(f"{rule}\n{text}\n{rule}")


if __name__ == "__main__":
    sys.exit(main())
