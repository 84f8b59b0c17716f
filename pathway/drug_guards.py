"""Guards of the other drugs (section d, nsaid-* to duplicate-therapy; R23 to R25, R51 to R58, R71, R72)."""

from collections.abc import Callable
from decimal import Decimal

from pathway.advice import Value
from pathway.days import whole_weeks
from pathway.dose_changes import LOWERED, Room, lowered
from pathway.draft_context import DraftContext, holds, ingredients, of_class
from pathway.drafts import DraftReason
from pathway.facts import DrugFact, Source
from pathway.guard_checks import Fired, GuardCheck, Trigger, names_of, sources_of
from pathway.numbers import Number
from pathway.service_guards import duplicate_service
from pathway.state import DurationClass, Problem
from pathway.verdict import Verdict

# AGS Beers 2023 names these six; tizanidine and baclofen are not among them.
BEERS = frozenset(
    {"carisoprodol", "chlorzoxazone", "cyclobenzaprine", "metaxalone", "methocarbamol", "orphenadrine"}
)
_SNRI = ("snri-duloxetine", "snri-other")


def _on_check(drug_classes: tuple[str, ...], level: str, check: str, *of: str) -> Trigger:
    """A draft of these classes while a patient factor is met."""

    def trigger(context: DraftContext) -> Fired | None:
        if not context.has_class(*drug_classes):
            return None
        found = context.picture.ask(check, of)
        if found.verdict is not Verdict.MET:
            return None
        return Fired(level=level, values=found.values, sources=found.sources)

    return trigger


def _first(*triggers: Trigger) -> Trigger:
    """The first that fires: the most serious comes first."""

    def trigger(context: DraftContext) -> Fired | None:
        return next((fired for t in triggers if (fired := t(context)) is not None), None)

    return trigger


_NSAID = ("nsaid",)


def _nsaid_with_drafted(classes: str, level: str, name: str) -> Trigger:
    """An NSAID beside another draft of a class."""

    def trigger(context: DraftContext) -> Fired | None:
        if not context.has_class("nsaid"):
            return None
        found = [d for d in context.drafted((classes,)) if ingredients(d) != {"aspirin"}]
        if not found:
            return None
        return Fired(level=level, values={name: names_of(found)}, sources=sources_of(found))

    return trigger


def _nsaid_aspirin(context: DraftContext) -> Fired | None:
    """A single-ingredient aspirin above 100 mg a day; a lower or unknown dose fires nothing (R25)."""
    if not context.has_class("nsaid"):
        return None
    limit = context.numbers[Number.ASPIRIN_LOW_DOSE]
    found = [d for d in context.beside("antiplatelet") if _is_full_aspirin(d, limit)]
    if not found:
        return None
    return Fired(level="aspirin", values={"other_drug": names_of(found)}, sources=sources_of(found))


def _is_full_aspirin(drug: DrugFact, limit: Decimal) -> bool:
    if ingredients(drug) != {"aspirin"}:
        return False
    dose = drug.substances[0].daily_dose
    return dose is not None and dose > limit


def _nsaid_pregnancy(context: DraftContext) -> Fired | None:
    """From week 20, or at an unknown week, critical; before it a warning (FDA 2020, R23, R71)."""
    if not context.has_class("nsaid"):
        return None
    found = context.picture.ask("pregnancy")
    if found.verdict is not Verdict.MET:
        return None
    week = _gestation(context)
    is_early = week is not None and week < context.numbers.whole(Number.NSAID_PREGNANCY_WEEKS)
    words = "week unknown" if week is None else f"week {week}"
    return Fired(level="early" if is_early else "late", values={"gestation": words}, sources=found.sources)


def _gestation(context: DraftContext) -> int | None:
    """Z3A.nn + whole weeks since its date, on the order day; the latest code counts (R23)."""
    dated = [
        (day, c.gestation_weeks)
        for c in context.picture.active(("pregnancy",))
        if c.gestation_weeks is not None and (day := c.onset or c.recorded) is not None
    ]
    if not dated:
        return None
    day, weeks = max(dated)
    return weeks + whole_weeks((context.day - day).days)


def _nsaid_infarction(context: DraftContext) -> Fired | None:
    """Infarction or bypass operation within 180 days; an older or undated bypass is a warning (R24)."""
    if not context.has_class("nsaid"):
        return None
    picture = context.picture
    found = picture.ask("myocardial-infarction-recent")
    if found.verdict is Verdict.MET:
        values: dict[str, Value] = {"event": f"myocardial infarction on {found.values['mi_date']}"}
        return Fired(level="recent", values=values, sources=found.sources)
    bypass = picture.ask("cabg-ever")
    if bypass.verdict is not Verdict.MET:
        return None
    operations = [o for o in picture.facts.operations if o.concept == "cabg" and o.on is not None]
    latest = max((o.on for o in operations if o.on is not None), default=None)
    recent = picture.within(latest, Number.INFARCTION_DAYS)
    event = "coronary bypass" if latest is None else f"coronary bypass on {latest.isoformat()}"
    return Fired(level="recent" if recent else "old", values={"event": event}, sources=bypass.sources)


def _relaxant_older(context: DraftContext) -> Fired | None:
    if not context.has_class("muscle-relaxant", "baclofen") or context.drug is None:
        return None
    found = context.picture.ask("age-65")
    if found.verdict is not Verdict.MET:
        return None
    listed = not BEERS.isdisjoint(ingredients(context.drug))
    return Fired(level="listed" if listed else "other", values=found.values)


def _relaxant_long(context: DraftContext) -> Fired | None:
    drug = context.drug
    if drug is None or not context.has_class("muscle-relaxant"):
        return None
    supply = drug.supply_days
    values: dict[str, Value] = {
        "short_supply": context.numbers.whole(Number.MUSCLE_RELAXANT_SHORT_SUPPLY_DAYS)
    }
    if supply is not None:
        values["supply_days"] = supply
    if supply is not None and supply > context.numbers[Number.MUSCLE_RELAXANT_SUPPLY_DAYS]:
        return Fired(level="supply", values=values)
    if context.picture.duration.length is DurationClass.CHRONIC:
        return Fired(level="chronic", values=values)
    return None


def _gabapentinoid(context: DraftContext) -> Fired | None:
    """For a low back problem, with no labelled reason coded on the patient or on the order."""
    picture = context.picture
    problem = picture.problem.problem
    if not context.has_class("gabapentinoid") or problem in (Problem.NONE, Problem.SCI_NEUROPATHIC):
        return None
    labelled = picture.active(("gabapentinoid-labelled",)) or context.draft.reason_labels_gabapentinoid
    if labelled or context.draft.reason is DraftReason.OTHER:
        return None
    sources = tuple(c.source for c in picture.problem.conditions)
    return Fired(level="radicular" if problem is Problem.RADICULAR else "axial", sources=sources)


def _pregabalin_dose(context: DraftContext) -> Fired | None:
    """Above 600 mg a day, or above the ceiling of the kidney function (R58)."""
    drug = context.drug
    doses = [s.daily_dose for s in drug.substances if s.ingredient == "pregabalin"] if drug else []
    daily = doses[0] if doses else None
    if daily is None:
        return None
    ceiling, is_renal = _pregabalin_ceiling(context)
    if daily <= ceiling:
        return None
    values: dict[str, Value] = {"daily": daily, "ceiling": ceiling}
    egfr = context.picture.egfr
    if egfr is not None:
        values["egfr"] = egfr.shown
    values |= lowered(context.draft, Room(most=ceiling, daily=daily, below=False))
    return Fired(level="renal" if is_renal else "label", values=values)


def _pregabalin_ceiling(context: DraftContext) -> tuple[Decimal, bool]:
    egfr, numbers = context.picture.egfr, context.numbers
    if egfr is not None:
        for limit, ceiling in (
            (Number.EGFR_VERY_LOW, Number.PREGABALIN_CEILING_VERY_LOW),
            (Number.EGFR_SEVERE, Number.PREGABALIN_CEILING_SEVERE),
            (Number.EGFR_MODERATE, Number.PREGABALIN_CEILING_MODERATE),
        ):
            if egfr.value < numbers[limit]:
                return numbers[ceiling], True
    return numbers[Number.PREGABALIN_CEILING], False


def _for_back_reason(*drug_classes: str) -> Trigger:
    """A draft whose own reason is the back problem."""

    def trigger(context: DraftContext) -> Fired | None:
        if context.has_class(*drug_classes) and context.draft.reason is DraftReason.LUMBAR:
            return Fired()
        return None

    return trigger


def _duloxetine(context: DraftContext) -> Fired | None:
    """MAO inhibitor, severe liver disease, severe kidney disease, angle-closure glaucoma (R54)."""
    if not context.has_class("snri-duloxetine"):
        return None
    picture = context.picture
    reasons: list[str] = []
    sources: list[Source] = []
    for words, check, of in (
        ("MAO inhibitor within 14 days", "maoi-recent", ()),
        ("severe liver disease", "condition", ("liver-disease-severe",)),
        ("severe kidney disease", "ckd-severe", ()),
        ("angle-closure glaucoma", "condition", ("angle-closure-glaucoma",)),
    ):
        found = picture.ask(check, of)
        if found.verdict is Verdict.MET:
            reasons.append(words)
            sources += found.sources
    drafted = context.drafted(("maoi",))
    if drafted and not picture.holds("maoi-recent"):
        reasons.append("MAO inhibitor in the same orders")
        sources += sources_of(drafted)
    return Fired(values={"reasons": ", ".join(reasons)}, sources=tuple(sources)) if reasons else None


def _duplicate(context: DraftContext) -> Fired | None:
    return _duplicate_drug(context) if context.drug is not None else duplicate_service(context)


def _duplicate_drug(context: DraftContext) -> Fired | None:
    """Two of one class; two drafts of one class always, a renewal never (R53)."""
    drug = context.drug
    if drug is None:
        return None
    found = [other for other in context.drafted(_ALL_CLASSES) if _same_class(drug, other)]
    found += [
        other
        for other in context.active(_ALL_CLASSES)
        if _same_class(drug, other) and not context.renews(other)
    ]
    if not found:
        return None
    values: dict[str, Value] = {"other_drug": names_of(found)}
    starts = [d.start for d in found if d.start is not None]
    if starts:
        values["other_date"] = max(starts)
    return Fired(level="drug", values=values, sources=sources_of(found))


_ONE_OF = ("nsaid", "muscle-relaxant", "gabapentinoid")
_ALL_CLASSES = (*_ONE_OF, "opioid", *_SNRI)


def _same_class(drug: DrugFact, other: DrugFact) -> bool:
    if any(holds(drug, (c,)) and holds(other, (c,)) for c in _ONE_OF):
        return True
    if holds(drug, ("opioid",)) and holds(other, ("opioid",)):
        return drug.long_acting == other.long_acting
    both_snri = holds(drug, _SNRI) and holds(other, _SNRI)
    return both_snri and _snris(drug) != _snris(other)


def _snris(drug: DrugFact) -> frozenset[str]:
    return frozenset(i for c in _SNRI for i in of_class(drug, c))


_ask: Callable[..., Trigger] = _on_check
DRUG_GUARDS = (
    GuardCheck(
        id="nsaid-ckd",
        trigger=_first(_ask(_NSAID, "severe", "ckd-severe"), _ask(_NSAID, "moderate", "ckd-moderate")),
        levels=("severe", "moderate"),
        values=("ckd_basis",),
    ),
    GuardCheck(
        id="nsaid-gi-bleed",
        trigger=_ask(_NSAID, "default", "condition-ever", "gi-bleed-ulcer"),
        values=("condition_name",),
    ),
    GuardCheck(
        id="nsaid-anticoagulant",
        trigger=_first(
            _ask(_NSAID, "anticoagulant", "anticoagulant"),
            _nsaid_with_drafted("anticoagulant", "anticoagulant", "anticoagulant_name"),
            _ask(_NSAID, "antiplatelet", "antiplatelet"),
            _nsaid_with_drafted("antiplatelet", "antiplatelet", "antiplatelet_name"),
            _nsaid_aspirin,
        ),
        levels=("anticoagulant", "antiplatelet", "aspirin"),
        values=("anticoagulant_name", "antiplatelet_name", "other_drug"),
    ),
    GuardCheck(
        id="nsaid-heart-failure",
        trigger=_ask(_NSAID, "default", "condition", "heart-failure"),
        values=("condition_name",),
    ),
    GuardCheck(
        id="nsaid-pregnancy", trigger=_nsaid_pregnancy, levels=("late", "early"), values=("gestation",)
    ),
    GuardCheck(id="nsaid-recent-mi", trigger=_nsaid_infarction, levels=("recent", "old"), values=("event",)),
    GuardCheck(id="muscle-relaxant-65", trigger=_relaxant_older, levels=("listed", "other"), values=("age",)),
    GuardCheck(
        id="muscle-relaxant-long",
        trigger=_relaxant_long,
        levels=("supply", "chronic"),
        values=("supply_days", "short_supply"),
    ),
    GuardCheck(id="gabapentinoid-nonspecific", trigger=_gabapentinoid, levels=("axial", "radicular")),
    GuardCheck(
        id="pregabalin-dose",
        trigger=_pregabalin_dose,
        levels=("label", "renal"),
        values=("daily", "ceiling", "egfr", *LOWERED),
    ),
    GuardCheck(id="benzodiazepine-lbp", trigger=_for_back_reason("benzodiazepine")),
    GuardCheck(id="systemic-steroid-lbp", trigger=_for_back_reason("systemic-steroid")),
    GuardCheck(id="duloxetine-contraindicated", trigger=_duloxetine, values=("reasons",)),
    GuardCheck(
        id="duplicate-therapy",
        trigger=_duplicate,
        levels=("drug", "service"),
        values=("other_drug", "other_order", "other_date"),
    ),
)
