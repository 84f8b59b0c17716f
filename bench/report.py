"""The benchmark's table, and its bars."""

import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bench.measure import COMPARED, COUNTS, Result
from bench.servers import SERVICE

LINEAR = 1.5  # a resource may cost so much more in a chart of 5000 than in one of 1000
ORDERS = 1.3  # order-sign may cost so many times what patient-view costs


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One limit: what is compared, its value, and where it must stay below (or at)."""

    name: str
    value: float
    limit: float
    aim: float | None = None

    @property
    def met(self) -> bool:
        """The value is within the limit."""
        return self.value <= self.limit


def bars(result: Result) -> tuple[Bar, ...]:
    """Every limit of the benchmark, in the order of its table."""
    return (
        Bar(name="N = 100: service / A", value=_ratio(result, 100, "A"), limit=4, aim=2.5),
        Bar(name="N = 1000: service / A", value=_ratio(result, 1000, "A"), limit=5),
        Bar(name="N = 1000: service / B", value=_ratio(result, 1000, "B"), limit=2, aim=1.6),
        Bar(name="N = 1000: service / C", value=_ratio(result, 1000, "C"), limit=0.5),
        Bar(name="N = 5000: growth of memory, MB", value=result.growth_mb, limit=100),
        Bar(name="cost of a resource, 1000 to 5000 / 100 to 1000", value=_linearity(result), limit=LINEAR),
        Bar(
            name=f"N = {COMPARED}: without a back problem / with one",
            value=result.without_back_ms / result.with_back_ms,
            limit=1,
        ),
        *(
            Bar(
                name=f"N = {COMPARED}: order-sign, {_counted(drafts, 'draft')} / patient-view",
                value=cpu_ms / result.with_back_ms,
                limit=ORDERS,
            )
            for drafts, cpu_ms in result.order_sign_ms.items()
        ),
    )


def report(result: Result) -> str:
    """What was measured, and on what: Markdown that is legible as it stands."""
    return "\n".join(
        [
            f"Measured on {machine()}.",
            "",
            "CPU time of the worker, ms a request (median):",
            "",
            *_times(result),
            "",
            f"The same chart with N = {COMPARED} in the service, measured in rounds of its own:",
            "",
            *_calls(result),
        ]
    )


def verdicts(limits: Sequence[Bar]) -> str:
    """The bars, and how many were missed."""
    missed = sum(not bar.met for bar in limits)
    summary = f"{missed} of {len(limits)} bars missed." if missed else f"All {len(limits)} bars met."
    return "\n".join([*_limits(limits), "", summary])


def machine() -> str:
    """What it was measured on: processor, cores, system, versions of Python and the libraries."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("gunicorn", "flask", "msgspec"))
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"{platform.python_implementation()} {platform.python_version()}, {libraries}"
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _times(result: Result) -> Iterator[str]:
    headings = ("N", "body, kB", "service", "A", "B", "C", "service / A", "/ B", "/ C")
    rows = [
        (
            str(count),
            f"{result.body_bytes[count] / 1000:.0f}",
            *(f"{result.cpu_ms[count][name]:.2f}" for name in (SERVICE, "A", "B", "C")),
            *(f"{_ratio(result, count, floor):.2f}" for floor in "ABC"),
        )
        for count in COUNTS
    ]
    return table(headings, rows, words=0)


def _calls(result: Result) -> Iterator[str]:
    shown, base = result.shown, result.with_back_ms
    rows = [
        ("patient-view", f"state `{shown.state}`, {_counted(shown.cards, 'card')}", base),
        ("patient-view, no back problem", "no card", result.without_back_ms),
        *(
            (f"order-sign, {_counted(drafts, 'draft')}", _counted(shown.guards[drafts], "guard card"), cpu_ms)
            for drafts, cpu_ms in result.order_sign_ms.items()
        ),
    ]
    cells = [(call, answer, f"{cpu_ms:.2f}", f"{cpu_ms / base:.2f}") for call, answer, cpu_ms in rows]
    return table(("call", "answer", "ms", "/ patient-view"), cells, words=2)


def _limits(limits: Sequence[Bar]) -> Iterator[str]:
    rows = [
        (
            bar.name,
            f"{bar.value:.2f}",
            f"{bar.limit:g}",
            "" if bar.aim is None else f"{bar.aim:g}",
            "met" if bar.met else "MISSED",
        )
        for bar in limits
    ]
    return table(("bar", "measured", "at most", "aim", ""), rows, words=1)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, words: int) -> Iterator[str]:
    """A Markdown table with padded cells: the first `words` columns to the left, numbers to the right."""
    widths = [max(3, *map(len, column)) for column in zip(headings, *rows, strict=True)]
    rule = [f"{'-' * (width - 1)}{'-' if n < words else ':'}" for n, width in enumerate(widths)]
    for row in (headings, rule, *rows):
        padded = (
            cell.ljust(width) if n < words else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield f"| {' | '.join(padded)} |"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count > 1 else ''}"


def _ratio(result: Result, count: int, floor: str) -> float:
    return result.cpu_ms[count][SERVICE] / result.cpu_ms[count][floor]


def _linearity(result: Result) -> float:
    small, middle, large = (result.cpu_ms[count][SERVICE] for count in (100, 1000, 5000))
    return ((large - middle) / 4000) / ((middle - small) / 900)
