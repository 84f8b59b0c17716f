"""Timings that may say another number of doses a day."""

from decimal import Decimal

import pytest

from pathway.drafts import Rhythm
from tests.fhir_mappings.drafting import dosage, drug_order, every, named, pieces, the_drug
from tests.fhir_mappings.making import Json

ONE = pieces(1)


def rhythm_of(*timings: Json | None, **elements: object) -> Rhythm | None:
    dosages = [dosage(ONE, timing, **elements) for timing in timings]
    return the_drug(drug_order(dosageInstruction=dosages)).rhythm


@pytest.mark.parametrize(
    ("timing", "times", "at_intervals"),
    [
        (every(frequency=3), 3, False),
        (every(24, "h", frequency=3), 3, False),
        ({"repeat": {"frequency": 3, "periodUnit": "d"}}, 3, False),
        (named("TID"), 3, False),
        (named("Q6H"), 4, False),
        ({"code": {"text": "3 times daily"}, **every(frequency=3)}, 3, False),
        ({"code": {"text": "every 6 hours"}, **every(6, "h")}, 4, True),
        (every(4, "h"), 6, True),
        (every(4, "h", periodMax=6), 6, True),
        (every(5, "h"), "4.8", True),
    ],
)
def test_a_rhythm_is_times_a_day_or_an_interval(timing: Json, times: object, at_intervals: bool) -> None:
    assert rhythm_of(timing) == Rhythm(times=Decimal(str(times)), at_intervals=at_intervals)


@pytest.mark.parametrize(
    "timing",
    [
        None,
        every(2, frequency=3),
        every(1, "wk", frequency=3),
        every(4, "h", frequency=2),
        every(frequencyMax=4),
        named("PRN"),
        named("Q4-6H"),
        {"repeat": {"timeOfDay": ["08:00", "14:00"]}},
        {"repeat": {"when": ["CM", "CD"]}},
        {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d", "dayOfWeek": ["mon"]}},
        {"code": {"text": "BID"}, **every(frequency=3)},
        {"code": {"text": "3 times daily, more if needed"}, **every(frequency=3)},
    ],
)
def test_another_timing_is_no_rhythm(timing: Json | None) -> None:
    assert rhythm_of(timing) is None


def test_several_dosages_or_a_ceiling_that_decides_are_no_rhythm() -> None:
    most = [{"numerator": pieces(2), "denominator": {"value": 1, "unit": "d"}}]

    assert rhythm_of(named("AM"), named("HS")) is None
    assert rhythm_of(named("TID"), maxDosePerPeriod=most) is None
