"""Guards of imaging, referrals and surgery (section d, imaging-*, surgery-*, services twice; R39, R53)."""

from pathway.advice import ChartText, Value
from pathway.days import months_after, whole_weeks
from pathway.draft_context import DraftContext
from pathway.drafts import DraftService
from pathway.facts import OpenOrderFact
from pathway.guard_checks import Fired, GuardCheck
from pathway.injection_guards import ESI_CONCEPTS
from pathway.numbers import Number
from pathway.situation import conservative_care
from pathway.state import Problem
from pathway.verdict import Verdict

LUMBAR_IMAGING = frozenset({"mri-lumbar", "ct-lumbar", "xray-lumbar"})
# What the pathway orders or refers to, and what a second order of which is a duplicate.
_REPEATABLE_VISITS = frozenset({"follow-up-visit"})


def _concepts(context: DraftContext) -> frozenset[str]:
    draft = context.draft
    return frozenset(draft.concepts) if isinstance(draft, DraftService) else frozenset()


def _uncomplicated(context: DraftContext) -> bool:
    """A lumbar image without red flag, undated symptom, risk marker, deficit or recent surgery."""
    picture = context.picture
    flags = picture.red_flags
    return (
        not LUMBAR_IMAGING.isdisjoint(_concepts(context))
        and not flags.flags
        and not flags.undated_symptoms
        and not flags.risk_markers
        and not picture.holds("motor-deficit")
        and picture.surgery is None
    )


def _early_image(context: DraftContext) -> Fired | None:
    days = context.days_since_onset
    if days is None or days >= context.numbers.whole(Number.EARLY_IMAGING_DAYS):
        return None
    return Fired(values={"days": days}) if _uncomplicated(context) else None


def _routine_image(context: DraftContext) -> Fired | None:
    picture, days = context.picture, context.days_since_onset
    if days is None or days < context.numbers.whole(Number.EARLY_IMAGING_DAYS):
        return None
    if picture.problem.problem is not Problem.AXIAL or not _uncomplicated(context):
        return None
    if conservative_care(picture).failed is Verdict.MET:
        return None
    return Fired(values={"weeks": whole_weeks(days)})


def _repeated_image(context: DraftContext) -> Fired | None:
    """A lumbar MRI on or after D - 6 months and no flag (R39)."""
    picture = context.picture
    if "mri-lumbar" not in _concepts(context) or picture.red_flags.flags:
        return None
    first = months_after(picture.as_of, -context.numbers.whole(Number.IMAGING_REPEAT_MONTHS))
    studies = [
        (study.on, study.source)
        for study in picture.facts.imaging
        if study.modality == "mri-lumbar" and study.on is not None and study.on >= first
    ]
    if not studies:
        return None
    last, source = max(studies, key=lambda found: found[0])
    return Fired(values={"imaging_date": last}, sources=(source,))


def _fusion(context: DraftContext) -> Fired | None:
    picture = context.picture
    if "lumbar-fusion" not in _concepts(context) or picture.problem.problem is not Problem.AXIAL:
        return None
    tried = picture.trials_by(("multidisciplinary-rehab", "cbt"))
    return None if tried else Fired()


def duplicate_service(context: DraftContext) -> Fired | None:
    """The same kind of order is active and at most 90 days old (R53); injections have guards of their own."""
    concepts = _concepts(context) - ESI_CONCEPTS - _REPEATABLE_VISITS
    found = [
        order
        for order in context.picture.facts.open_orders
        if not concepts.isdisjoint(order.concepts)
        and context.picture.within(order.authored, Number.REFERRAL_OPEN_DAYS)
    ]
    return _duplicate_of(found) if found else None


def _duplicate_of(found: list[OpenOrderFact]) -> Fired:
    latest = max(found, key=lambda order: order.authored is not None and order.authored.toordinal())
    name = latest.source.text or latest.code or "the same service"
    values: dict[str, Value] = {"other_order": ChartText(text=name)}
    if latest.authored is not None:
        values["other_date"] = latest.authored
    return Fired(level="service", values=values, sources=(latest.source,))


SERVICE_GUARDS = (
    GuardCheck(id="imaging-no-red-flag", trigger=_early_image, values=("days",)),
    GuardCheck(id="imaging-axial-routine", trigger=_routine_image, values=("weeks",)),
    GuardCheck(id="imaging-repeat", trigger=_repeated_image, values=("imaging_date",)),
    GuardCheck(id="surgery-axial-no-rehab", trigger=_fusion),
)
