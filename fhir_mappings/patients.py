"""Patient -> who it is, born when, alive (contract, HTTP)."""

from datetime import date

from msgspec import Raw

from fhir_mappings.dates import span
from fhir_mappings.elements import ABSENT, FLAG, TEXT, read
from fhir_mappings.gaps import DataGapError, gap
from fhir_mappings.gathering import Gathered
from fhir_mappings.reading import Reading
from fhir_mappings.references import local
from fhir_mappings.resources import Patient
from pathway.facts import PatientFact


def bare_id(patient_id: str) -> str:
    """`context.patientId` without a type: it may come as "Patient/id"."""
    return local(patient_id, "Patient", {}).removeprefix("Patient/")


def own_patient(gathered: Gathered, patient_id: str) -> Patient | None:
    """The Patient with this id; None when only others came, or none."""
    return next((p for p in gathered.of(Patient) if p.id == patient_id), None)


def patient_fact(patient: Patient | None, patient_id: str, reading: Reading) -> PatientFact:
    """The person. A birth date that cannot be read, or lies ahead, counts as missing, with a gap."""
    if patient is None:
        return PatientFact(id=patient_id)
    label = f"Patient/{patient_id}"
    born: date | None = None
    try:
        born = _birth_date(patient, reading)
    except DataGapError as error:
        reading.gaps.append(gap(error.code, label, error.element))
    return PatientFact(
        id=patient_id,
        birth_date=born,
        earliest_birth_date=_earliest(patient, born),
        deceased=_is_deceased(patient, label, reading),
    )


def _birth_date(patient: Patient, reading: Reading) -> date | None:
    """The last day that it may mean.

    Raises:
        DataGapError: not a date, or one after the evaluation day.
    """
    text = read(TEXT, patient.birth_date, "birthDate")
    if text is None:
        return None
    days = span(text, reading.zone, "birthDate")
    if days.first > reading.as_of:
        raise DataGapError("birthDate", "future-date")
    return min(days.last, reading.as_of)


def _earliest(patient: Patient, born: date | None) -> date | None:
    """The first day that a partial birth date allows: who may be 65 is not treated as younger."""
    text = read(TEXT, patient.birth_date, "birthDate") if born is not None else None
    if born is None or text is None or len(text) >= len("YYYY-MM-DD"):
        return born
    return born.replace(day=1) if len(text) > len("YYYY") else born.replace(month=1, day=1)


def _is_deceased(patient: Patient, label: str, reading: Reading) -> bool:
    """Any dateTime of death means deceased; of a flag that cannot be read nothing is concluded."""
    if not (patient.deceased_date_time is ABSENT or patient.deceased_date_time == Raw(b"null")):
        return True
    try:
        return read(FLAG, patient.deceased_boolean, "deceasedBoolean") is True
    except DataGapError as error:
        reading.gaps.append(gap(error.code, label, error.element))
        return False
