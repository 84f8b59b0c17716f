"""What can be added to a record, and what can be ordered: short lists, written as FHIR like the samples."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from msgspec.structs import replace

from cds_service.sample_codes import Codes
from cds_service.sample_records import Resource, drafts_of, record_of
from pathway.drafts import DraftReason
from pathway.facts import Instrument, Outcome
from pathway.golden import (
    Given,
    GivenAllergy,
    GivenCondition,
    GivenDraft,
    GivenDrug,
    GivenImaging,
    GivenInjection,
    GivenScore,
    GivenTherapy,
)

_FACTS: tuple[tuple[str, str, Given], ...] = (  # id, words, as of the day that is chosen
    (
        "exercise",
        "Exercise therapy, six weeks until then",
        Given(therapies=(GivenTherapy(modality="exercise-pt", first=-42, last=0),)),
    ),
    (
        "naproxen",
        "Naproxen 1000 mg a day, three weeks until then",
        Given(
            drugs=(
                GivenDrug(
                    ingredient="naproxen", daily=Decimal(1000), start=-21, supply_days=21, status="completed"
                ),
            )
        ),
    ),
    ("esi", "Epidural injection, no response recorded", Given(injections=(GivenInjection(on=0),))),
    (
        "esi-helped",
        "Epidural injection, outcome: successful",
        Given(injections=(GivenInjection(on=0, outcome=Outcome.SUCCESSFUL),)),
    ),
    (
        "esi-partial",
        "Epidural injection, outcome: partially successful",
        Given(injections=(GivenInjection(on=0, outcome=Outcome.PARTIAL),)),
    ),
    (
        "esi-failed",
        "Epidural injection, outcome: unsuccessful",
        Given(injections=(GivenInjection(on=0, outcome=Outcome.UNSUCCESSFUL),)),
    ),
    ("mri", "Lumbar MRI", Given(imaging=(GivenImaging(on=0),))),
    ("xray", "Lumbar X-ray", Given(imaging=(GivenImaging(modality="xray-lumbar", on=0),))),
    (
        "axial",
        "Low back pain, beginning then",
        Given(conditions=(GivenCondition(concept="lbp-axial", code="M54.50", onset=0),)),
    ),
    (
        "radicular",
        "Radicular pain, beginning then",
        Given(conditions=(GivenCondition(concept="radicular", code="M54.16", onset=0),)),
    ),
    (
        "cauda-equina",
        "Red flag: cauda equina syndrome",
        Given(conditions=(GivenCondition(concept="cauda-equina", recorded=0),)),
    ),
    (
        "infection",
        "Red flag: spinal infection",
        Given(conditions=(GivenCondition(concept="spinal-infection", recorded=0),)),
    ),
    (
        "fracture",
        "Red flag: vertebral fracture",
        Given(conditions=(GivenCondition(concept="vertebral-fracture", recorded=0),)),
    ),
    (
        "apixaban",
        "Apixaban, from then on",
        Given(drugs=(GivenDrug(ingredient="apixaban", start=0, supply_days=90),)),
    ),
    ("nsaid-allergy", "Allergy to NSAIDs", Given(allergies=(GivenAllergy(drug_class="nsaid"),))),
)

_ORDERS: tuple[tuple[str, str, GivenDraft], ...] = (
    (
        "esi",
        "Epidural steroid injection, image-guided (62323)",
        GivenDraft(concept="esi-lumbar", code="62323"),
    ),
    (
        "esi-transforaminal",
        "Epidural injection, transforaminal (64483)",
        GivenDraft(concept="esi-lumbar", code="64483"),
    ),
    (
        "esi-unguided",
        "Epidural injection without imaging (62322)",
        GivenDraft(concept="esi-lumbar", code="62322"),
    ),
    ("mri", "Lumbar MRI", GivenDraft(concept="mri-lumbar", code="72148")),
    ("ct", "Lumbar CT", GivenDraft(concept="ct-lumbar", code="72131")),
    ("xray", "Lumbar X-ray", GivenDraft(concept="xray-lumbar", code="72100")),
    (
        "fusion",
        "Lumbar fusion (22612)",
        GivenDraft(concept="lumbar-fusion", code="22612", reason=DraftReason.LUMBAR),
    ),
    *(
        (
            f"{ingredient}{'-er' if long_acting else ''}",
            f"{ingredient.capitalize()}{' extended release' if long_acting else ''} {daily} mg a day",
            GivenDraft(
                ingredient=ingredient,
                daily=Decimal(daily),
                long_acting=long_acting,
                supply_days=14,
                reason=DraftReason.LUMBAR,
            ),
        )
        for ingredient, daily, long_acting in (
            ("naproxen", 1000, False),
            ("ibuprofen", 1800, False),
            ("duloxetine", 60, False),
            ("gabapentin", 900, False),
            ("pregabalin", 150, False),
            ("cyclobenzaprine", 15, False),
            ("lorazepam", 2, False),
            ("dexamethasone", 8, False),
            ("tramadol", 200, False),
            ("oxycodone", 60, False),
            ("morphine", 60, True),
        )
    ),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry of a list."""

    words: str
    given: Given


FACTS: Mapping[str, Choice] = MappingProxyType({name: Choice(words, given) for name, words, given in _FACTS})
ORDERS: Mapping[str, Choice] = MappingProxyType(
    {name: Choice(words, Given(drafts=(draft,))) for name, words, draft in _ORDERS}
)


def score(instrument: Instrument, value: Decimal) -> Given:
    """A measured value of the day."""
    return Given(scores=(GivenScore(instrument=instrument, value=value, on=0),))


def fact_resources(given: Given, patient_id: str, on: date, codes: Codes) -> tuple[Resource, ...]:
    """The resources that say it; their ids are the caller's to give."""
    _, *found = record_of(given, patient_id=patient_id, name="", as_of=on, codes=codes)
    return tuple(found)


def order_resource(given: Given, patient_id: str, on: date, today: date, codes: Codes) -> Resource:
    """The draft order of a choice, to be carried out on a day."""
    (draft,) = given.drafts
    dated = Given(drafts=(replace(draft, on=(on - today).days),))
    (resource,) = drafts_of(dated, patient_id=patient_id, as_of=today, codes=codes)
    return resource
