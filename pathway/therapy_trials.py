"""Courses of non-drug therapy, and when each is adequate (a.5, R11, R13, R14, R85)."""

from collections.abc import Iterable
from datetime import date

from pathway.courses import Course, joined
from pathway.facts import Fact, Outcome, StopReason, TherapyFact
from pathway.numbers import Number, Numbers


class TherapyRule(Fact, frozen=True, kw_only=True):
    """When a course is adequate: by sessions, by days, or either; `days` also times the response."""

    days: Number
    sessions: Number | None = None
    by_days: bool = True


THERAPY_RULES = {
    "exercise-pt": TherapyRule(days=Number.EXERCISE_PT_DAYS, sessions=Number.EXERCISE_PT_SESSIONS),
    "spinal-manipulation": TherapyRule(
        days=Number.SPINAL_MANIPULATION_DAYS, sessions=Number.SPINAL_MANIPULATION_SESSIONS
    ),
    "massage": TherapyRule(days=Number.MASSAGE_DAYS, sessions=Number.MASSAGE_SESSIONS, by_days=False),
    "acupuncture": TherapyRule(days=Number.ACUPUNCTURE_DAYS, sessions=Number.ACUPUNCTURE_SESSIONS),
    "cbt": TherapyRule(days=Number.CBT_DAYS, sessions=Number.CBT_SESSIONS, by_days=False),
    "yoga": TherapyRule(days=Number.YOGA_DAYS),
    "mbsr": TherapyRule(days=Number.MBSR_DAYS),
    "progressive-relaxation": TherapyRule(days=Number.PROGRESSIVE_RELAXATION_DAYS),
    "multidisciplinary-rehab": TherapyRule(days=Number.MULTIDISCIPLINARY_REHAB_DAYS),
}
MANUAL_THERAPY = "manual-therapy"
_HANDS_ON = ("massage", "spinal-manipulation")


class _Contact(Fact, frozen=True, kw_only=True):
    """One therapy Procedure with its days resolved."""

    first: date
    last: date
    fact: TherapyFact


def therapy_courses(therapies: Iterable[TherapyFact], as_of: date, numbers: Numbers) -> list[Course]:
    """The courses of every modality, in the order of `THERAPY_RULES`."""
    by_modality: dict[str, list[TherapyFact]] = {}
    for fact in therapies:
        by_modality.setdefault(fact.modality, []).append(fact)
    _share_manual_therapy(by_modality)
    return [
        course
        for modality in THERAPY_RULES
        if modality in by_modality
        for course in _courses(modality, by_modality[modality], as_of, numbers)
    ]


def _share_manual_therapy(by_modality: dict[str, list[TherapyFact]]) -> None:
    """Manual therapy is a session of massage and of manipulation if neither has its own that day."""
    own = {f.first for modality in _HANDS_ON for f in by_modality.get(modality, ())}
    shared = [f for f in by_modality.pop(MANUAL_THERAPY, ()) if f.first is None or f.first not in own]
    if shared:
        for modality in _HANDS_ON:
            by_modality.setdefault(modality, []).extend(shared)


def _courses(modality: str, therapies: list[TherapyFact], as_of: date, numbers: Numbers) -> list[Course]:
    contacts = [contact for fact in therapies for contact in _contact(fact, as_of)]
    groups = joined(contacts, numbers.whole(Number.TRIAL_GAP_DAYS))
    courses = [_course(modality, group, numbers) for group in groups]
    undated = [f for f in therapies if f.first is None and f.status == "in-progress"]
    if undated and not any(course.ongoing for course in courses):
        # Under way, but nobody recorded since when: running, and not yet adequate.
        sources = tuple(f.source for f in undated)
        courses.append(Course(modality=modality, start=None, last=as_of, ongoing=True, sources=sources))
    return courses


def _contact(fact: TherapyFact, as_of: date) -> list[_Contact]:
    """The days of one Procedure; under way means up to today, undated means no dated contact."""
    if fact.first is None:
        return []
    last = as_of if fact.status == "in-progress" else (fact.last or fact.first)
    return [_Contact(first=fact.first, last=max(fact.first, last), fact=fact)]


def _course(modality: str, contacts: list[_Contact], numbers: Numbers) -> Course:
    completed = {c.first for c in contacts if c.fact.status == "completed"}
    start = contacts[0].first
    last = max(c.last for c in contacts)
    days = (last - start).days
    return Course(
        modality=modality,
        start=start,
        last=last,
        sessions=len(completed),
        days=days,
        ongoing=any(c.fact.status == "in-progress" for c in contacts),
        adequate=_adequate(modality, days, len(completed), numbers),
        outcome=_latest_outcome(contacts),
        stop_reason=_latest_stop_reason(contacts),
        sources=tuple(c.fact.source for c in contacts),
    )


def _adequate(modality: str, days: int, sessions: int, numbers: Numbers) -> bool:
    rule = THERAPY_RULES[modality]
    if modality == "multidisciplinary-rehab" and sessions:
        return True  # the programme was completed
    by_days = rule.by_days and days >= numbers.whole(rule.days)
    by_sessions = rule.sessions is not None and sessions >= numbers.whole(rule.sessions)
    return by_days or by_sessions


def _latest_outcome(contacts: list[_Contact]) -> Outcome | None:
    coded = [c for c in contacts if c.fact.outcome is not None]
    return max(coded, key=lambda c: c.last).fact.outcome if coded else None


def _latest_stop_reason(contacts: list[_Contact]) -> StopReason | None:
    coded = [c for c in contacts if c.fact.stop_reason is not None]
    return max(coded, key=lambda c: c.last).fact.stop_reason if coded else None
