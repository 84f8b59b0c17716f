"""Guards of opioids (section d, opioid-*; a.8, R2, R43, R45, R47 to R50)."""

from pathway.advice import ChartText, Value
from pathway.dose_changes import LOWERED, Room, lowered
from pathway.draft_context import DraftContext, ingredients
from pathway.drafts import DraftDrug, DraftReason
from pathway.guard_checks import Fired, GuardCheck, names_of, sources_of
from pathway.morphine_equivalents import OpioidDose, OpioidLoad, counts, load_of
from pathway.numbers import Number
from pathway.situation import in_palliative_care
from pathway.state import DurationClass
from pathway.trials import NON_DRUG_MODALITIES, REHABILITATION
from pathway.verdict import Verdict

# Cough and cold products are no pain therapy, but count beside a benzodiazepine (terminology README).
_WITH_BENZODIAZEPINE = ("opioid", "opioid-antitussive")
_EXEMPT = ("sickle-cell", "malignancy-active", "malignancy-spine")
_TREATMENT = frozenset({"buprenorphine", "methadone"})
_DEPRESSANTS = ("gabapentinoid", "muscle-relaxant", "z-drug")


def guideline_applies(context: DraftContext) -> bool:
    """CDC's opioid rules leave out sickle cell disease, active cancer, hospice and palliative care."""
    picture = context.picture
    return not picture.active(_EXEMPT) and not in_palliative_care(picture)


def _is_guarded(context: DraftContext) -> bool:
    return context.has_class("opioid") and guideline_applies(context)


def _first_line(context: DraftContext) -> Fired | None:
    if not _is_guarded(context) or not context.for_back() or context.active(("opioid",)):
        return None
    picture = context.picture
    nsaid_done = picture.holds("nsaid-failed-or-excluded")
    non_drug = bool(picture.trials_by((*NON_DRUG_MODALITIES, REHABILITATION)))
    missing = [
        words for words, done in (("an NSAID", nsaid_done), ("a non-drug therapy", non_drug)) if not done
    ]
    return Fired(values={"missing": " and ".join(missing)}) if missing else None


def _with_benzodiazepine(context: DraftContext) -> Fired | None:
    """An opioid beside a benzodiazepine, or the reverse; on both when both are drafts (R50)."""
    others = []
    if context.has_class(*_WITH_BENZODIAZEPINE):
        others += context.beside("benzodiazepine")
    if context.has_class("benzodiazepine"):
        others += context.beside(*_WITH_BENZODIAZEPINE)
    if not others:
        return None
    return Fired(values={"other_drug": names_of(others)}, sources=sources_of(others))


def _equivalents(context: DraftContext) -> Fired | None:
    if not _is_guarded(context) or context.drug is None or not counts(context.drug):
        return None
    load = load_of(context, dict(context.picture.knowledge.mme_factors))
    values: dict[str, Value] = {"total": load.total, "sum": tuple(map(_shown, load.doses))}
    sources = tuple(d.drug.source for d in load.doses)
    values |= _reduced(context, load)
    if load.total >= context.numbers[Number.MME_CRITICAL]:
        return Fired(level="high", values=values, sources=sources)
    if load.total >= context.numbers[Number.MME_WARNING]:
        return Fired(level="raised", values=values, sources=sources)
    return Fired(level="unknown", values=values, sources=sources) if load.unknown else None


def _shown(dose: OpioidDose) -> ChartText:
    name = dose.drug.source.text or "unnamed opioid"
    known = "dose unknown" if dose.mme is None else f"{dose.mme.normalize():f} MME"
    return ChartText(text=f"{name}: {known}")


def _reduced(context: DraftContext, load: OpioidLoad) -> dict[str, Value]:
    """The smaller dose that keeps the total below 50; empty if there is none."""
    own = load.doses[0].mme
    if not own or load.unknown:
        return {}
    room = context.numbers[Number.MME_WARNING] - (load.total - own)
    return lowered(context.draft, Room(most=room, daily=own, below=True))


def _duration(context: DraftContext) -> Fired | None:
    draft = context.draft
    if not _is_guarded(context) or not isinstance(draft, DraftDrug) or not context.opioid_naive:
        return None
    recent = context.picture.duration.length in (DurationClass.ACUTE, DurationClass.SUBACUTE)
    supply = draft.drug.supply_days
    if not recent or supply is None or supply <= context.numbers[Number.OPIOID_SUPPLY_DAYS]:
        return None
    short = context.numbers.whole(Number.OPIOID_SHORT_SUPPLY_DAYS)
    return Fired(values={"supply_days": supply, "short_supply": short})


def _long_acting_naive(context: DraftContext) -> Fired | None:
    drug = context.drug
    if not _is_guarded(context) or drug is None or not drug.long_acting or not context.opioid_naive:
        return None
    return Fired()


def _use_disorder(context: DraftContext) -> Fired | None:
    """Not buprenorphine or methadone, which treat the disorder, unless ordered for the back."""
    drug = context.drug
    if not _is_guarded(context) or drug is None:
        return None
    treats = _TREATMENT & ingredients(drug) and context.draft.reason is not DraftReason.LUMBAR
    found = context.picture.ask("condition", ("opioid-use-disorder",))
    if treats or found.verdict is not Verdict.MET:
        return None
    return Fired(values=found.values, sources=found.sources)


def _other_depressant(context: DraftContext) -> Fired | None:
    """On opioid drafts only; baclofen is no muscle relaxant here (R50)."""
    if not _is_guarded(context):
        return None
    others = context.beside(*_DEPRESSANTS)
    if others:
        return Fired(values={"other_drug": names_of(others)}, sources=sources_of(others))
    apnoea = context.picture.ask("condition", ("sleep-apnea",))
    if apnoea.verdict is not Verdict.MET:
        return None
    return Fired(values={"other_drug": apnoea.values["condition_name"]}, sources=apnoea.sources)


OPIOID_GUARDS = (
    GuardCheck(id="opioid-first-line", trigger=_first_line, values=("missing",)),
    GuardCheck(id="opioid-benzodiazepine", trigger=_with_benzodiazepine, values=("other_drug",)),
    GuardCheck(
        id="opioid-mme-50",
        trigger=_equivalents,
        levels=("high", "raised", "unknown"),
        values=("total", "sum", *LOWERED),
    ),
    GuardCheck(id="opioid-duration", trigger=_duration, values=("supply_days", "short_supply")),
    GuardCheck(id="opioid-er-naive", trigger=_long_acting_naive),
    GuardCheck(id="opioid-oud", trigger=_use_disorder, values=("condition_name",)),
    GuardCheck(id="opioid-other-depressant", trigger=_other_depressant, values=("other_drug",)),
)
