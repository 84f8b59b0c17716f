"""From the picture to one of 18 states: the first row of table (b) that fits."""

from collections.abc import Callable

from pathway.facts import CareFact, DataGap
from pathway.numbers import Number
from pathway.pathway_checks import has_failed
from pathway.picture import Picture
from pathway.red_flags import levels
from pathway.state import (
    Conservative,
    Criterion,
    DurationClass,
    DurationSource,
    FlagLevel,
    Problem,
    ResponseKind,
    Situation,
    StateId,
)
from pathway.trials import NON_DRUG_MODALITIES, REHABILITATION
from pathway.verdict import Verdict, all_of

_DRUG_ARM = ("nsaid", "muscle-relaxant", "duloxetine")


def situation_of(picture: Picture) -> Situation:
    """All that follows from the facts, with the state and what decided it."""
    reader = StateReader(picture)
    state, sub_facts = reader.state()
    problem, series = picture.problem, picture.series
    return Situation(
        facts=picture.facts,
        state=state,
        sub_facts=sub_facts,
        problem=problem.problem,
        problem_conditions=problem.conditions,
        duration=picture.duration,
        lumbar_active=problem.lumbar_active,
        esi_indication=picture.esi_indication,
        leg_pain=problem.leg_pain,
        post_laminectomy=problem.post_laminectomy,
        red_flags=picture.red_flags.flags,
        undated_symptoms=picture.red_flags.undated_symptoms,
        risk_markers=picture.red_flags.risk_markers,
        courses=picture.courses,
        trials=picture.trials,
        conservative=reader.conservative,
        series=series,
        qualifying_imaging=picture.qualifying_imaging,
        surgery=picture.surgery,
        pain=picture.pain,
        pain_after_injection=picture.pain_after_injection,
        gaps=_gaps(picture),
        trace=tuple(reader.trace),
    )


class StateReader:
    """Asks the rows of table (b) in order and keeps what it asked."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.numbers = picture.numbers
        self.flags = levels(picture.red_flags.flags)
        self.conservative = conservative_care(picture)
        self.failed = self.conservative.failed is Verdict.MET
        self.trace: list[Criterion] = []

    def state(self) -> tuple[StateId, tuple[str, ...]]:
        """The first state that fits, with its sub-facts."""
        for row in _ROWS:
            if row.fits(self):
                self.trace.append(row.met)
                return row.state, self._sub_facts(row.state)
            self.trace.append(row.not_met)
        return StateId.INITIAL_CONSERVATIVE, ()

    def waiting(self) -> bool:
        """Less than 14 days after an injection, also where its series has just closed (R84)."""
        series = self.picture.series
        return (
            self.picture.esi_indication
            and series.days_since is not None
            and series.days_since < self.numbers.whole(Number.ESI_MIN_GAP_DAYS)
            and series.n < self.numbers.whole(Number.ESI_SERIES_SIZE)
        )

    def responding(self) -> bool:
        """In a series, and the pain after it is under control."""
        pain = self.picture.pain_after_injection
        return (
            self.picture.esi_indication
            and self.picture.series.n >= 1
            and pain is not None
            and pain.value <= self.numbers[Number.PAIN_CONTROLLED]
        )

    def series_complete(self) -> bool:
        """esi-indication and (n >= 3 or rolling12 >= 4) (R60)."""
        series = self.picture.series
        full = series.n >= self.numbers.whole(Number.ESI_SERIES_SIZE)
        capped = len(series.rolling_year) >= self.numbers.whole(Number.ESI_ROLLING_CAP)
        return self.picture.esi_indication and (full or capped)

    def nonresponse(self) -> bool:
        """Two injections of a series, neither of which helped."""
        series = self.picture.series
        return (
            self.picture.esi_indication
            and series.n == 2
            and all(session.response.kind is ResponseKind.NONE for session in series.current)
        )

    def repeat_window(self) -> bool:
        """A series is open, and its next injection may be due."""
        # A session less than 14 days ago was row 7; three or more were row 9.
        return self.picture.esi_indication and self.picture.series.n >= 1

    def controlled(self) -> bool:
        """Pain at most 3 of 10, recently."""
        pain = self.picture.pain
        return pain is not None and pain.value <= self.numbers[Number.PAIN_CONTROLLED]

    def advanced(self) -> bool:
        """Conservative care failed, and injections are ruled out or all else was tried."""
        if not self.failed:
            return False
        if self.picture.esi_indication:
            return self._esi_ruled_out()
        chronic = self.picture.duration.length is DurationClass.CHRONIC
        modalities = {
            t.modality
            for t in self.picture.trials_by((*NON_DRUG_MODALITIES, REHABILITATION))
            if t.adequate and t.failed
        }
        duloxetine_done = any(map(has_failed, self.picture.trials_by(("duloxetine",))))
        excluded = bool(self.picture.contraindications("duloxetine"))
        return chronic and len(modalities) >= 2 and (duloxetine_done or excluded)

    def _esi_ruled_out(self) -> bool:
        """By pregnancy or steroid allergy only (R28, R36)."""
        return self.picture.holds("pregnancy") or self.picture.holds("allergy:steroid")

    def needs_imaging(self) -> bool:
        """Conservative care failed, and an injection lacks the imaging it needs."""
        return self.failed and self.picture.esi_indication and self.picture.qualifying_imaging is None

    def trial_running(self) -> bool:
        """A trial runs that is not adequate yet."""
        return any(t.ongoing and not t.adequate for t in self.picture.trials)

    def _sub_facts(self, state: StateId) -> tuple[str, ...]:
        match state:
            case StateId.ESI_REPEAT_WINDOW:
                return ("late",) if self.picture.holds("injection-late") else ("usual",)
            case StateId.ESI_SERIES_COMPLETE:
                return ("cap",) if self.picture.holds("cap-only") else ()
            case _:
                return ()


class _Row:
    """One row of table (b): its state, when it fits, and the two criteria it may leave in the trace."""

    __slots__ = ("fits", "met", "not_met", "state")

    def __init__(self, state: StateId, fits: Callable[[StateReader], bool]) -> None:
        self.state = state
        self.fits = fits
        self.met = Criterion(id=state.value, verdict=Verdict.MET)
        self.not_met = Criterion(id=state.value, verdict=Verdict.NOT_MET)


_ROWS = (
    _Row(StateId.NOT_APPLICABLE, lambda reader: not_applicable(reader.picture)),
    _Row(StateId.RED_FLAG_EMERGENCY, lambda reader: FlagLevel.EMERGENCY in reader.flags),
    _Row(StateId.RED_FLAG_WORKUP, lambda reader: FlagLevel.WORKUP in reader.flags),
    _Row(StateId.POST_SURGICAL, lambda reader: reader.picture.surgery is not None),
    _Row(
        StateId.SCI_NEUROPATHIC_PAIN,
        lambda reader: reader.picture.problem.problem is Problem.SCI_NEUROPATHIC,
    ),
    _Row(StateId.DIAGNOSIS_REVIEW, lambda reader: bool(reader.picture.active(("inflammatory-spine",)))),
    _Row(StateId.ESI_WAITING, StateReader.waiting),
    _Row(StateId.ESI_RESPONDING, StateReader.responding),
    _Row(StateId.ESI_SERIES_COMPLETE, StateReader.series_complete),
    _Row(StateId.ESI_NONRESPONSE, StateReader.nonresponse),
    _Row(StateId.ESI_REPEAT_WINDOW, StateReader.repeat_window),
    _Row(StateId.IMPROVED_MONITORING, StateReader.controlled),
    _Row(StateId.ADVANCED_OPTIONS, StateReader.advanced),
    _Row(StateId.PRE_INTERVENTION_IMAGING, StateReader.needs_imaging),
    _Row(StateId.ESI_ELIGIBLE, lambda reader: reader.failed and reader.picture.esi_indication),
    _Row(StateId.SECOND_LINE_NONINVASIVE, lambda reader: reader.failed),
    _Row(StateId.CONSERVATIVE_IN_PROGRESS, StateReader.trial_running),
)


def not_applicable(picture: Picture) -> bool:
    """Row 1: a child, deceased, in hospice or palliative care (R2), or no low back problem."""
    facts = picture.facts
    child = picture.age is not None and picture.age < picture.numbers.whole(Number.ADULT_AGE)
    mismatch = any(gap.code == "patient-mismatch" for gap in facts.gaps)
    return (
        mismatch
        or child
        or facts.patient.deceased
        or in_palliative_care(picture)
        or picture.problem.problem is Problem.NONE
    )


def in_palliative_care(picture: Picture) -> bool:
    """Hospice or palliative care by any of the resources of R2."""
    if picture.active(("hospice-palliative",)):
        return True
    return any(_care_counts(care, picture) for care in picture.facts.care)


def _care_counts(care: CareFact, picture: Picture) -> bool:
    if care.kind == "order":
        return picture.within(care.last, Number.HOSPICE_ORDER_DAYS)
    return care.in_progress or picture.within(care.last, Number.HOSPICE_CARE_DAYS)


def conservative_care(picture: Picture) -> Conservative:
    """Has conservative care failed: arms A and B, and four weeks of pain (a.5)."""
    facts = picture.facts
    non_drug = any(map(has_failed, picture.trials_by(NON_DRUG_MODALITIES)))
    drug = any(map(has_failed, picture.trials_by(_DRUG_ARM)))
    excluded = not drug and bool(picture.contraindications("nsaid"))
    arm_a = _arm("Procedure" in facts.not_provided, met=non_drug)
    arm_b = _arm("MedicationRequest" in facts.not_provided, met=drug or excluded)
    days = picture.duration.days
    # Unknown duration fails C: nothing more invasive follows from what nobody recorded.
    long_enough = days is not None and days >= picture.numbers.whole(Number.PERSISTING_DAYS)
    arm_c = Verdict.of(long_enough)
    return Conservative(
        non_drug=arm_a,
        drug=arm_b,
        duration=arm_c,
        failed=all_of((arm_a, arm_b, arm_c)),
        nsaid_excluded=excluded,
    )


def _arm(unseen: bool, *, met: bool) -> Verdict:  # noqa: FBT001 - two claims, read together
    if met:
        return Verdict.MET
    return Verdict.UNKNOWN if unseen else Verdict.NOT_MET


def _gaps(picture: Picture) -> tuple[DataGap, ...]:
    """The gaps of the facts, and those that only the pathway can see; each once."""
    found = [*picture.facts.gaps]
    # Of another patient than the one asked about nothing was looked at, nor is the birth date missing.
    mismatched = any(gap.code == "patient-mismatch" for gap in found)
    if picture.facts.patient.birth_date is None and not mismatched:
        found.append(DataGap(code="birth-date-missing", resource="Patient", element="birthDate"))
    if picture.problem.problem is not Problem.NONE and picture.duration.source is DurationSource.NONE:
        found.append(DataGap(code="onset-missing", resource="Condition", element="onset[x]"))
    for condition in picture.red_flags.undated:
        place = "/".join(p for p in (condition.source.resource_type, condition.source.resource_id) if p)
        found.append(DataGap(code="missing-date", resource=place, element="onset[x]"))
        if condition in picture.red_flags.undated_symptoms:
            found.append(DataGap(code="red-flag-undated", resource=place, element="onset[x]"))
    found += _dose_gaps(picture)
    once: dict[tuple[str, str | None], DataGap] = {}
    for gap in found:
        once.setdefault((gap.code, gap.resource), gap)
    return tuple(once.values())


def _dose_gaps(picture: Picture) -> list[DataGap]:
    return [
        DataGap(
            code="dose-unknown",
            resource="/".join(p for p in (source.resource_type, source.resource_id) if p),
            element="dosageInstruction",
        )
        for trial in picture.trials
        if trial.dose_unknown
        for source in trial.sources[:1]
    ]
