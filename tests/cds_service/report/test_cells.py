"""Nobody can compute a figure of few patients from the figures that are told."""

from collections.abc import Sequence
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.report.cells import (
    FEWEST,
    HIDDEN,
    SPREAD,
    Cell,
    Figure,
    Hidden,
    column,
    parts_of,
    rank,
    table,
)


def cell(patients: int, times: int = 1, start: int = 0) -> Cell:
    """A cell of so many patients, each counted `times`."""
    made = Cell()
    for patient in range(start, start + patients):
        made.add(patient, times)
    return made


def whole_of(cells: Sequence[Cell]) -> Cell:
    made = Cell()
    for one in cells:
        made.include(one)
    return made


@pytest.mark.parametrize(("patients", "expected"), [(0, 0), (1, HIDDEN), (4, HIDDEN), (5, 5), (6, 6)])
def test_a_cell_of_one_to_four_patients_is_hidden(patients: int, expected: Figure) -> None:
    assert expected == cell(patients).figure


def test_it_is_patients_that_count_and_not_how_often_each_came() -> None:
    assert cell(4, times=100).figure is HIDDEN


def test_cells_taken_together_count_a_patient_once() -> None:
    together = whole_of([cell(3), cell(3, start=1)])

    assert (together.count, together.is_small) == (6, True)


def test_a_hidden_part_takes_another_along_so_that_the_sum_does_not_tell_it() -> None:
    parts = [cell(2), cell(30, start=100), cell(90, start=200)]

    assert parts_of(122, parts) == (HIDDEN, HIDDEN, 90)


def test_a_nought_is_told() -> None:
    assert parts_of(40, [cell(0), cell(10), cell(30)]) == (0, 10, 30)


def test_the_parts_of_a_hidden_sum_are_hidden() -> None:
    assert parts_of(HIDDEN, [cell(0), cell(2)]) == (HIDDEN, HIDDEN)


def test_rows_of_one_patient_each_are_not_told_at_all_beside_their_sum() -> None:
    assert column(5, [cell(1, start=place) for place in range(5)]) is None


def test_a_row_with_a_small_cell_and_the_smallest_other_row_keep_their_parts_to_themselves() -> None:
    rows = [[cell(2), cell(20)], [cell(30), cell(40)], [cell(50), cell(60)]]
    sums = [whole_of([cell(22)]), whole_of([cell(70)]), whole_of([cell(110)])]

    told = table(202, (82, 120), sums, rows)

    assert told == ((22, 70, 110), ((HIDDEN, HIDDEN), (HIDDEN, HIDDEN), (50, 60)))


def test_hidden_figures_stand_last_and_in_the_order_of_their_names() -> None:
    told: list[tuple[Figure, str]] = [(HIDDEN, "b"), (7, "c"), (HIDDEN, "a"), (9, "d")]

    assert [name for _, name in sorted(told, key=lambda one: rank(*one))] == ["d", "c", "a", "b"]


def cells_of(counts: Sequence[Sequence[int]]) -> list[list[Cell]]:
    """Cells of as many patients as they count, no patient in two of them."""
    starts = count(0, 1000)
    return [[cell(number, start=next(starts)) for number in row] for row in counts]


counts = st.integers(0, 9) | st.integers(0, 3)


@settings(max_examples=300, deadline=None)
@given(st.lists(counts, min_size=1, max_size=6))
def test_whoever_knows_the_sum_is_left_with_five_values_for_each_small_part(numbers: list[int]) -> None:
    cells = cells_of([numbers])[0]
    whole = whole_of(cells)
    told = column(whole.figure, cells)

    if told is None or whole.figure is HIDDEN:
        return

    rest = sum(numbers) - sum(figure for figure in told if not isinstance(figure, Hidden))
    hidden = [number for number, figure in zip(numbers, told, strict=True) if figure is HIDDEN]
    if any(1 <= number < FEWEST for number in hidden):
        # each hidden part is 1 at least
        assert rest - (len(hidden) - 1) - 1 >= SPREAD
    assert all(figure is HIDDEN or not 1 <= figure < FEWEST for figure in told)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 3).flatmap(
        lambda width: st.lists(st.lists(counts, min_size=width, max_size=width), min_size=1, max_size=4)
    )
)
def test_whoever_knows_all_sums_is_left_with_five_values_for_each_small_cell(
    numbers: list[list[int]],
) -> None:
    rows = cells_of(numbers)
    sums = [whole_of(row) for row in rows]
    columns = [whole_of([row[place] for row in rows]) for place in range(len(rows[0]))]
    whole = whole_of(sums)
    parts = parts_of(whole.figure, columns)

    told = table(whole.figure, parts, sums, rows)

    if told is None or whole.figure is HIDDEN:
        return
    for at, row in enumerate(numbers):
        for place, number in enumerate(row):
            if 1 <= number < FEWEST:
                assert told[1][at][place] is HIDDEN
                values = {
                    v for v in range(whole.count + 1) if could_be(told, parts, whole.count, (at, place), v)
                }
                assert number in values
                assert len(values) > SPREAD, (numbers, told, parts, values)


def could_be(
    told: tuple[tuple[Figure, ...], tuple[tuple[Figure, ...], ...]],
    parts: tuple[Figure, ...],
    whole: int,
    where: tuple[int, int],
    value: int,
) -> bool:
    """Whether some table agrees with all that is told and has `value` there: tried out, not reasoned."""
    sums, cells = told
    tried = [
        [value if (r, c) == where else figure for c, figure in enumerate(row)] for r, row in enumerate(cells)
    ]
    return _fits(tried, list(sums), list(parts), whole)


def _fits(cells: list[list[Figure]], sums: list[Figure], parts: list[Figure], whole: int) -> bool:
    """Integer tables with these margins exist: a flow from rows to columns, hidden margins being free."""
    source, sink, hub_rows, hub_columns = "source", "sink", "rows", "columns"
    bounds: dict[tuple[object, object], tuple[int, int]] = {}
    for r, figure in enumerate(sums):
        low, high = (0, whole) if isinstance(figure, Hidden) else (figure, figure)
        bounds[hub_rows, ("row", r)] = (max(low, 1) if isinstance(figure, Hidden) else low, high)
    for c, figure in enumerate(parts):
        bounds[("column", c), hub_columns] = (0, whole) if isinstance(figure, Hidden) else (figure, figure)
    for r, row in enumerate(cells):
        for c, figure in enumerate(row):
            bounds[("row", r), ("column", c)] = (0, whole) if isinstance(figure, Hidden) else (figure, figure)
    bounds[source, hub_rows] = bounds[hub_columns, sink] = (whole, whole)
    return _circulates(bounds, source, sink)


def _circulates(bounds: dict[tuple[object, object], tuple[int, int]], source: object, sink: object) -> bool:
    """A feasible flow with lower bounds: https://en.wikipedia.org/wiki/Circulation_problem."""
    room: dict[object, dict[object, int]] = {}

    def add(a: object, b: object, capacity: int) -> None:
        room.setdefault(a, {})[b] = room.setdefault(a, {}).get(b, 0) + capacity
        room.setdefault(b, {}).setdefault(a, 0)

    needed = 0
    add(sink, source, 10**6)
    for (a, b), (low, high) in bounds.items():
        if low > high:
            return False
        add(a, b, high - low)
        add("extra source", b, low)
        add(a, "extra sink", low)
        needed += low
    flow = 0
    while path := _path(room, "extra source", "extra sink"):
        step = min(room[a][b] for a, b in path)
        for a, b in path:
            room[a][b] -= step
            room[b][a] += step
        flow += step
    return flow == needed


def _path(room: dict[object, dict[object, int]], start: object, end: object) -> list[tuple[object, object]]:
    came: dict[object, object] = {start: start}
    queue = [start]
    for node in queue:
        for following, capacity in room.get(node, {}).items():
            if capacity > 0 and following not in came:
                came[following] = node
                queue.append(following)
    if end not in came:
        return []
    path, node = [], end
    while node != start:
        path.append((came[node], node))
        node = came[node]
    return path
