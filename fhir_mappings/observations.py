"""Observation -> scores, laboratory values, pregnancy (a.6, a.8, R4, R16)."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

import msgspec
from msgspec import Raw

from fhir_mappings.elements import (
    ABSENT,
    CONCEPT,
    NUMBER,
    QUANTITY,
    TEXT,
    Concept,
    Element,
    Quantity,
    read,
)
from fhir_mappings.gaps import DataGapError
from fhir_mappings.gathering import Gathered
from fhir_mappings.observed import observed_day
from fhir_mappings.reading import Reading
from fhir_mappings.resources import Observation
from fhir_mappings.scales import bounded, instrument_of, on_scale
from fhir_mappings.terminology import Meaning
from fhir_mappings.written_values import written
from pathway.facts import Bounded, ConditionFact, Fact, Instrument, ScoreFact

FILE = "observations.csv"
FILES = frozenset({FILE})
FINAL = frozenset({"final", "amended", "corrected"})
PANEL = "peg-panel"
PANEL_ITEMS = 3
PREGNANCY_STATUS = "pregnancy-status"
PREGNANT = "pregnancy"
_NULL = Raw(b"null")
Measured = tuple[Instrument, Decimal, Bounded | None]  # the latter where a limit was recorded


class _Component(Element, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/observation-definitions.html#Observation.component."""

    code: Concept | None = None
    value_quantity: Quantity | None = None
    value_integer: Decimal | None = None
    value_string: str | None = None


_COMPONENTS = msgspec.json.Decoder(tuple[_Component, ...] | None)


class PregnancyStatus(Fact, frozen=True, kw_only=True):
    """One recorded status; only the latest counts, see `latest_pregnancy`."""

    fact: ConditionFact
    pregnant: bool
    on: date


def observation_facts(gathered: Gathered, reading: Reading) -> list[Fact]:
    """The facts of all Observations."""
    reader = _Observations(reading)
    return latest_pregnancy(reading.facts(reader.ours(gathered.of(Observation)), reader.facts))


def latest_pregnancy(facts: Iterable[Fact]) -> list[Fact]:
    """Of the pregnancy statuses the latest, if it says pregnant; of one day, the one that does."""
    scores = [f for f in facts if not isinstance(f, PregnancyStatus)]
    statuses = [f for f in facts if isinstance(f, PregnancyStatus)]
    latest = max(statuses, key=lambda s: (s.on, s.pregnant, s.fact.source.resource_id or ""), default=None)
    return [*scores, latest.fact] if latest is not None and latest.pregnant else scores


class _Observations:
    """Reads Observations of one patient."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    def ours(self, observations: Iterable[Observation]) -> Iterator[tuple[Observation, Meaning | None]]:
        """The observations with a code that means something here."""
        terminology = self.reading.terminology
        for observation in terminology.candidates(observations):
            code = observation.code
            meaning = next((m for m in terminology.meanings(code) if m.file == FILE), None)
            if meaning is not None or (code is not None and terminology.misfiled(code, FILES)):
                yield observation, meaning

    def facts(self, observation: Observation, meaning: Meaning | None) -> Iterator[Fact]:
        """What one observation tells.

        Raises:
            DataGapError: the value cannot be read or is off its scale; or it lies ahead.
        """
        if observation.status not in FINAL:
            return
        if meaning is None:
            self.reading.note("unreadable", observation, "code.coding.system")
            return
        on = observed_day(observation, self.reading)
        if meaning.concept == PREGNANCY_STATUS:
            yield from self._pregnancy(observation, on)
            return
        values = list(self._values(observation, meaning))
        if values and on is None:
            self.reading.note("missing-date", observation, "effective[x]")
        elif on is not None:
            source = self.reading.source(observation, observation.code)
            for instrument, value, limit in values:
                yield ScoreFact(instrument=instrument, value=value, bounded=limit, on=on, source=source)

    def _values(self, observation: Observation, meaning: Meaning) -> Iterator[Measured]:
        """The value, and those of components with a code of ours; PEG as mean where it has none."""
        own = instrument_of(meaning.concept, meaning.code)
        value: Decimal | None = None
        if own is not None:
            quantity, element = _value(observation)
            value = _measured(own, quantity, element)
            if quantity is not None and value is not None:
                yield own, value, bounded(quantity, value) if quantity.comparator else None
            else:
                _refuse_other_value(observation)
        if meaning.concept == PANEL or own is Instrument.PEG:
            yield from self._of_panel(observation, has_mean=value is not None)

    def _of_panel(self, observation: Observation, *, has_mean: bool) -> Iterator[Measured]:
        components = read(_COMPONENTS, observation.component, "component") or ()
        items: list[Decimal] = []
        for component in components:
            quantity, element = _first_value(
                component.value_quantity, component.value_integer, component.value_string, "component.value"
            )
            meanings = self.reading.terminology.meanings(component.code)
            meaning = next((m for m in meanings if m.file == FILE), None)
            instrument = instrument_of(meaning.concept, meaning.code) if meaning else None
            value = _measured(instrument or Instrument.PEG, quantity, element)
            if quantity is None or value is None:
                continue
            if instrument is Instrument.PEG and has_mean:
                continue
            if instrument is not None:
                yield instrument, value, bounded(quantity, value)
            if instrument is Instrument.PEG:
                has_mean = True
            else:
                items.append(value)
        if not has_mean and len(items) == len(components) == PANEL_ITEMS:
            yield Instrument.PEG, sum(items, Decimal(0)) / PANEL_ITEMS, None

    def _pregnancy(self, observation: Observation, on: date | None) -> Iterator[Fact]:
        value = read(CONCEPT, observation.value_codeable_concept, "valueCodeableConcept")
        if value is None or not value.codes():
            return
        if on is None:
            self.reading.note("missing-date", observation, "effective[x]")
        meanings = [m for m in self.reading.terminology.meanings(value) if m.concept == PREGNANT]
        role, code = (meanings[0].role, meanings[0].code) if meanings else ("", "")
        source = self.reading.source(observation, value)
        fact = ConditionFact(concept=PREGNANT, role=role, code=code, recorded=on, source=source)
        yield PregnancyStatus(fact=fact, pregnant=bool(meanings), on=on or date.min)


def _value(observation: Observation) -> tuple[Quantity | None, str]:
    quantity = read(QUANTITY, observation.value_quantity, "valueQuantity")
    if quantity is not None:
        return quantity, "valueQuantity"
    return _first_value(
        None,
        read(NUMBER, observation.value_integer, "valueInteger"),
        read(TEXT, observation.value_string, "valueString"),
        "value",
    )


def _first_value(
    quantity: Quantity | None, integer: Decimal | None, text: str | None, element: str
) -> tuple[Quantity | None, str]:
    """value[x] as a quantity; a string counts when it is a number, with comparator and unit or without.

    Raises:
        DataGapError: a string that is not.
    """
    if quantity is not None:
        return quantity, f"{element}Quantity"
    if integer is not None:
        return Quantity(value=integer), f"{element}Integer"
    if text is None:
        return None, element
    return written(text, f"{element}String"), f"{element}String"


def _measured(instrument: Instrument, quantity: Quantity | None, element: str) -> Decimal | None:
    return None if quantity is None else on_scale(instrument, quantity, element)


def _refuse_other_value(observation: Observation) -> None:
    """What came in a form that is no number.

    Raises:
        DataGapError: something did.
    """
    if read(CONCEPT, observation.value_codeable_concept, "valueCodeableConcept") is not None:
        raise DataGapError("valueCodeableConcept")
    if observation.value_range not in (ABSENT, _NULL):
        raise DataGapError("valueRange")
