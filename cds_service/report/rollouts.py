"""A roll-out: patients to whom a recommendation is shown beside those from whom it is held back.

Acceptance says nothing of a control group, which is shown nothing. What both have is whether the
recommendation is still due: at a patient's last visit on a later day it is advised again, or not any more,
because what it asks for was ordered, tried, or became needless.
"""

from dataclasses import dataclass, field
from datetime import date

from cds_service.memory.records import Fate
from cds_service.report.seen import Call, Occasion


@dataclass(slots=True)
class Course:
    """One patient, from the first time that a recommendation was advised."""

    began: date
    occasion: Occasion
    was_shown: bool = False
    was_control: bool = False
    seen_later: bool = False
    due: bool = True  # at the last call on a later day


@dataclass(slots=True)
class Arm:
    """The patients of one side."""

    patients: int = 0
    seen_later: int = 0  # on a later day
    settled: int = 0  # of those: not advised any more at the last call


@dataclass(slots=True)
class Rollouts:
    """Every recommendation that some patients of a site are not shown for the sake of comparison.

    Counted from the first time that it was held back from a control patient there: before, there was nothing
    to compare. Who was moved from one side to the other is in neither.
    """

    courses: dict[tuple[str, str], dict[int, Course]] = field(default_factory=dict)
    _by_tenant: dict[str, list[str]] = field(default_factory=dict)

    def count(self, call: Call, day: date) -> None:
        """Count a call; calls come oldest first."""
        for item in call.items:
            if item.fate is Fate.CONTROL and (call.tenant, item.recommendation) not in self.courses:
                self.courses[call.tenant, item.recommendation] = {}
                self._by_tenant.setdefault(call.tenant, []).append(item.recommendation)
        for recommendation in self._by_tenant.get(call.tenant, ()):
            fates = {item.fate for item in call.items if item.recommendation == recommendation}
            self._follow(self.courses[call.tenant, recommendation], call, day, fates)

    def arms(self, tenant: str, recommendation: str) -> tuple[Arm, Arm, int]:
        """Shown, control, and how many patients were on both sides."""
        shown, control, moved = Arm(), Arm(), 0
        for course in self.courses[tenant, recommendation].values():
            if course.was_shown and course.was_control:
                moved += 1
            elif course.was_shown or course.was_control:
                arm = shown if course.was_shown else control
                arm.patients += 1
                arm.seen_later += course.seen_later
                arm.settled += course.seen_later and not course.due
        return shown, control, moved

    def _follow(self, courses: dict[int, Course], call: Call, day: date, fates: set[Fate]) -> None:
        course = courses.get(call.patient)
        if course is None:
            if not fates:
                return
            course = courses[call.patient] = Course(began=day, occasion=call.occasion)
        course.was_shown |= Fate.SHOWN in fates
        course.was_control |= Fate.CONTROL in fates
        if call.occasion is course.occasion and day > course.began:
            course.seen_later = True
            course.due = bool(fates)
