"""Reads the suite's JUnit reports: on CI every test runs, but for those whose data is not there.

Tests over other people's data read it in ../shared/data and skip without it. Where that folder is absent
these skips are listed and counted; any other skip fails the run, and so does a report without tests.

Exit status: 0 all ran that could; 1 a test was skipped that should not; 2 a report is missing or empty.
"""
# ruff: noqa: T201 - it speaks to who reads the log of a run

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
DATA_NAMED = "shared/data"  # in the reason of every skip for want of it
ALL_RAN, SKIPPED, UNREADABLE = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """A test that did not run."""

    test: str
    reason: str

    @property
    def wants_data(self) -> bool:
        """It could not run without other people's data."""
        return DATA_NAMED in self.reason


def main(reports: Sequence[str], data: Path = DATA) -> int:
    """Say what was skipped; `data` is the folder whose absence excuses a skip."""
    skips: list[Skip] = []
    for report in reports:
        try:
            cases = list(ET.parse(report).iter("testcase"))  # noqa: S314 - our own pytest wrote it
        except (OSError, ET.ParseError) as error:
            print(f"{report} cannot be read: {type(error).__name__}")
            return UNREADABLE
        if not cases:
            print(f"{report} names no test")
            return UNREADABLE
        skips += skips_of(cases)
    excused = [] if data.is_dir() else [skip for skip in skips if skip.wants_data]
    refused = [skip for skip in skips if skip not in excused]
    tell("SKIPPED for want of ../shared/data, so not tested at all", excused)
    tell("SKIPPED, which CI does not allow", refused)
    if not skips:
        print("No test was skipped.")
    return SKIPPED if refused else ALL_RAN


def skips_of(cases: Sequence[ET.Element]) -> Iterator[Skip]:
    """The skipped among the test cases; an expected failure did run."""
    for case in cases:
        skipped = case.find("skipped")
        if skipped is not None and skipped.get("type") != "pytest.xfail":
            yield Skip(
                test=f"{case.get('classname')}::{case.get('name')}",
                reason=skipped.get("message") or "no reason",
            )


def tell(heading: str, skips: Sequence[Skip]) -> None:
    """List skips under their number."""
    if skips:
        rule = "!" * 78
        print(f"{rule}\n{len(skips)} {heading}:")
        print("\n".join(f"  {skip.test}: {skip.reason}" for skip in skips))
        print(rule)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
