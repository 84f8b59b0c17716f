"""Small cells: what may be published so that no figure, nor what can be computed from it, speaks of a few.

A cell of 1 to 4 patients is hidden. So that it cannot be computed from its sum, other cells are hidden with
it until a hidden cell could have at least five values. In a table whose rows and columns both have known sums
the parts of a row are hidden together: what is hidden is then a table itself, and between which bounds its
cells lie follows from its sums alone (Fréchet bounds), so the claim can be checked exactly.
"""

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Final, Literal, TypeAlias

FEWEST = 5  # patients of a cell that is published
SPREAD = 4  # a hidden cell could be at least so much more than it could be at least


class Hidden(Enum):
    """In place of a figure that is not published."""

    HIDDEN = "hidden"


HIDDEN: Final = Hidden.HIDDEN
Figure: TypeAlias = int | Literal[Hidden.HIDDEN]


class Cell:
    """A count, and whether few patients are behind it; remembers no more of them than that takes."""

    __slots__ = ("_patients", "count")

    def __init__(self) -> None:
        self.count = 0
        self._patients: set[int] = set()

    def add(self, patient: int, times: int = 1) -> None:
        """Count something of a patient."""
        if times:
            self.count += times
            patients = self._patients
            if len(patients) < FEWEST:
                patients.add(patient)

    def include(self, other: "Cell") -> None:
        """Count what another counted, of other things."""
        self.count += other.count
        for patient in other._patients:  # noqa: SLF001 - of its own kind
            if len(self._patients) < FEWEST:
                self._patients.add(patient)

    @property
    def is_small(self) -> bool:
        """Of at least one patient, and fewer than may be published."""
        return 0 < len(self._patients) < FEWEST

    @property
    def figure(self) -> Figure:
        """The count by itself, where no sum tells it."""
        return HIDDEN if self.is_small else self.count


def hidden_of_sum(cells: Sequence[Cell]) -> frozenset[int] | None:
    """Which cells to hide where their sum is known and no cell is without patients by itself.

    Cells without anything stay as they are: nobody stands behind a nought.

    Returns:
        Their places; None: the cells cannot be published beside their sum at all.
    """
    hidden = {place for place, cell in enumerate(cells) if cell.is_small}
    others = [place for place, cell in enumerate(cells) if cell.count and place not in hidden]
    others.sort(key=lambda place: (cells[place].count, place))
    while hidden and not _tells_little(cells, hidden):
        if not others:
            return None
        hidden.add(others.pop(0))
    return frozenset(hidden)


def hidden_rows(
    rows: Sequence[Sequence[Cell]],
    *,
    forced: frozenset[int] = frozenset(),
    unsummed: frozenset[int] = frozenset(),
    known: Sequence[bool],
) -> frozenset[int] | None:
    """Which rows of a table to hide where the sums of its rows and columns are known.

    Args:
        rows: Cells; all rows are of one length.
        forced: Rows that are hidden in any case.
        unsummed: Of those the ones whose sums are hidden too.
        known: For each column, whether its sum is published.

    Returns:
        Their places; None: the table cannot be published beside its sums at all.
    """
    hidden = {place for place, row in enumerate(rows) if any(cell.is_small for cell in row)} | forced
    others = [place for place in range(len(rows)) if place not in hidden and _sum(rows[place])]
    others.sort(key=lambda place: (_sum(rows[place]), place))
    while hidden and not _could_be_many_tables(rows, hidden, unsummed, known):
        if not others:
            return None
        hidden.add(others.pop(0))
    return frozenset(hidden)


def published(cells: Sequence[Cell], hidden: frozenset[int]) -> tuple[Figure, ...]:
    """The counts without those hidden."""
    return tuple(HIDDEN if place in hidden else cell.count for place, cell in enumerate(cells))


def rank(figure: Figure, name: str) -> tuple[bool, int, str]:
    """To order by: the largest first, and what is hidden last, where its place tells nothing of it."""
    return (True, 0, name) if figure is HIDDEN else (False, -figure, name)


def sum_of(figures: Iterable[Figure]) -> Figure:
    """Their sum; hidden where one of them is."""
    whole = 0
    for figure in figures:
        if figure is HIDDEN:
            return HIDDEN
        whole += figure
    return whole


def parts_of(whole: Figure, parts: Sequence[Cell]) -> tuple[Figure, ...]:
    """The parts of a sum; all hidden where the sum is, or where they cannot be told beside it."""
    hidden = None if whole is HIDDEN else hidden_of_sum(parts)
    return (HIDDEN,) * len(parts) if hidden is None else published(parts, hidden)


def column(whole: Figure, cells: Sequence[Cell]) -> tuple[Figure, ...] | None:
    """One figure of each row of a table, with their sum; None: they cannot be told beside it."""
    if whole is HIDDEN:
        return (HIDDEN,) * len(cells)
    hidden = hidden_of_sum(cells)
    return None if hidden is None else published(cells, hidden)


def table(
    whole: Figure, parts: Sequence[Figure], sums: Sequence[Cell], rows: Sequence[Sequence[Cell]]
) -> tuple[tuple[Figure, ...], tuple[tuple[Figure, ...], ...]] | None:
    """The sum of each row, and its parts; None: they cannot be told beside the sums of the columns.

    Args:
        whole: The sum of everything.
        parts: The sum of each column.
        sums: Of each row.
        rows: The parts of each row.
    """
    told = column(whole, sums)
    if told is None:
        return None
    unsummed = frozenset(place for place, figure in enumerate(told) if figure is HIDDEN)
    known = [figure is not HIDDEN for figure in parts]
    hidden = (
        unsummed if whole is HIDDEN else hidden_rows(rows, forced=unsummed, unsummed=unsummed, known=known)
    )
    if hidden is None:
        return None
    everything = frozenset(range(len(parts)))
    cells = (published(row, everything if place in hidden else frozenset()) for place, row in enumerate(rows))
    return told, tuple(cells)


def _tells_little(cells: Sequence[Cell], hidden: set[int]) -> bool:
    """Each hidden cell is 1 at least, and at most what the others leave of their sum."""
    return len(hidden) > 1 and sum(cells[place].count for place in hidden) - len(hidden) >= SPREAD


def _could_be_many_tables(
    rows: Sequence[Sequence[Cell]], hidden: set[int], unsummed: frozenset[int], known: Sequence[bool]
) -> bool:
    """Whether each small cell could have values enough, by the sums that are left for the hidden rows."""
    left = [sum(rows[place][column].count for place in hidden) for column in range(len(known))]
    whole = sum(left)
    unknown = sum(count for count, is_known in zip(left, known, strict=True) if not is_known)
    loose = sum(_sum(rows[place]) for place in unsummed)
    for place in hidden:
        least, most = _row_bounds(rows[place], loose if place in unsummed else None, len(unsummed))
        for column, cell in enumerate(rows[place]):
            if not cell.is_small:
                continue
            share = left[column] if known[column] else unknown
            lower = max(0, least + share - whole) if known[column] else 0
            if min(most, share) - lower < SPREAD:
                return False
    return True


def _row_bounds(row: Sequence[Cell], loose: int | None, unsummed: int) -> tuple[int, int]:
    """Between what the sum of a row is known to lie; `loose` is that of all rows without a sum."""
    if loose is None:
        return _sum(row), _sum(row)
    return 1, max(loose - unsummed + 1, 1)


def _sum(row: Sequence[Cell]) -> int:
    return sum(cell.count for cell in row)
