"""Condition -> the meanings of its codes, with dates and status (clinical/pathway.md a.1 to a.4)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

import msgspec
from msgspec import Raw

from fhir_mappings.elements import ABSENT, CONCEPTS, Concept, listed, read
from fhir_mappings.gathering import Gathered
from fhir_mappings.reading import Reading
from fhir_mappings.resources import Condition
from fhir_mappings.terminology import Meaning
from pathway.codelists import CONDITION_FILES
from pathway.facts import AllergyFact, ConditionFact, Fact

FILES = frozenset(CONDITION_FILES)
LOW_CONFIDENCE = "problem-low-confidence"
OPERATION_ROLES = frozenset({"cabg-operation", "outcome"})  # of procedures, in a file of conditions
LUMBAR_CONCEPTS = frozenset({"radicular", "spinal-stenosis", "lbp-axial", "post-laminectomy"})
ACTIVE = frozenset({"active", "recurrence", "relapse"})
NOT_ACTIVE = frozenset({"inactive", "remission", "resolved"})
NOT_SO = frozenset({"entered-in-error", "refuted"})
# An undated one is never recent; a low back problem and red flags without a date are the pathway's to note.
DATED_FACTORS = frozenset({"active-infection", "cabg-or-recent-mi"})
CONTRAST_ALLERGY = "contrast-allergy"
_SADDLE = re.compile(r"saddle|perine", re.IGNORECASE)
_WEEKS = re.compile(r"Z3A(?P<weeks>[0-4][0-9])")
UNKNOWN_WEEK = 0


def condition_facts(gathered: Gathered, reading: Reading, listings: Mapping[str, date]) -> list[Fact]:
    """The facts of all Conditions.

    Args:
        gathered: Where the resources are.
        reading: Takes the gaps, and the references of the conditions of the low back.
        listings: Day of the earliest Encounter that lists a condition, by "Condition/id" (R78).
    """
    reader = _Conditions(reading, listings)
    return reading.facts(reader.ours(gathered.of(Condition)), reader.facts)


class _Conditions:
    """Reads Conditions of one patient."""

    def __init__(self, reading: Reading, listings: Mapping[str, date]) -> None:
        self.reading = reading
        self.listings = listings

    def ours(self, conditions: Iterable[Condition]) -> Iterator[tuple[Condition, tuple[Meaning, ...]]]:
        """The conditions with a code that means something here."""
        terminology = self.reading.terminology
        for condition in terminology.candidates(conditions):
            meanings = _as_condition(terminology.meanings(condition.code))
            if meanings or (condition.code is not None and terminology.misfiled(condition.code, FILES)):
                yield condition, meanings

    def facts(self, condition: Condition, meanings: tuple[Meaning, ...]) -> Iterator[Fact]:
        """One fact a meaning.

        Raises:
            DataGapError: status or body site cannot be read.
        """
        verification = self.reading.status(condition.verification_status, "verificationStatus")
        if not NOT_SO.isdisjoint(verification):
            return
        if not meanings:
            self.reading.note("unreadable", condition, "code.coding.system")
            return
        active = _is_active(condition, self.reading)
        onset, recorded = self._dates(condition)
        source = self.reading.source(condition, condition.code)
        differential = "differential" in verification
        for meaning in meanings:
            if meaning.needs_words and not _says_saddle(condition):
                continue
            self._remember(condition, meaning, dated=onset is not None or recorded is not None)
            yield ConditionFact(
                concept=meaning.concept,
                role=meaning.role,
                code=meaning.code,
                active=active,
                differential=differential,
                onset=onset,
                recorded=recorded,
                listed=self.listings.get(f"Condition/{condition.id}"),
                gestation_weeks=_gestation_weeks(meaning.code),
                source=source if source.text else msgspec.structs.replace(source, text=meaning.display),
            )
            if meaning.concept == CONTRAST_ALLERGY and active:
                yield AllergyFact(drug_classes=("contrast",), source=source)

    def _remember(self, condition: Condition, meaning: Meaning, *, dated: bool) -> None:
        """Keep for later what is lumbar, and note the date that a factor lacks."""
        if meaning.concept in LUMBAR_CONCEPTS and meaning.role != LOW_CONFIDENCE:
            self.reading.lumbar.add(f"Condition/{condition.id}")
        if meaning.concept in DATED_FACTORS and not dated:
            self.reading.note("missing-date", condition, "onset[x]")

    def _dates(self, condition: Condition) -> tuple[date | None, date | None]:
        reading = self.reading
        text, element = condition.onset_date_time, "onsetDateTime"
        if text is None:
            text = reading.period(condition, condition.onset_period, "onsetPeriod").start
            element = "onsetPeriod.start"
        return (
            reading.counted_day(condition, text, element),
            reading.counted_day(condition, condition.recorded_date, "recordedDate"),
        )


def _as_condition(meanings: tuple[Meaning, ...]) -> tuple[Meaning, ...]:
    """The meanings that a Condition may have, each (concept, role) once.

    A code that names the region wins over one of the same concept that does not.
    """
    if len(meanings) == 1 and meanings[0].file in FILES and meanings[0].role not in OPERATION_ROLES:
        return meanings
    kept = {(m.concept, m.role): m for m in meanings if m.file in FILES and m.role not in OPERATION_ROLES}
    certain = {concept for concept, role in kept if role != LOW_CONFIDENCE}
    return tuple(m for (concept, role), m in kept.items() if role != LOW_CONFIDENCE or concept not in certain)


def _is_active(condition: Condition, reading: Reading) -> bool:
    """By clinicalStatus; without one that we know, active unless abated (a.1)."""
    status = reading.status(condition.clinical_status, "clinicalStatus")
    if not ACTIVE.isdisjoint(status):
        return True
    if not NOT_ACTIVE.isdisjoint(status):
        return False
    abatement = (
        condition.abatement_date_time,
        condition.abatement_age,
        condition.abatement_period,
        condition.abatement_range,
        condition.abatement_string,
    )
    return all(raw is ABSENT or raw == Raw(b"null") for raw in abatement)


def _says_saddle(condition: Condition) -> bool:
    sites = listed(read(CONCEPTS, condition.body_site, "bodySite"))
    concepts: list[Concept] = [*sites, *([condition.code] if condition.code else [])]
    return any(_SADDLE.search(text) for concept in concepts for text in concept.texts())


def _gestation_weeks(code: str) -> int | None:
    """Z3A.nn is week nn; Z3A.00 is an unknown week (R23)."""
    match = _WEEKS.fullmatch(code) if code[:1] == "Z" else None
    weeks = int(match["weeks"]) if match else UNKNOWN_WEEK
    return None if weeks == UNKNOWN_WEEK else weeks
