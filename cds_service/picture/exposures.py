"""Drugs and therapies on record that are no trial of the last 12 months, gathered by name."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from cds_service.picture.names import drug_name, name_of
from cds_service.picture.timeline import Exposure, Span
from pathway.drug_trials import is_active, order_end
from pathway.facts import DrugFact, Source, TherapyFact
from pathway.state import Trial


class _Entry(NamedTuple):
    """One order or Procedure under the name that it is gathered by."""

    name: str
    start: date | None
    last: date | None
    ongoing: bool


def other_drugs(drugs: Iterable[DrugFact], trials: Iterable[Trial], as_of: date) -> tuple[Exposure, ...]:
    """The drugs of no trial, by ingredient and class, the latest first."""
    tried = _by_source(trials)
    return _gathered(
        [
            _Entry(
                name=drug_name([substance.ingredient], substance.drug_class),
                start=drug.start,
                last=_last(drug, as_of),
                ongoing=is_active(drug, as_of),
            )
            for drug in drugs
            if not _is_tried(drug.source, drug.start, tried)
            for substance in drug.substances
        ]
    )


def earlier_therapies(
    therapies: Iterable[TherapyFact], trials: Iterable[Trial], as_of: date
) -> tuple[Exposure, ...]:
    """The therapies of no trial, by modality, the latest first."""
    tried = _by_source(trials)
    return _gathered(
        [
            _Entry(
                name=name_of(therapy.modality),
                start=therapy.first,
                last=as_of if therapy.status == "in-progress" else therapy.last or therapy.first,
                ongoing=therapy.status == "in-progress",
            )
            for therapy in therapies
            if not _is_tried(therapy.source, therapy.first, tried)
        ]
    )


def _by_source(trials: Iterable[Trial]) -> Mapping[Source, list[Trial]]:
    found: dict[Source, list[Trial]] = {}
    for trial in trials:
        for source in trial.sources:
            found.setdefault(source, []).append(trial)
    return found


def _is_tried(source: Source, start: date | None, tried: Mapping[Source, list[Trial]]) -> bool:
    """Whether an entry is part of a trial: by its place, and by its day, as places without id are alike."""
    return any(
        start is None or (trial.start or trial.last) <= start <= trial.last for trial in tried.get(source, ())
    )


def _last(drug: DrugFact, as_of: date) -> date | None:
    """The last day that has come: an order may run on, and is on record until today."""
    end = order_end(drug, as_of)
    return None if end is None else min(end, as_of)


def _gathered(entries: Sequence[_Entry]) -> tuple[Exposure, ...]:
    by_name: dict[str, list[_Entry]] = {}
    for entry in entries:
        by_name.setdefault(entry.name, []).append(entry)
    exposures = [_exposure(name, found) for name, found in by_name.items()]
    return tuple(sorted(exposures, key=_latest, reverse=True))


def _exposure(name: str, entries: Sequence[_Entry]) -> Exposure:
    spans = {
        Span(start=_first(entry.start, entry.last), last=entry.last)
        for entry in entries
        if entry.last is not None
    }
    return Exposure(
        name=name,
        spans=tuple(sorted(spans, key=lambda span: (span.start or span.last, span.last))),
        undated=sum(entry.last is None for entry in entries),
        ongoing=any(entry.ongoing for entry in entries),
    )


def _first(start: date | None, last: date) -> date | None:
    return None if start is None else min(start, last)


def _latest(exposure: Exposure) -> tuple[date, bool, str]:
    return max((span.last for span in exposure.spans), default=date.min), exposure.ongoing, exposure.name
