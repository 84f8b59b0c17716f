"""Red flags: what ends or interrupts the pathway (a.4, R9, R61, R62, R79, R87)."""

from collections.abc import Iterable
from datetime import date

from pathway.facts import ConditionFact, Facts
from pathway.numbers import Number, Numbers
from pathway.state import Duration, DurationSource, FlagLevel, RedFlag

# Retention, faecal incontinence and neurogenic bladder are often old: undated they raise no flag.
UNDATED_IS_OLD = ("R33", "R15", "N31")
RISK_MARKERS = frozenset(
    {
        "cancer-history",
        "unexplained-weight-loss",
        "fever",
        "osteoporosis",
        "systemic-steroid-long-term",
        "immunosuppression",
    }
)
# The order in which flags are named on a card: what cannot wait first.
_LEVELS = {
    "cauda-equina": FlagLevel.EMERGENCY,
    "cord-compression": FlagLevel.EMERGENCY,
    "spinal-infection": FlagLevel.EMERGENCY,
    "progressive-motor-deficit": FlagLevel.EMERGENCY,
    "malignancy-spine": FlagLevel.WORKUP,
    "vertebral-fracture": FlagLevel.WORKUP,
    "malignancy-active": FlagLevel.WORKUP,
}
FLAGS = tuple(_LEVELS)
_SYMPTOM = "cauda-equina-symptom"
_DATED = frozenset({_SYMPTOM, "progressive-motor-deficit", "vertebral-fracture"})  # count while new


class RedFlagFinding:
    """The flags raised now, and the symptoms whose date decides but is missing."""

    __slots__ = ("flags", "risk_markers", "undated", "undated_symptoms")

    def __init__(self, facts: Facts, *, lumbar_active: bool, duration: Duration, numbers: Numbers) -> None:
        rule = _Newness(facts.as_of, duration, numbers, lumbar_active=lumbar_active)
        active = [c for c in facts.conditions if c.active]  # differential diagnoses count here (a.1)
        by_flag: dict[str, list[ConditionFact]] = {}
        for condition in active:
            flag = rule.flag_of(condition)
            if flag is not None:
                by_flag.setdefault(flag, []).append(condition)
        self.flags = tuple(
            RedFlag(id=flag, level=level, conditions=tuple(by_flag[flag]))
            for flag, level in _LEVELS.items()
            if flag in by_flag
        )
        self.undated = tuple(c for c in active if c.concept in _DATED and rule.undated(c))
        self.undated_symptoms = tuple(
            c for c in self.undated if c.concept == _SYMPTOM and c.code.startswith(UNDATED_IS_OLD)
        )
        self.risk_markers = tuple(c for c in active if c.concept in RISK_MARKERS and not c.differential)


class _Newness:
    """Whether a condition counts now; the windows are met by onset or recording (R9)."""

    def __init__(self, as_of: date, duration: Duration, numbers: Numbers, *, lumbar_active: bool) -> None:
        self.as_of = as_of
        # Only a documented onset can put a deficit before the back pain (R62): a recorded date says
        # "at least", and the reading that keeps the flag is the safer one.
        self.back_pain_onset = duration.onset if duration.source is DurationSource.ONSET else None
        self.numbers = numbers
        self.lumbar_active = lumbar_active

    def flag_of(self, condition: ConditionFact) -> str | None:
        match condition.concept:
            case "cauda-equina-symptom":
                return "cauda-equina" if self._symptom_is_new(condition) else None
            case "progressive-motor-deficit":
                return condition.concept if self._deficit_is_new(condition) else None
            case "vertebral-fracture":
                is_new = self._new(condition, Number.FRACTURE_NEW_DAYS, since=None)
                return condition.concept if is_new else None
            case concept if concept in _LEVELS:
                return concept
        return None

    def undated(self, condition: ConditionFact) -> bool:
        """Whether a windowed condition has neither onset nor recorded date."""
        return condition.concept in _DATED and condition.onset is None and condition.recorded is None

    def _symptom_is_new(self, condition: ConditionFact) -> bool:
        if not self.lumbar_active:
            return False
        if self.undated(condition) and condition.code.startswith(UNDATED_IS_OLD):
            return False
        return self._new(condition, Number.CAUDA_EQUINA_NEW_DAYS, since=None)

    def _deficit_is_new(self, condition: ConditionFact) -> bool:
        return self._new(condition, Number.MOTOR_DEFICIT_NEW_DAYS, since=self.back_pain_onset)

    def _new(self, condition: ConditionFact, window: Number, since: date | None) -> bool:
        if self.undated(condition):
            return self.lumbar_active  # undated counts as new beside a low back problem (R87)
        days = (condition.onset, condition.recorded)
        return any(self._within(day, window, since) for day in days if day is not None)

    def _within(self, day: date, window: Number, since: date | None) -> bool:
        recent = (self.as_of - day).days <= self.numbers.whole(window)
        return recent and (since is None or day >= since)


def levels(flags: Iterable[RedFlag]) -> frozenset[FlagLevel]:
    """Which levels are raised."""
    return frozenset(flag.level for flag in flags)
