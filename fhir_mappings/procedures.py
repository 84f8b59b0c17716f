"""Procedure -> therapies, injections, imaging, operations, hospice care (a.1, a.5, a.7, R6, R85)."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import lru_cache

import msgspec

from fhir_mappings.elements import ABSENT, CONCEPT, read
from fhir_mappings.gathering import Gathered
from fhir_mappings.reading import Reading
from fhir_mappings.regions import is_lumbar
from fhir_mappings.resources import Procedure
from fhir_mappings.stop_reasons import stop_reason
from fhir_mappings.terminology import Meaning
from fhir_mappings.therapy_words import candidates, modalities_in
from pathway.facts import (
    CareFact,
    Fact,
    ImagingFact,
    InjectionFact,
    OperationFact,
    Outcome,
    Source,
    TherapyFact,
)

FILES = frozenset({"esi.csv", "imaging.csv", "patient-factors.csv", "surgery-referral.csv", "therapies.csv"})
STATUSES = frozenset({"completed", "in-progress", "stopped"})
HOSPICE = "hospice-palliative"
INJECTION_ROLES = frozenset({"counts-as-session", "counts-as-session-if-lumbar-problem"})
IMAGING_ROLES = frozenset({"imaging-advanced", "imaging-plain"})
SURGERY_ROLES = frozenset({"surgery", "surgery-region-unspecified", "cabg-operation"})
UNSPECIFIED_REGION = frozenset({"surgery-region-unspecified"})
MRI_OF_SPINE, MRI_OF_LUMBAR_SPINE = "mri-spine", "mri-lumbar"
CATHETER = "esi-lumbar-catheter"
ADD_ON = "64484"  # a further level: never makes a session alone (R19)
CODES_KEPT = 1024  # of those met last: charts of one clinic share them
_OUTCOMES = {
    "procedure-successful": Outcome.SUCCESSFUL,
    "procedure-partially-successful": Outcome.PARTIAL,
    "procedure-unsuccessful": Outcome.UNSUCCESSFUL,
}


class Known(msgspec.Struct, frozen=True):
    """What the codes of a procedure stand for here."""

    modalities: tuple[str, ...] = ()
    is_hospice: bool = False
    session: Meaning | None = None  # the plainest code of an injection
    imaging: tuple[str, ...] = ()
    surgery: tuple[tuple[str, str], ...] = ()  # concept, role


NOTHING = Known()


@lru_cache(maxsize=CODES_KEPT)
def known(meanings: tuple[Meaning, ...]) -> Known:
    """The meanings of a procedure's codes, by what they make of it; `NOTHING` where that is nothing."""
    injections = [m for m in meanings if m.role in INJECTION_ROLES]
    found = Known(
        modalities=tuple(sorted({m.concept for m in meanings if m.role == "therapy"})),
        is_hospice=any(m.concept == HOSPICE for m in meanings),
        session=min(injections, key=_rank, default=None),
        imaging=tuple(sorted({m.concept for m in meanings if m.role in IMAGING_ROLES})),
        surgery=tuple(sorted({m.concept: m.role for m in meanings if m.role in SURGERY_ROLES}.items())),
    )
    return NOTHING if found == NOTHING else found


def procedure_facts(gathered: Gathered, reading: Reading) -> list[Fact]:
    """The facts of all Procedures. Read after the Conditions, which tell what is lumbar."""
    reader = _Procedures(reading)
    return reading.facts(reader.ours(gathered.of(Procedure)), reader.facts)


class _Procedures:
    """Reads Procedures of one patient."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    def ours(self, procedures: Iterable[Procedure]) -> Iterator[tuple[Procedure, Known]]:
        """The procedures with a code, or a therapy's words, that mean something here."""
        terminology = self.reading.terminology
        for procedure, code in candidates(procedures, terminology):
            coded = known(terminology.meanings(code))
            if coded is not NOTHING or modalities_in(code.text) or terminology.misfiled(code, FILES):
                yield procedure, coded

    def facts(self, procedure: Procedure, coded: Known) -> Iterator[Fact]:
        """What one procedure tells.

        Raises:
            DataGapError: outcome or body site cannot be read; or it lies ahead.
        """
        status = procedure.status
        if status not in STATUSES:
            return
        named = modalities_in(procedure.code.text if procedure.code else None)
        modalities = sorted({*coded.modalities, *named}) if named else coded.modalities
        if coded is NOTHING and not modalities:
            self.reading.note("unreadable", procedure, "code.coding.system")
            return
        first, last = self._days(procedure)
        if first is None:
            self.reading.note("missing-date", procedure, "performed[x]")
        source = self.reading.source(procedure, procedure.code)
        for modality in modalities:
            yield TherapyFact(
                modality=modality,
                status=status,
                first=first,
                last=last,
                outcome=self._outcome(procedure),
                stop_reason=stop_reason(procedure.status_reason),
                source=source,
            )
        if coded.is_hospice and status != "stopped":
            running = status == "in-progress"
            yield CareFact(concept=HOSPICE, kind="procedure", in_progress=running, last=last, source=source)
        if status == "completed":
            yield from self._done(procedure, coded, first, source)

    def _done(self, procedure: Procedure, coded: Known, on: date | None, source: Source) -> Iterator[Fact]:
        """Injection, imaging and operations: only what is completed, on its first day (R6, R85)."""
        session = coded.session
        if session is not None:
            yield InjectionFact(
                on=on,
                code=session.code,
                add_on=session.code == ADD_ON,
                lumbar_if_problem=_needs_problem(session),
                outcome=self._outcome(procedure),
                source=source,
            )
        for modality in coded.imaging:
            study = lumbar_study(modality, lambda: is_lumbar(procedure, self.reading))
            if study is not None:
                yield ImagingFact(modality=study, on=on, source=source)
        for concept, role in coded.surgery:
            if role not in UNSPECIFIED_REGION or is_lumbar(procedure, self.reading):
                yield OperationFact(concept=concept, on=on, source=source)

    def _outcome(self, procedure: Procedure) -> Outcome | None:
        if procedure.outcome is ABSENT:
            return None
        outcome = read(CONCEPT, procedure.outcome, "outcome")
        meanings = self.reading.terminology.meanings(outcome)
        return next((_OUTCOMES[m.concept] for m in meanings if m.concept in _OUTCOMES), None)

    def _days(self, procedure: Procedure) -> tuple[date | None, date | None]:
        """First and last day; the last never after the evaluation day."""
        reading = self.reading
        if procedure.performed_date_time is not None:
            day = reading.event_day(procedure, procedure.performed_date_time, "performedDateTime")
            return day, day
        if procedure.occurrence_date_time is not None:
            day = reading.event_day(procedure, procedure.occurrence_date_time, "occurrenceDateTime")
            return day, day
        raw, element = procedure.performed_period, "performedPeriod"
        if raw is ABSENT:
            raw, element = procedure.occurrence_period, "occurrencePeriod"
        span = reading.period(procedure, raw, element)
        first = reading.event_day(procedure, span.start, f"{element}.start")
        end = reading.counted_day(procedure, span.end, f"{element}.end")
        return first or end, end or first


def lumbar_study(modality: str, in_lumbar_region: Callable[[], bool]) -> str | None:
    """The study as one of the lumbar spine; an MRI of the spine only when the region is lumbar."""
    if modality != MRI_OF_SPINE:
        return modality
    return MRI_OF_LUMBAR_SPINE if in_lumbar_region() else None


def _needs_problem(meaning: Meaning) -> bool:
    """Codes that do not say "for back pain": they count beside a coded low back problem (R19)."""
    return meaning.concept == CATHETER or meaning.role == "counts-as-session-if-lumbar-problem"


def _rank(meaning: Meaning) -> tuple[bool, bool, str]:
    """The plainest code of an injection first."""
    return meaning.code == ADD_ON, _needs_problem(meaning), meaning.code
