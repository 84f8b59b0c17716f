"""What the golden cases cannot say of guards: signed again, changed doses, silence."""

from decimal import Decimal

import msgspec
import pytest

from pathway.draft_changes import edited
from pathway.drafts import DraftDrug, DraftService, Rhythm
from pathway.facts import DrugFact, OpenOrderFact, PatientFact, Source, Substance
from pathway.guard_rules import Edit
from pathway.guards import GuardAdvice, judge
from pathway.loading import load_knowledge

from .making import TODAY, condition, day, facts

KNOWLEDGE = load_knowledge()
BACK = condition("lbp-axial", onset=-10)


def an_opioid(
    *,
    name: str = "R1",
    daily: str = "30",
    ingredient: str = "morphine",
    long_acting: bool = True,
    supply: int | None = 30,
    status: str = "active",
) -> DrugFact:
    substance = Substance(drug_class="opioid", ingredient=ingredient, daily_dose=Decimal(daily))
    return DrugFact(
        substances=(substance,),
        status=status,
        start=TODAY,
        supply_days=None if supply is None else Decimal(supply),
        long_acting=long_acting,
        source=Source(resource_type="MedicationRequest", resource_id=name, text=ingredient),
    )


def drafted(drug: DrugFact, **more: object) -> DraftDrug:
    ref = f"MedicationRequest/{drug.source.resource_id}"
    return DraftDrug(ref=ref, order_day=TODAY, drug=drug, **more)  # type: ignore[arg-type]


def fired(advice: GuardAdvice) -> list[str]:
    return [warned.id for warned in advice.warnings]


def test_an_order_that_is_signed_again_is_not_compared_with_its_own_copy_in_the_chart() -> None:
    draft = drafted(an_opioid())

    alone = judge(facts(BACK), (draft,), KNOWLEDGE)
    again = judge(facts(BACK, an_opioid()), (draft,), KNOWLEDGE)

    assert fired(alone) == fired(again)
    assert "opioid-er-naive" in fired(again)


def test_another_drug_under_the_same_id_is_another_order() -> None:
    draft = drafted(an_opioid())
    other = msgspec.structs.replace(
        an_opioid(),
        substances=(Substance(drug_class="benzodiazepine", ingredient="temazepam"),),
        long_acting=False,
    )

    assert "opioid-benzodiazepine" in fired(judge(facts(BACK, other), (draft,), KNOWLEDGE))


def test_a_referral_that_is_signed_again_is_no_duplicate() -> None:
    source = Source(resource_type="ServiceRequest", resource_id="S1")
    order = OpenOrderFact(concepts=("exercise-pt",), authored=day(-1), source=source)
    chart = msgspec.structs.replace(facts(BACK), open_orders=(order,))

    def judged(ref: str) -> list[str]:
        draft = DraftService(ref=ref, order_day=TODAY, concepts=("exercise-pt",))
        return fired(judge(chart, (draft,), KNOWLEDGE))

    assert judged("ServiceRequest/S1") == []
    assert judged("ServiceRequest/S2") == ["duplicate-therapy"]


@pytest.mark.parametrize(("counted", "days"), [(True, "14"), (False, "7")])
def test_a_counted_supply_lasts_longer_at_a_lower_dose(counted: bool, days: str) -> None:
    draft = drafted(an_opioid(supply=7), dose_units=Decimal(2), supply_is_counted=counted)

    changed = edited(draft, Edit.DOSE, Decimal(1), None)

    assert isinstance(changed, DraftDrug)
    assert changed.drug.supply_days == Decimal(days)
    assert changed.drug.substances[0].daily_dose == Decimal(15)


@pytest.mark.parametrize(("unit", "offered"), [("tablet", True), (None, True), ("mg", False), ("mL", False)])
def test_a_lower_dose_is_computed_for_whole_pieces_only(unit: str | None, offered: bool) -> None:
    opioid = an_opioid(daily="60", ingredient="oxycodone", long_acting=False, supply=3)
    draft = drafted(opioid, dose_units=Decimal(3), dose_unit=unit)

    warned = next(w for w in judge(facts(BACK), (draft,), KNOWLEDGE).warnings if w.id == "opioid-mme-50")

    assert offered == ("new_dose" in warned.values)
    assert offered == any(action.kind == "update" for action in warned.actions)


def test_a_lower_dose_that_would_last_too_long_is_not_offered() -> None:
    opioid = an_opioid(daily="60", ingredient="oxycodone", long_acting=False, supply=7)
    draft = drafted(opioid, dose_units=Decimal(2), dose_unit="tablet", supply_is_counted=True)

    warned = next(w for w in judge(facts(BACK), (draft,), KNOWLEDGE).warnings if w.id == "opioid-mme-50")

    assert [action.kind for action in warned.actions if action.kind == "update"] == []


@pytest.mark.parametrize(
    ("times", "at_intervals", "fewer", "words"),
    [("4", False, 3, "3 times a day"), ("6", True, 4, "every 6 hours"), ("7", True, 4, "every 6 hours")],
)
def test_where_one_dose_cannot_be_lowered_there_are_fewer_a_day(
    times: str, at_intervals: bool, fewer: int, words: str
) -> None:
    opioid = an_opioid(daily="60", long_acting=False, supply=3)
    rhythm = Rhythm(times=Decimal(times), at_intervals=at_intervals)
    draft = drafted(opioid, dose_units=Decimal(1), daily_units=Decimal(times), rhythm=rhythm)

    warned = next(w for w in judge(facts(BACK), (draft,), KNOWLEDGE).warnings if w.id == "opioid-mme-50")

    (action,) = (action for action in warned.actions if action.kind == "update")
    assert (action.edit, action.value, action.recommended) == (Edit.FREQUENCY, Decimal(fewer), True)
    assert (warned.values["new_rhythm"], warned.values["new_daily_units"]) == (words, Decimal(fewer))
    changed = edited(draft, Edit.FREQUENCY, action.value, None)
    assert "opioid-mme-50" not in fired(judge(facts(BACK), (changed,), KNOWLEDGE))


def test_a_smaller_single_dose_goes_before_fewer_doses_a_day() -> None:
    opioid = an_opioid(daily="60", long_acting=False, supply=3)
    draft = drafted(opioid, dose_units=Decimal(2), rhythm=Rhythm(times=Decimal(4)))

    warned = next(w for w in judge(facts(BACK), (draft,), KNOWLEDGE).warnings if w.id == "opioid-mme-50")

    assert [a.edit for a in warned.actions if a.kind == "update"] == [Edit.DOSE]


def test_fewer_doses_that_would_last_too_long_are_not_offered() -> None:
    opioid = an_opioid(daily="60", long_acting=False, supply=7)
    rhythm = Rhythm(times=Decimal(4))
    draft = drafted(opioid, dose_units=Decimal(1), rhythm=rhythm, supply_is_counted=True)

    warned = next(w for w in judge(facts(BACK), (draft,), KNOWLEDGE).warnings if w.id == "opioid-mme-50")

    assert [action for action in warned.actions if action.kind == "update"] == []


@pytest.mark.parametrize("change", [{"long_acting": True}, {"unit": "ug/h"}])
def test_what_acts_for_its_own_time_keeps_its_rhythm(change: dict[str, object]) -> None:
    opioid = an_opioid(daily="60", long_acting="long_acting" in change, supply=3)
    if "unit" in change:
        patch = Substance(drug_class="opioid", ingredient="fentanyl", daily_dose=Decimal(60), unit="ug/h")
        opioid = msgspec.structs.replace(opioid, substances=(patch,))
    draft = drafted(opioid, rhythm=Rhythm(times=Decimal(4)))

    warned = next(w for w in judge(facts(BACK), (draft,), KNOWLEDGE).warnings if w.id == "opioid-mme-50")

    assert "new_times" not in warned.values


@pytest.mark.parametrize(
    "patient",
    [
        PatientFact(id="p", birth_date=day(-365 * 17)),
        PatientFact(id="p", birth_date=day(-365 * 50), deceased=True),
    ],
)
def test_nothing_is_said_of_a_child_or_a_deceased_person(patient: PatientFact) -> None:
    chart = msgspec.structs.replace(facts(BACK), patient=patient)

    assert judge(chart, (drafted(an_opioid()),), KNOWLEDGE).warnings == ()


def test_drafts_that_are_not_selected_are_background_only() -> None:
    selected = drafted(an_opioid(name="A", long_acting=False))
    background = drafted(an_opioid(name="B", long_acting=False), selected=False)

    advice = judge(facts(BACK), (selected, background), KNOWLEDGE)

    assert {warned.ref for warned in advice.warnings} == {"MedicationRequest/A"}
    assert {"duplicate-therapy", "opioid-mme-50"} <= set(fired(advice))
