"""Prescriptions in all their forms: daily dose, and what it comes to in morphine equivalents."""

from decimal import Decimal
from typing import NamedTuple

import pytest

from pathway.morphine_equivalents import equivalents
from tests.fhir_mappings.drafting import (
    OXYCODONE,
    dosage,
    drug_order,
    every,
    named,
    pieces,
    the_drug,
)
from tests.fhir_mappings.making import ROWS, RXNORM, Json

FACTORS = {r.concept: Decimal(r.role) for r in ROWS if r.file == "opioid-mme.csv" and r.role != "none"}


class Rx(NamedTuple):
    """A prescription, the daily dose of its opioid, and its morphine equivalents a day."""

    drug: str | Json  # RxNorm clinical drug, or as the client words it
    dosages: tuple[Json, ...]
    daily: str | None  # mg a day, of patches ug an hour
    mme: str | None
    ingredient: str = "oxycodone"
    long_acting: bool = False


ONE, TWO, HALF = pieces(1), pieces(2), pieces(0.5)
Q4H, Q6H, Q8H, Q12H = (every(hours, "h") for hours in (4, 6, 8, 12))
Q4_TO_6H = every(4, "h", periodMax=6)
BID, TID, QID, QD = named("BID"), named("TID"), named("QID"), named("QD")
PATCH, EVERY_THIRD_DAY = pieces(1, "patch"), every(3)
AS_NEEDED: Json = {"asNeededBoolean": True}


def ml(value: float) -> Json:
    return {"value": value, "unit": "mL", "code": "mL", "system": "http://unitsofmeasure.org"}


def mg(value: float) -> Json:
    return {"value": value, "unit": "mg"}


def at_most(value: Json, days: float = 1, unit: str = "d") -> Json:
    return {"maxDosePerPeriod": {"numerator": value, "denominator": {"value": days, "unit": unit}}}


def by(code: str, system: str, text: str) -> Json:
    return {"coding": [{"system": system, "code": code}], "text": text}


def one(dose: object, timing: Json | None, **elements: object) -> tuple[Json]:
    return (dosage(dose, timing, **elements),)


CALCULATED_AND_ORDERED: Json = {
    "doseAndRate": [
        {"type": {"text": "calculated"}, "doseQuantity": PATCH},
        {"type": {"text": "ordered"}, "doseQuantity": PATCH},
    ]
}
HYDROCODONE, MORPHINE, FENTANYL = "hydrocodone", "morphine", "fentanyl"
HYDROMORPHONE, METHADONE, TRAMADOL, CODEINE = "hydromorphone", "methadone", "tramadol", "codeine"

# One line a prescription: factors of CDC 2022, arithmetic by hand.
PRESCRIPTIONS: dict[str, Rx] = {
    # tablets, in every way to say how many and how often: oxycodone 5 mg x 1.5
    "every 6 hours": Rx(OXYCODONE, one(ONE, Q6H), "20", "30"),
    "every 4 hours": Rx(OXYCODONE, one(ONE, Q4H), "30", "45"),
    "every 8 hours": Rx(OXYCODONE, one(ONE, Q8H), "15", "22.5"),
    "four times a day by code": Rx(OXYCODONE, one(ONE, QID), "20", "30"),
    "three times a day by code": Rx(OXYCODONE, one(ONE, TID), "15", "22.5"),
    "twice a day by code": Rx(OXYCODONE, one(TWO, BID), "20", "30"),
    "every 6 hours by code": Rx(OXYCODONE, one(ONE, named("Q6H")), "20", "30"),
    "every 4 to 6 hours by code": Rx(OXYCODONE, one(ONE, named("Q4-6H")), "30", "45"),
    "by the words of the code": Rx(OXYCODONE, one(ONE, {"code": {"text": "q 6 h"}}), "20", "30"),
    "at bedtime": Rx(OXYCODONE, one(ONE, named("QHS")), "5", "7.5"),
    "every other day": Rx(OXYCODONE, one(ONE, every(2)), "2.5", "3.75"),
    "three tablets every third day": Rx(OXYCODONE, one(pieces(3), every(3)), "5", "7.5"),
    "once or up to four times": Rx(OXYCODONE, one(ONE, every(frequencyMax=4)), "20", "30"),
    "at three times of day": Rx(
        OXYCODONE, one(ONE, {"repeat": {"timeOfDay": ["08:00", "14:00", "20:00"]}}), "15", "22.5"
    ),
    "with meals": Rx(OXYCODONE, one(ONE, {"repeat": {"when": ["CM", "CD", "CV"]}}), "15", "22.5"),
    "one or two, every 4 to 6 hours": Rx(OXYCODONE, one((ONE, TWO), Q4_TO_6H), "60", "90"),
    "as needed counts as taken": Rx(OXYCODONE, one(ONE, Q6H, **AS_NEEDED), "20", "30"),
    "as needed for a symptom": Rx(
        OXYCODONE, one(ONE, Q6H, asNeededCodeableConcept={"text": "pain"}), "20", "30"
    ),
    "as needed, at most four a day": Rx(
        OXYCODONE, one(ONE, None, **AS_NEEDED, **at_most(pieces(4))), "20", "30"
    ),
    "a ceiling below the timing": Rx(OXYCODONE, one((ONE, TWO), Q4H, **at_most(pieces(6))), "30", "45"),
    "a ceiling above the timing": Rx(OXYCODONE, one(ONE, Q6H, **at_most(pieces(12))), "20", "30"),
    "a ceiling a week": Rx(OXYCODONE, one(ONE, None, **at_most(pieces(21), 1, "wk")), "15", "22.5"),
    "tablets, a ceiling in mg": Rx(OXYCODONE, one(TWO, Q4H, **AS_NEEDED, **at_most(mg(30))), "30", "45"),
    "tablets, a ceiling in mg above": Rx(OXYCODONE, one(ONE, Q6H, **at_most(mg(80))), "20", "30"),
    "tablets without timing, a ceiling in mg": Rx(OXYCODONE, one(TWO, None, **at_most(mg(30))), "30", "45"),
    "mg, a ceiling in tablets": Rx(OXYCODONE, one(mg(10), Q4H, **at_most(pieces(6))), "30", "45"),
    "a ceiling in mg that is no whole tablet": Rx(
        "Tramadol 60 MG Oral Tablet", one(TWO, Q4H, **at_most(mg(200))), "200", "40", TRAMADOL
    ),
    "tramadol, a ceiling in mg": Rx(
        "Tramadol Hydrochloride 50 MG Oral Tablet",
        one(TWO, Q4H, **AS_NEEDED, **at_most(mg(400))),
        "400",
        "80",
        TRAMADOL,
    ),
    "a solution, a ceiling in mg": Rx("892589", one(ml(5), Q4H, **at_most(mg(30))), "30", "30", MORPHINE),
    "a combination, a ceiling in mg of which": Rx("1049221", one(ONE, Q6H, **at_most(mg(10))), "20", "30"),
    "a ceiling in hours": Rx(OXYCODONE, one(ONE, None, **at_most(pieces(2), 12, "h")), "20", "30"),
    "morning and night": Rx(OXYCODONE, (dosage(ONE, named("AM")), dosage(TWO, named("HS"))), "15", "22.5"),
    "a taper counts at its highest": Rx(
        OXYCODONE, (dosage(ONE, QID, sequence=1), dosage(ONE, BID, sequence=2)), "20", "30"
    ),
    "in milligrams": Rx(OXYCODONE, one(mg(5), Q6H), "20", "30"),
    "in grams": Rx(OXYCODONE, one({"value": 0.005, "unit": "g"}, Q6H), "20", "30"),
    "in pills, as the sandbox does": Rx(
        OXYCODONE, one({"value": 1, "code": "{pill}"}, every(frequency=3)), "15", "22.5"
    ),
    "a number without unit": Rx(OXYCODONE, one({"value": 2}, BID), "20", "30"),
    "half a tablet": Rx(OXYCODONE, one(HALF, QID), "10", "15"),
    # nothing is guessed
    "no dose": Rx(OXYCODONE, one(None, Q6H), None, None),
    "no timing": Rx(OXYCODONE, one(ONE, None), None, None),
    "as needed, however often": Rx(OXYCODONE, one(ONE, named("PRN")), None, None),
    "words only": Rx(OXYCODONE, ({"text": "Take 1 tablet every 6 hours"},), None, None),
    "no dosage at all": Rx(OXYCODONE, (), None, None),
    "a unit of no known size": Rx(OXYCODONE, one(pieces(1, "handful"), QID), None, None),
    "a number that cannot be tablets": Rx(OXYCODONE, one({"value": 500}, BID), None, None),
    "one of two dosages unknown": Rx(OXYCODONE, (dosage(ONE, BID), dosage(ONE)), None, None),
    # drugs by ingredient code, by local code with words, and by words alone
    "an ingredient with words": Rx(by("7804", RXNORM, "Oxycodone 10 mg tablet"), one(ONE, Q6H), "40", "60"),
    "an item of a preference list": Rx(
        by("OXYIR5TAB", "urn:oid:1.2.840.114350.1.13.0", "oxyCODONE 5 mg"),
        one(ONE, Q6H),
        "20",
        "30",
    ),
    "words alone": Rx("Oxycodone HCl 10 mg tablet", one(ONE, Q6H), "40", "60"),
    "words without strength": Rx("oxycodone", one(ONE, Q6H), None, None),
    "words without strength, dose in mg": Rx("oxycodone", one(mg(10), Q6H), "40", "60"),
    "a strength in 5 mL": Rx("oxycodone 5 mg/5 mL oral solution", one(ml(10), Q6H), "40", "60"),
    # long-acting
    "oxycodone ER": Rx("1049502", one(ONE, Q12H), "20", "30", long_acting=True),
    "oxycodone ER 80": Rx("1049599", one(ONE, BID), "160", "240", long_acting=True),
    "morphine ER": Rx("891885", one(ONE, BID), "60", "60", MORPHINE, long_acting=True),
    "morphine ER capsule once a day": Rx(
        "892355", one(pieces(1, "capsule"), QD), "90", "90", MORPHINE, long_acting=True
    ),
    "hydrocodone ER": Rx(
        "1860493", one(pieces(1, "capsule"), Q12H), "30", "30", HYDROCODONE, long_acting=True
    ),
    "hydromorphone ER": Rx("902741", one(ONE, QD), "8", "40", HYDROMORPHONE, long_acting=True),
    "oxymorphone ER": Rx("977923", one(ONE, Q12H), "10", "30", "oxymorphone", long_acting=True),
    "tapentadol ER": Rx("1148797", one(ONE, BID), "200", "80", "tapentadol", long_acting=True),
    "tramadol ER": Rx("833709", one(ONE, QD), "100", "20", TRAMADOL, long_acting=True),
    "methadone": Rx("864706", one(ONE, TID), "30", "141", METHADONE, long_acting=True),
    "methadone, half a tablet": Rx("864718", one(HALF, QD), "2.5", "11.75", METHADONE, long_acting=True),
    "methadone solution": Rx("864761", one(ml(5), BID), "10", "47", METHADONE, long_acting=True),
    # other tablets and solutions
    "morphine": Rx("892582", one(ONE, Q4H), "90", "90", MORPHINE),
    "morphine solution": Rx("892589", one(ml(5), Q4H), "60", "60", MORPHINE),
    "morphine concentrate": Rx("892625", one(ml(0.5), Q4H), "60", "60", MORPHINE),
    "morphine solution in mg": Rx("892589", one(mg(10), Q4H), "60", "60", MORPHINE),
    "a brand in brackets": Rx(
        by("892495", RXNORM, "Morphine Sulfate 10 MG [Kadian]"),
        one({"value": 1, "code": "TAB"}, QD),
        "10",
        "10",
        MORPHINE,
    ),
    "hydromorphone": Rx("897696", one(ONE, Q4H), "12", "60", HYDROMORPHONE),
    "hydromorphone solution": Rx("897657", one(ml(2), Q6H), "8", "40", HYDROMORPHONE),
    "hydromorphone suppository": Rx("897749", one(pieces(1, "suppository"), Q8H), "9", "45", HYDROMORPHONE),
    "oxymorphone": Rx("977942", one(ONE, Q6H), "40", "120", "oxymorphone"),
    "tapentadol": Rx("825411", one(ONE, QID), "200", "80", "tapentadol"),
    "tramadol": Rx("835603", one(ONE, QID), "200", "40", TRAMADOL),
    "codeine": Rx("997287", one(ONE, Q6H), "120", "18", CODEINE),
    # combination products: the opioid's own share
    "oxycodone with acetaminophen": Rx("1049221", one(ONE, Q6H), "20", "30"),
    "oxycodone with aspirin, two salts": Rx("637540", one(ONE, Q6H), "19.52", "29.28"),
    "hydrocodone with acetaminophen": Rx("857002", one(ONE, Q6H), "20", "20", HYDROCODONE),
    "hydrocodone with acetaminophen, a range": Rx("857005", one((ONE, TWO), Q6H), "60", "60", HYDROCODONE),
    "hydrocodone with acetaminophen, solution": Rx("856940", one(ml(15), Q6H), "30", "30", HYDROCODONE),
    "hydrocodone with ibuprofen": Rx("858798", one(ONE, Q6H), "30", "30", HYDROCODONE),
    "codeine with acetaminophen": Rx("993781", one((ONE, TWO), Q4H), "360", "54", CODEINE),
    "codeine with acetaminophen, solution": Rx("993755", one(ml(12.5), Q6H), "120", "18", CODEINE),
    "tramadol with acetaminophen": Rx("836395", one((ONE, TWO), Q4_TO_6H), "450", "90", TRAMADOL),
    "milligrams of which of the two": Rx("1049221", one(mg(5), Q6H), None, None),
    # patches: the rate counts, not how often they are changed
    "fentanyl 25": Rx("245134", one(PATCH, EVERY_THIRD_DAY), "25", "60", FENTANYL, long_acting=True),
    "fentanyl 25 every two days": Rx(
        "245134", one(PATCH, every(48, "h")), "25", "60", FENTANYL, long_acting=True
    ),
    "fentanyl 12": Rx("577057", one(PATCH, EVERY_THIRD_DAY), "12", "28.8", FENTANYL, long_acting=True),
    "fentanyl 75": Rx("197696", one(PATCH, EVERY_THIRD_DAY), "75", "180", FENTANYL, long_acting=True),
    "two patches of fentanyl 100": Rx(
        "245136", one(pieces(2, "patch"), EVERY_THIRD_DAY), "200", "480", FENTANYL, long_acting=True
    ),
    "a patch by its rate": Rx(
        "245135", one({"value": 50, "unit": "ug/h"}, EVERY_THIRD_DAY), "50", "120", FENTANYL, long_acting=True
    ),
    "a patch without timing": Rx("245134", one(PATCH, None), "25", "60", FENTANYL, long_acting=True),
    "a patch without dose": Rx("245134", one(None, EVERY_THIRD_DAY), None, None, FENTANYL, long_acting=True),
    "one dose said twice": Rx(
        "197696",
        one(None, EVERY_THIRD_DAY, **CALCULATED_AND_ORDERED),
        "75",
        "180",
        FENTANYL,
        long_acting=True,
    ),
    # no factor: unknown; buprenorphine and cough medicine: left out of the sum
    "fentanyl spray": Rx("1115573", one(pieces(1, "spray"), QID), "0.4", None, FENTANYL),
    "levorphanol": Rx("197873", one(ONE, Q8H), "6", None, "levorphanol"),
    "meperidine": Rx("861467", one(ONE, Q4H), "300", None, "meperidine"),
    "pentazocine with naloxone": Rx("312289", one(ONE, Q4H), "300", None, "pentazocine"),
    "dihydrocodeine": Rx("1236182", one(ONE, Q6H), "120", None, "dihydrocodeine"),
    "buprenorphine patch": Rx(
        "904870", one(PATCH, every(1, "wk")), "10", "0", "buprenorphine", long_acting=True
    ),
    "buprenorphine with naloxone": Rx(
        "Buprenorphine 2 MG / Naloxone 0.5 MG Oral Strip",
        one(pieces(1, "film"), BID),
        "4",
        "0",
        "buprenorphine",
    ),
    "cough medicine with hydrocodone": Rx("1012727", one(ml(5), Q12H), "10", "0", HYDROCODONE),
}


def test_there_are_at_least_sixty_prescriptions() -> None:
    assert len(PRESCRIPTIONS) >= 60


@pytest.mark.parametrize("rx", PRESCRIPTIONS.values(), ids=PRESCRIPTIONS.keys())
def test_a_prescription_comes_to_its_morphine_equivalents(rx: Rx) -> None:
    draft = the_drug(drug_order(rx.drug, dosageInstruction=list(rx.dosages)))

    doses = [s.daily_dose for s in draft.drug.substances if s.ingredient == rx.ingredient]
    assert doses == [None if rx.daily is None else Decimal(rx.daily)]
    assert equivalents(draft.drug, FACTORS) == (None if rx.mme is None else Decimal(rx.mme))
    assert draft.drug.long_acting is rx.long_acting


def test_cough_medicine_is_a_class_of_its_own() -> None:
    draft = the_drug(drug_order("1012727"))

    assert [s.drug_class for s in draft.drug.substances] == ["opioid-antitussive"]


@pytest.mark.parametrize(
    "text",
    [
        "guaifenesin-codeine 100-10 mg/5 mL oral liquid",
        "Promethazine-Codeine 6.25-10 mg/5 mL syrup",
        "HYDROcodone-homatropine 5-1.5 mg tablet",
        "codeine cough syrup",
        "dihydrocodeine antitussive",
    ],
)
def test_cough_medicine_is_known_by_its_words(text: str) -> None:
    draft = the_drug(drug_order(by("LOCAL", "urn:oid:1.2.3", text)))

    assert [s.drug_class for s in draft.drug.substances] == ["opioid-antitussive"]


@pytest.mark.parametrize("text", ["codeine sulfate 30 mg tablet", "morphine 10 mg, may cause cough"])
def test_other_words_leave_an_opioid_one(text: str) -> None:
    assert [s.drug_class for s in the_drug(drug_order(text)).drug.substances] == ["opioid"]


def test_the_other_drug_of_a_combination_has_its_dose_too() -> None:
    draft = the_drug(drug_order("1049221", dosageInstruction=[dosage(ONE, Q6H)]))

    assert [(s.ingredient, s.daily_dose) for s in draft.drug.substances] == [
        ("acetaminophen", 1300),
        ("oxycodone", 20),
    ]


@pytest.mark.parametrize(
    ("dispense", "days"),
    [
        ({"expectedSupplyDuration": {"value": 10, "unit": "days", "code": "d"}}, 10),
        ({"expectedSupplyDuration": {"value": 30, "unit": "days"}, "quantity": pieces(8)}, 30),
        ({"quantity": pieces(12)}, 3),
        ({"quantity": {"value": 40}}, 10),
        ({"quantity": pieces(12), "numberOfRepeatsAllowed": 5}, 3),
        ({}, None),
        ("12 tablets", None),
    ],
)
def test_a_supply_is_stated_or_quantity_by_daily_units(dispense: object, days: int | None) -> None:
    order = drug_order(dosageInstruction=[dosage(ONE, Q6H)], dispenseRequest=dispense)

    assert the_drug(order).drug.supply_days == days


@pytest.mark.parametrize(
    ("dosages", "as_written"),
    [
        (one(ONE, Q6H), (1, "tablet", 4)),
        (one((ONE, TWO), Q6H), (2, "tablet", 8)),
        (one({"value": 0.005, "unit": "g"}, BID), (Decimal("0.005"), "g", Decimal("0.01"))),
        (one({"value": 1, "code": "{pill}"}, BID), (1, "{pill}", 2)),
        (one({"value": 2}, BID), (2, None, 4)),
        (one(ONE, None), (1, "tablet", None)),
        (one(TWO, Q4H, **at_most(pieces(4))), (None, "tablet", 4)),  # one tablet would come to 4 a day, too
        (one(TWO, None, **at_most(pieces(4))), (None, "tablet", 4)),
        (one(TWO, Q4H, **at_most(mg(30))), (None, "tablet", 6)),
        (one(ONE, Q6H, **at_most(mg(30))), (1, "tablet", 4)),
        ((dosage(ONE, named("AM")), dosage(TWO, named("HS"))), (None, None, None)),
        (one(None, Q6H), (None, None, None)),
        ((), (None, None, None)),
    ],
)
def test_a_dose_is_kept_as_it_is_written(dosages: tuple[Json, ...], as_written: tuple[object, ...]) -> None:
    draft = the_drug(drug_order(dosageInstruction=list(dosages)))

    assert (draft.dose_units, draft.dose_unit, draft.daily_units) == as_written


@pytest.mark.parametrize("spoilt", ["dosageInstruction", "dispenseRequest"])
def test_dose_and_supply_are_read_apart(spoilt: str) -> None:
    supply: Json = {"expectedSupplyDuration": {"value": 3, "unit": "d"}}
    elements = {"dosageInstruction": [dosage(ONE, Q6H)], "dispenseRequest": supply} | {spoilt: ["?"]}

    draft = the_drug(drug_order(**elements))

    expected = {"dosageInstruction": (None, 3), "dispenseRequest": (20, None)}[spoilt]
    assert (draft.drug.substances[0].daily_dose, draft.drug.supply_days) == expected
