"""ImagingStudy and DiagnosticReport -> lumbar imaging that was done (a.7, R22)."""

from collections.abc import Iterator
from datetime import date

import msgspec

from fhir_mappings.elements import (
    REFERENCES,
    Coding,
    Concept,
    Element,
    listed,
    read,
)
from fhir_mappings.gathering import Gathered
from fhir_mappings.observed import observed_day
from fhir_mappings.procedures import IMAGING_ROLES, lumbar_study
from fhir_mappings.reading import Reading
from fhir_mappings.regions import concepts, is_lumbar_reason, says_lumbar
from fhir_mappings.resources import DiagnosticReport, ImagingStudy
from fhir_mappings.terminology import Meaning
from pathway.facts import Fact, ImagingFact

FILES = frozenset({"imaging.csv"})
REPORTED = frozenset({"final", "amended", "corrected", "appended"})
AVAILABLE = "available"
# DICOM modality: the lumbar study that it makes (DICOM PS3.16, CID 29)
_MODALITIES = {"MR": "mri-lumbar", "CT": "ct-lumbar", "CR": "xray-lumbar", "DX": "xray-lumbar"}


class _Modality(Element, frozen=True, gc=False):
    """R4 has a Coding, R5 a CodeableConcept."""

    code: str | None = None
    coding: tuple[Coding, ...] | None = None


class _Site(Element, frozen=True, gc=False):
    """R4 has a Coding, R5 a CodeableReference."""

    display: str | None = None
    concept: Concept | None = None


class _Series(Element, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/imagingstudy-definitions.html#ImagingStudy.series."""

    modality: _Modality | None = None
    body_site: _Site | None = None


_SERIES = msgspec.json.Decoder(tuple[_Series, ...] | None)
_STUDY_MODALITY: msgspec.json.Decoder[tuple[_Modality, ...] | _Modality | None] = msgspec.json.Decoder(
    tuple[_Modality, ...] | _Modality | None
)


def report_facts(gathered: Gathered, reading: Reading) -> list[Fact]:
    """The lumbar studies that a DiagnosticReport speaks of."""

    def ours() -> Iterator[tuple[DiagnosticReport, tuple[Meaning, ...]]]:
        for report in reading.terminology.candidates(gathered.of(DiagnosticReport)):
            meanings = tuple(m for m in reading.terminology.meanings(report.code) if m.role in IMAGING_ROLES)
            if meanings or (report.code is not None and reading.terminology.misfiled(report.code, FILES)):
                yield report, meanings

    return reading.facts(ours(), lambda report, meanings: _of_report(report, meanings, reading))


def study_facts(gathered: Gathered, reading: Reading) -> list[Fact]:
    """The lumbar studies among the ImagingStudies."""
    found = ((study, None) for study in gathered.of(ImagingStudy))
    return reading.facts(found, lambda study, _: _of_study(study, reading))


def _of_report(report: DiagnosticReport, meanings: tuple[Meaning, ...], reading: Reading) -> Iterator[Fact]:
    if report.status not in REPORTED:
        return
    if not meanings:
        reading.note("unreadable", report, "code.coding.system")
        return
    text_is_lumbar = says_lumbar(report.code.texts() if report.code else ())
    on = observed_day(report, reading)
    for modality in sorted({m.concept for m in meanings}):
        known = lumbar_study(modality, lambda: text_is_lumbar)
        if known is not None:
            yield _fact(report, report.code, known, on, reading)


def _of_study(study: ImagingStudy, reading: Reading) -> Iterator[Fact]:
    if study.status != AVAILABLE:
        return
    codes = listed(study.procedure_code)
    meanings = [m for code in codes for m in reading.terminology.meanings(code)]
    coded = {m.concept for m in meanings if m.role in IMAGING_ROLES}
    known = {lumbar_study(m, lambda: _is_lumbar(study, reading)) for m in coded} - {None}
    if not coded and _is_lumbar(study, reading):
        known = {_MODALITIES[code] for code in _modalities(study) if code in _MODALITIES}
    if not known:
        return
    on = reading.event_day(study, study.started, "started")
    concept = codes[0] if codes else Concept(text=study.description)
    for modality in sorted(name for name in known if name is not None):
        yield _fact(study, concept, modality, on, reading)


def _is_lumbar(study: ImagingStudy, reading: Reading) -> bool:
    """By body site of a series, by description, by the words of its code, or by reason."""
    sites = [series.body_site for series in read(_SERIES, study.series, "series") or () if series.body_site]
    texts = [
        *(site.display for site in sites if site.display),
        *(text for site in sites if site.concept for text in site.concept.texts()),
        *(text for code in listed(study.procedure_code) for text in code.texts()),
        study.description or "",
    ]
    references = listed(read(REFERENCES, study.reason_reference, "reasonReference"))
    named = (r.reference for r in references if r.reference)
    return says_lumbar(texts) or is_lumbar_reason(concepts(study.reason_code, "reasonCode"), named, reading)


def _modalities(study: ImagingStudy) -> Iterator[str]:
    own = listed(read(_STUDY_MODALITY, study.modality, "modality"))
    of_series = (series.modality for series in read(_SERIES, study.series, "series") or ())
    for modality in (*own, *of_series):
        if modality is not None:
            yield from (code for code in (modality.code, *(c.code for c in modality.coding or ())) if code)


def _fact(
    resource: ImagingStudy | DiagnosticReport,
    concept: Concept | None,
    modality: str,
    on: date | None,
    reading: Reading,
) -> ImagingFact:
    if on is None:
        element = "started" if isinstance(resource, ImagingStudy) else "effective[x]"
        reading.note("missing-date", resource, element)
    return ImagingFact(modality=modality, on=on, source=reading.source(resource, concept))
