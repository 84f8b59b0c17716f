"""`python -m bench [--long] [--write]`: measure, print the tables, exit with 1 when a bar is missed."""

import argparse
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from bench import fetch, memory, pages, trust
from bench.measure import Plan, measured
from bench.report import bars, report, verdicts
from bench.servers import BenchError
from docs.markdown import with_part

SHORT = Plan(rounds=7, round_ms=150)
LONG = Plan(rounds=31, round_ms=400)
TRUST_ROUNDS = 15
PAGE = Path(__file__).with_name("README.md")


def main() -> int:
    """Exit status 0 when all bars are met, 1 when one is missed, 2 when it could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--long", action="store_true", help="more and longer rounds")
    parser.add_argument("--write", action="store_true", help=f"also put the figures into {PAGE.name}")
    chosen = parser.parse_args()
    progress = Console(stderr=True)
    try:
        with tempfile.TemporaryDirectory() as logs, progress.status("Measuring the service and its floors"):
            result = measured(LONG if chosen.long else SHORT, Path(logs))
            costs = trust.trust_costs(TRUST_ROUNDS)
            fetched = fetch.fetches(fetch.LONG if chosen.long else fetch.SHORT, Path(logs))
            opened = pages.openings(pages.ROUNDS, Path(logs))
            remembered = memory.costs(memory.LONG_S if chosen.long else memory.SHORT_S, Path(logs))
    except BenchError as error:
        progress.print(f"The benchmark stopped: {error}", markup=False)
        return 2
    limits = (
        *bars(result),
        *trust.trust_bars(costs),
        *fetch.bars(fetched),
        *memory.bars(remembered),
        *pages.page_bars(opened),
    )
    parts = (
        report(result),
        trust.trust_table(costs),
        fetch.report(fetched),
        memory.report(remembered),
        pages.page_table(opened),
        verdicts(limits),
    )
    told = "\n\n".join(parts)
    print(told)
    if chosen.write:
        PAGE.write_text(with_part(PAGE.read_text(encoding="utf-8"), "figures", told), encoding="utf-8")
    return 0 if all(bar.met for bar in limits) else 1


if __name__ == "__main__":
    sys.exit(main())
