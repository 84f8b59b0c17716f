from itertools import product

import pytest

from pathway.verdict import Verdict, all_of, any_of, negated

MET, NOT_MET, UNKNOWN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("verdicts", "conjunction", "disjunction"),
    [
        ((MET, MET), MET, MET),
        ((MET, UNKNOWN), UNKNOWN, MET),
        ((MET, NOT_MET), NOT_MET, MET),
        ((UNKNOWN, UNKNOWN), UNKNOWN, UNKNOWN),
        ((UNKNOWN, NOT_MET), NOT_MET, UNKNOWN),
        ((NOT_MET, NOT_MET), NOT_MET, NOT_MET),
        ((), MET, NOT_MET),
    ],
)
def test_unknown_decides_nothing_unless_nothing_else_does(
    verdicts: tuple[Verdict, ...], conjunction: Verdict, disjunction: Verdict
) -> None:
    assert conjunction == all_of(verdicts)
    assert disjunction == any_of(verdicts)


def test_not_all_is_the_same_as_any_not() -> None:
    for pair in product(Verdict, repeat=2):
        assert negated(all_of(pair)) == any_of(negated(v) for v in pair)


@pytest.mark.parametrize(("claim", "expected"), [(True, MET), (False, NOT_MET), (None, UNKNOWN)])
def test_what_is_not_documented_is_unknown(claim: bool | None, expected: Verdict) -> None:
    assert expected == Verdict.of(claim)
