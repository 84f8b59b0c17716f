"""Figures about many values: quantiles, and a difference of shares with its uncertainty."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from math import sqrt

TENTH = Decimal("0.1")
Z = 1.959964  # of the normal distribution: 95 % lie within


def quantile(ordered: Sequence[int], percent: int) -> Decimal:
    """The value below which `percent` of the values lie, between neighbours in proportion.

    As most spreadsheets and R by default (type 7) have it: https://doi.org/10.1080/00031305.1996.10473566

    Args:
        ordered: At least one value, smallest first.
        percent: 50 gives the median.
    """
    place = percent * (len(ordered) - 1)
    below, part = divmod(place, 100)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + Decimal((ordered[above] - ordered[below]) * part) / 100


def difference(settled: tuple[int, int], control: tuple[int, int]) -> tuple[Decimal, Decimal, Decimal]:
    """The difference of two shares in percentage points, with the bounds of its 95 % interval.

    Newcombe's interval of two Wilson scores, which holds for small groups too:
    https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8%3C873::AID-SIM779%3E3.0.CO;2-I

    Args:
        settled: How many, of how many (at least one).
        control: The same of those compared with.
    """
    (one, low_one, high_one), (two, low_two, high_two) = _wilson(*settled), _wilson(*control)
    below = sqrt((one - low_one) ** 2 + (high_two - two) ** 2)
    above = sqrt((high_one - one) ** 2 + (two - low_two) ** 2)
    return _points(one - two), _points(one - two - below), _points(one - two + above)


def _wilson(some: int, of: int) -> tuple[float, float, float]:
    share = some / of
    middle = (share + Z * Z / (2 * of)) / (1 + Z * Z / of)
    half = Z * sqrt(share * (1 - share) / of + Z * Z / (4 * of * of)) / (1 + Z * Z / of)
    return share, middle - half, middle + half


def _points(share: float) -> Decimal:
    return Decimal(100 * share).quantize(TENTH, ROUND_HALF_UP)
