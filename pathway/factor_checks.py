"""Checks of patient factors: what speaks against a drug or procedure (a.8)."""

from collections.abc import Iterable

from pathway.advice import ChartText, Value
from pathway.checks import MET, NOT_MET, UNKNOWN, Ask, Check, Finding, absent, plain
from pathway.days import age_on, days_after
from pathway.drug_trials import order_end
from pathway.facts import ConditionFact, DrugFact, Instrument, ScoreFact, Source, StopReason
from pathway.numbers import Number
from pathway.picture import Picture
from pathway.verdict import Verdict

_STEROIDS = ("steroid", "systemic-steroid", "epidural-steroid-agent")


def _names(sources: Iterable[Source]) -> tuple[ChartText, ...]:
    """What the chart calls them, each once."""
    return tuple(dict.fromkeys(ChartText(text=s.text) for s in sources if s.text)) or (
        ChartText(text="as recorded"),
    )


def _by_condition(found: list[ConditionFact], picture: Picture) -> Finding:
    if not found:
        return absent(picture, "Condition")
    sources = tuple(c.source for c in found)
    values: dict[str, Value] = {"condition_name": _names(sources)}
    days = [day for c in found for day in (c.onset, c.recorded) if day is not None]
    if days:
        values["condition_date"] = max(days)
    return Finding(verdict=Verdict.MET, values=values, sources=sources)


def _by_drug(found: list[DrugFact], picture: Picture, name: str = "drug_name") -> Finding:
    if not found:
        return absent(picture, "MedicationRequest")
    sources = tuple(d.source for d in found)
    return Finding(verdict=Verdict.MET, values={name: _names(sources)}, sources=sources)


def _older(picture: Picture, _: tuple[str, ...]) -> Finding:
    if picture.age is None:
        return UNKNOWN
    limit = picture.numbers.whole(Number.OLDER_AGE)
    is_older = picture.age >= limit
    earliest = picture.facts.patient.earliest_birth_date
    if not is_older and earliest is not None and age_on(picture.as_of, earliest) >= limit:
        return UNKNOWN  # a partial birth date leaves it open
    return Finding(verdict=Verdict.of(is_older), values={"age": picture.age})


def _older_or_unknown(picture: Picture, of: tuple[str, ...]) -> Finding:
    """Without a birth date nothing is proposed that age 65 forbids (contract, HTTP)."""
    found = _older(picture, of)
    return MET if found.verdict is Verdict.UNKNOWN else found


def _condition(picture: Picture, of: tuple[str, ...]) -> Finding:
    return _by_condition(picture.active(of), picture)


def _condition_ever(picture: Picture, of: tuple[str, ...]) -> Finding:
    found = [c for concept in of for c in picture.conditions.get(concept, ())]
    return _by_condition(found, picture)


def _in_window(picture: Picture, condition: ConditionFact, number: Number) -> bool:
    return picture.within(condition.onset, number) or picture.within(condition.recorded, number)


def _infection(picture: Picture, _: tuple[str, ...]) -> Finding:
    found = [
        c for c in picture.active(("active-infection",)) if _in_window(picture, c, Number.INFECTION_DAYS)
    ]
    return _by_condition(found, picture)


def _pregnancy(picture: Picture, _: tuple[str, ...]) -> Finding:
    """An active code within 300 days, or without any date (R9, R23)."""
    found = [
        c
        for c in picture.active(("pregnancy",))
        if (c.onset is None and c.recorded is None) or _in_window(picture, c, Number.PREGNANCY_DAYS)
    ]
    return _by_condition(found, picture)


def _infarction(picture: Picture, _: tuple[str, ...]) -> Finding:
    """By date, whatever its clinical status (R24); without a date never recent (R87)."""
    found = [
        c
        for c in picture.conditions.get("cabg-or-recent-mi", ())
        if _in_window(picture, c, Number.INFARCTION_DAYS)
    ]
    if not found:
        return absent(picture, "Condition")
    days = [day for c in found for day in (c.onset, c.recorded) if day is not None]
    sources = tuple(c.source for c in found)
    return Finding(verdict=Verdict.MET, values={"mi_date": max(days)}, sources=sources)


def _bypass(picture: Picture, _: tuple[str, ...]) -> Finding:
    """A coronary bypass of any age: operation or Z95.1 (R24)."""
    operations = [o.source for o in picture.facts.operations if o.concept == "cabg"]
    codes = [c.source for c in picture.conditions.get("cabg", ())]
    sources = (*operations, *codes)
    return Finding(verdict=Verdict.MET, sources=sources) if sources else absent(picture, "Condition")


def _allergy(picture: Picture, of: tuple[str, ...]) -> Finding:
    classes = {*of, *(_STEROIDS if "steroid" in of else ())}
    sources = [a.source for a in picture.facts.allergies if not classes.isdisjoint(a.drug_classes)]
    if "contrast" in of:
        sources += [c.source for c in picture.active(("contrast-allergy",))]
    if not sources:
        return absent(picture, "AllergyIntolerance")
    values = {"allergy_name": _names(sources)}
    return Finding(verdict=Verdict.MET, values=values, sources=tuple(sources))


def _drug_active(picture: Picture, of: tuple[str, ...]) -> Finding:
    return _by_drug([d for name in of for d in picture.active_drugs.get(name, ())], picture)


def _ingredient_active(picture: Picture, of: tuple[str, ...]) -> Finding:
    found = [
        drug
        for drugs in picture.active_drugs.values()
        for drug in drugs
        if any(s.ingredient in of for s in drug.substances)
    ]
    return _by_drug(found, picture)


def _not_tolerated(picture: Picture, of: tuple[str, ...]) -> Finding:
    """A drug of these classes stopped as not tolerated within the look-back of trials (a.5, a.8, R30)."""
    found = [
        drug
        for drug in picture.facts.drugs
        if drug.stop_reason is StopReason.NOT_TOLERATED
        and any(s.drug_class in of for s in drug.substances)
        and picture.within(order_end(drug, picture.as_of), Number.TRIAL_LOOK_BACK_DAYS)
    ]
    return _by_drug(found, picture)


def _anticoagulant(picture: Picture, _: tuple[str, ...]) -> Finding:
    drugs = picture.active_drugs.get("anticoagulant", [])
    if drugs:
        return _by_drug(drugs, picture, "anticoagulant_name")
    return _coded(picture, "anticoagulated-code", "anticoagulant_name")


def _coded(picture: Picture, concept: str, name: str) -> Finding:
    """A drug known from a condition code only (Z79.01, Z79.02)."""
    codes = tuple(c.source for c in picture.active((concept,)))
    if not codes:
        return absent(picture, "MedicationRequest")
    return Finding(verdict=Verdict.MET, values={name: _names(codes)}, sources=codes)


def _antiplatelet(picture: Picture, _: tuple[str, ...]) -> Finding:
    """Other than aspirin, which is only a note (a.8)."""
    drugs = [
        d
        for d in picture.active_drugs.get("antiplatelet", [])
        if any(s.drug_class == "antiplatelet" and s.ingredient != "aspirin" for s in d.substances)
    ]
    if drugs:
        return _by_drug(drugs, picture, "antiplatelet_name")
    return _coded(picture, "antiplatelet-code", "antiplatelet_name")


def _aspirin(picture: Picture, _: tuple[str, ...]) -> Finding:
    found = [
        d
        for d in picture.active_drugs.get("antiplatelet", [])
        if any(s.ingredient == "aspirin" for s in d.substances)
    ]
    return _by_drug(found, picture)


def _mao_inhibitor(picture: Picture, _: tuple[str, ...]) -> Finding:
    return _by_drug(picture.drugs_within("maoi", picture.numbers.whole(Number.MAOI_DAYS)), picture)


def _serotonergic(picture: Picture, of: tuple[str, ...]) -> Finding:
    """Active SSRI or SNRI, or an MAO inhibitor up to 14 days ago (R83)."""
    active = _drug_active(picture, ("ssri", "snri-other", "snri-duloxetine"))
    return active if active.verdict is Verdict.MET else _mao_inhibitor(picture, of)


def _kidney(picture: Picture, concept: str, claim: bool | None) -> Finding:  # noqa: FBT001 - see `plain`
    """A code decides, else the eGFR; the basis says which."""
    codes = picture.active((concept,))
    if codes:
        sources = tuple(c.source for c in codes)
        return Finding(verdict=Verdict.MET, values={"ckd_basis": _names(sources)}, sources=sources)
    egfr = picture.egfr
    if egfr is None:
        return UNKNOWN
    figure = f"{egfr.value.normalize():f}" if egfr.bounded is None else egfr.bounded.words()
    shown = f"eGFR {figure} on {egfr.on.isoformat()}"
    return Finding(verdict=Verdict.of(claim), values={"ckd_basis": shown}, sources=(egfr.source,))


def _kidney_severe(picture: Picture, _: tuple[str, ...]) -> Finding:
    egfr = picture.egfr
    return _kidney(
        picture,
        "ckd-4-5",
        None if egfr is None else egfr.value < picture.numbers[Number.EGFR_SEVERE],
    )


def _kidney_moderate(picture: Picture, of: tuple[str, ...]) -> Finding:
    """Not severe, and a stage 3 code or an eGFR below 60 (R51)."""
    if _kidney_severe(picture, of).verdict is Verdict.MET:
        return NOT_MET
    egfr = picture.egfr
    return _kidney(
        picture,
        "ckd-3",
        None if egfr is None else egfr.value < picture.numbers[Number.EGFR_MODERATE],
    )


def _kidney_any(picture: Picture, of: tuple[str, ...]) -> Finding:
    severe = _kidney_severe(picture, of)
    return severe if severe.verdict is Verdict.MET else _kidney_moderate(picture, of)


def _egfr_band(low: Number | None, high: Number) -> Ask:
    def ask(picture: Picture, _: tuple[str, ...]) -> Finding:
        egfr = picture.egfr
        if egfr is None:
            return UNKNOWN
        floor = None if low is None else picture.numbers[low]
        inside = (floor is None or egfr.value >= floor) and egfr.value < picture.numbers[high]
        values: dict[str, Value] = {"egfr": egfr.shown, "egfr_date": egfr.on}
        return Finding(verdict=Verdict.of(inside), values=values, sources=(egfr.source,))

    return ask


def _latest_lab(picture: Picture, instrument: Instrument) -> ScoreFact | None:
    first = days_after(picture.as_of, -picture.numbers.whole(Number.COAGULATION_DAYS))
    if instrument is Instrument.PLATELETS:
        return picture.scores.lowest_of_latest_day(instrument, first, picture.as_of)
    return picture.scores.latest((instrument,), first, picture.as_of)


def _inr(picture: Picture, _: tuple[str, ...]) -> Finding:
    score = _latest_lab(picture, Instrument.INR)
    if score is None:
        return UNKNOWN
    return _measured(score, "inr", above=score.value > picture.numbers[Number.INR_HIGH])


def _platelets(picture: Picture, _: tuple[str, ...]) -> Finding:
    score = _latest_lab(picture, Instrument.PLATELETS)
    if score is None:
        return UNKNOWN
    return _measured(score, "platelets", above=score.value < picture.numbers[Number.PLATELETS_LOW])


def _measured(score: ScoreFact, name: str, *, above: bool) -> Finding:
    values: dict[str, Value] = {name: score.shown, f"{name}_date": score.on}
    return Finding(verdict=Verdict.of(above), values=values, sources=(score.source,))


def _questionnaire(instrument: Instrument, number: Number, name: str) -> Ask:
    """A total at or over its cut-off, the latest ever recorded in the look-back of trials."""

    def ask(picture: Picture, _: tuple[str, ...]) -> Finding:
        oldest = days_after(picture.as_of, -picture.numbers.whole(Number.TRIAL_LOOK_BACK_DAYS))
        score = picture.scores.latest((instrument,), oldest, picture.as_of)
        if score is None:
            return UNKNOWN
        return _measured(score, name, above=score.value >= picture.numbers[number])

    return ask


def _risk_marker(picture: Picture, _: tuple[str, ...]) -> Finding:
    found = picture.red_flags.risk_markers
    if not found:
        return absent(picture, "Condition")
    sources = tuple(c.source for c in found)
    return Finding(verdict=Verdict.MET, values={"risk_names": _names(sources)}, sources=sources)


def _not_provided(picture: Picture, _: tuple[str, ...]) -> Finding:
    return plain("MedicationRequest" in picture.facts.not_provided)


def _fixed(*concepts: str) -> Ask:
    def ask(picture: Picture, _: tuple[str, ...]) -> Finding:
        return _condition(picture, concepts)

    return ask


def _fixed_drug(*classes: str) -> Ask:
    def ask(picture: Picture, _: tuple[str, ...]) -> Finding:
        return _drug_active(picture, classes)

    return ask


_CONDITION = ("condition_name", "condition_date")
FACTOR_CHECKS = (
    Check(name="age-65", ask=_older, values=("age",)),
    Check(name="age-65-or-unknown", ask=_older_or_unknown),
    Check(name="pregnancy", ask=_pregnancy, values=_CONDITION),
    Check(name="allergy", ask=_allergy, values=("allergy_name",), takes="drug classes"),
    Check(name="condition", ask=_condition, values=_CONDITION, takes="concepts"),
    Check(name="condition-ever", ask=_condition_ever, values=_CONDITION, takes="concepts"),
    Check(name="active-infection", ask=_infection, values=_CONDITION),
    Check(name="fracture", ask=_fixed("vertebral-fracture"), values=_CONDITION),
    Check(name="motor-deficit", ask=_fixed("progressive-motor-deficit"), values=_CONDITION),
    Check(name="diabetes", ask=_fixed("diabetes"), values=_CONDITION),
    Check(name="osteoporosis", ask=_fixed("osteoporosis"), values=_CONDITION),
    Check(name="cancer", ask=_fixed("malignancy-active", "malignancy-spine"), values=_CONDITION),
    Check(name="suicidality", ask=_fixed("suicidal-ideation"), values=_CONDITION),
    Check(name="drug-active", ask=_drug_active, values=("drug_name",), takes="drug classes"),
    Check(name="ingredient-active", ask=_ingredient_active, values=("drug_name",), takes="ingredients"),
    Check(name="anticoagulant", ask=_anticoagulant, values=("anticoagulant_name",)),
    Check(name="antiplatelet", ask=_antiplatelet, values=("antiplatelet_name",)),
    Check(name="aspirin-active", ask=_aspirin, values=("drug_name",)),
    Check(name="not-tolerated", ask=_not_tolerated, values=("drug_name",), takes="drug classes"),
    Check(name="naloxone-active", ask=_fixed_drug("naloxone"), values=("drug_name",)),
    Check(name="ssri-active", ask=_fixed_drug("ssri"), values=("drug_name",)),
    Check(
        name="opioid-or-benzodiazepine-active",
        ask=_fixed_drug("opioid", "benzodiazepine"),
        values=("drug_name",),
    ),
    Check(name="gabapentinoid-active", ask=_fixed_drug("gabapentinoid"), values=("drug_name",)),
    Check(name="maoi-recent", ask=_mao_inhibitor, values=("drug_name",)),
    Check(name="serotonergic", ask=_serotonergic, values=("drug_name",)),
    Check(name="ckd-severe", ask=_kidney_severe, values=("ckd_basis",)),
    Check(name="ckd-moderate", ask=_kidney_moderate, values=("ckd_basis",)),
    Check(name="ckd-any", ask=_kidney_any, values=("ckd_basis",)),
    Check(
        name="egfr-30-59",
        ask=_egfr_band(Number.EGFR_SEVERE, Number.EGFR_MODERATE),
        values=("egfr", "egfr_date"),
    ),
    Check(
        name="egfr-15-29",
        ask=_egfr_band(Number.EGFR_VERY_LOW, Number.EGFR_SEVERE),
        values=("egfr", "egfr_date"),
    ),
    Check(name="egfr-below-15", ask=_egfr_band(None, Number.EGFR_VERY_LOW), values=("egfr", "egfr_date")),
    Check(name="egfr-unknown", ask=lambda picture, _: plain(picture.egfr is None)),
    Check(name="myocardial-infarction-recent", ask=_infarction, values=("mi_date",)),
    Check(name="cabg-ever", ask=_bypass),
    Check(name="inr-high", ask=_inr, values=("inr", "inr_date")),
    Check(name="platelets-low", ask=_platelets, values=("platelets", "platelets_date")),
    Check(
        name="phq9-positive",
        ask=_questionnaire(Instrument.PHQ9, Number.PHQ9_POSITIVE, "phq9"),
        values=("phq9",),
    ),
    Check(
        name="start-back-risk",
        ask=_questionnaire(Instrument.START_BACK, Number.START_BACK_RISK, "start_back"),
        values=("start_back",),
    ),
    Check(name="risk-marker", ask=_risk_marker, values=("risk_names",)),
    Check(name="medications-not-provided", ask=_not_provided),
)
