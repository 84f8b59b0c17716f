"""How long a person waits: from choosing a patient in the demo to the first card, and to the whole page.

`python -m bench.pages` measures this alone: wall time, unlike the rest of the benchmark, over HTTP on
loopback, so that what a browser takes to paint is not in it. Each sample patient is opened in turn; the
first page after the start is told apart, since the engine of the pictures starts meanwhile.
"""

import http.client
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.report import Bar, machine, table
from bench.servers import DEMO, HOST, running
from cds_service.samples import Samples
from pathway.loading import load_code_rows

FIRST_CARD_MS = 1000.0  # within which the first card is visible after choosing a patient
FIRST_LOAD_KB = 500.0  # of the page and all that it loads
ROUNDS = 5
CARD = b'<article class="card'
ASSET = re.compile(rb'(?:href|src)="(/static/[^"]+)"')
PIECE_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One page of a patient: ms from the request on, and its size."""

    first_card_ms: float | None  # None: the patient gets no card
    whole_ms: float  # with the picture
    kilobytes: float  # with style sheets and script


def openings(rounds: int, logs: Path) -> list[list[Opening]]:
    """Every sample patient, so many times; the first of all is the first page of the process.

    Raises:
        BenchError: the demo does not start.
    """
    samples = sorted(Samples.load(load_code_rows()).by_id)
    with running(DEMO, logs) as server:
        return [[_opened(server.port, sample) for sample in samples] for _ in range(rounds)]


def page_bars(taken: Sequence[Sequence[Opening]]) -> tuple[Bar, ...]:
    """The limits: they hold for the slowest and the largest."""
    every = [one for turn in taken for one in turn]
    return (
        Bar(
            name="pages: slowest first card of a sample patient, ms",
            value=max(one.first_card_ms for one in every if one.first_card_ms is not None),
            limit=FIRST_CARD_MS,
        ),
        Bar(
            name="pages: largest first load, kB",
            value=max(one.kilobytes for one in every),
            limit=FIRST_LOAD_KB,
        ),
    )


def page_table(taken: Sequence[Sequence[Opening]]) -> str:
    """What was measured, in Markdown."""
    first, later = taken[0][0], [one for turn in taken[1:] for one in turn]
    cards = [one.first_card_ms for one in later if one.first_card_ms is not None]
    whole = [one.whole_ms for one in later]
    rows = [
        ("first page after the start", _ms(first.first_card_ms), _ms(first.whole_ms)),
        ("later, median", _ms(median(cards)), _ms(median(whole))),
        ("later, slowest", _ms(max(cards)), _ms(max(whole))),
    ]
    told = "From choosing a sample patient in the workbench, wall time over loopback, ms:"
    return "\n".join(
        [told, "", *table(("page", "to the first card", "to the end, with the picture"), rows, words=1)]
    )


def _opened(port: int, sample: str) -> Opening:
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    began = time.perf_counter()
    connection.request("GET", f"/?sample={sample}")
    response, page, first_card = connection.getresponse(), b"", None
    while piece := response.read1(PIECE_BYTES):
        page += piece
        if first_card is None and CARD in page:
            first_card = (time.perf_counter() - began) * 1000
    whole = (time.perf_counter() - began) * 1000
    assets = sum(_size(connection, path.decode()) for path in set(ASSET.findall(page)))
    connection.close()
    return Opening(first_card_ms=first_card, whole_ms=whole, kilobytes=(len(page) + assets) / 1000)


def _size(connection: http.client.HTTPConnection, path: str) -> int:
    connection.request("GET", path)
    return len(connection.getresponse().read())


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def main() -> int:
    """Measure pages alone; exit status 1 when a bar is missed."""
    with tempfile.TemporaryDirectory() as logs:
        taken = openings(ROUNDS, Path(logs))
    print(f"Measured on {machine()}.\n\n{page_table(taken)}\n")
    for bar in page_bars(taken):
        print(f"{bar.name}: {bar.value:.0f}, at most {bar.limit:g}: {'met' if bar.met else 'MISSED'}")
    return 0 if all(bar.met for bar in page_bars(taken)) else 1


if __name__ == "__main__":
    sys.exit(main())
