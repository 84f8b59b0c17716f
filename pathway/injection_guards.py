"""Guards of a lumbar epidural steroid injection (section d, esi-*; R36, R38, R42, R44, R74, R75)."""

from datetime import date

from pathway.advice import ChartText, Value
from pathway.days import days_after, whole_weeks
from pathway.draft_context import DraftContext
from pathway.drafts import DraftService
from pathway.facts import ConditionFact, Source
from pathway.guard_checks import Fired, GuardCheck, Trigger, names_of, sources_of
from pathway.numbers import Number
from pathway.situation import conservative_care
from pathway.state import ResponseKind
from pathway.verdict import Verdict

ESI_CONCEPTS = frozenset({"esi-lumbar", "esi-lumbar-catheter"})
_UNGUIDED = "62322"
_ALLERGENS = ("steroid", "contrast", "local-anaesthetic")


def is_injection(context: DraftContext) -> bool:
    """Whether the draft is a lumbar epidural steroid injection."""
    draft = context.draft
    return isinstance(draft, DraftService) and not ESI_CONCEPTS.isdisjoint(draft.concepts)


def _too_early(context: DraftContext) -> Fired | None:
    series = context.series
    last = series.last
    if not is_injection(context) or last is None or series.days_since is None:
        return None
    if series.days_since >= context.numbers.whole(Number.ESI_MIN_GAP_DAYS):
        return None
    values: dict[str, Value] = {"last_esi": last.on, "days_elapsed": series.days_since}
    if series.earliest is not None and series.window_end is not None:
        values |= {"earliest": series.earliest, "window_end": series.window_end}
    return Fired(values=values, sources=last.sources)


def _beyond_third(context: DraftContext) -> Fired | None:
    series = context.series
    if not is_injection(context) or series.n < context.numbers.whole(Number.ESI_SERIES_SIZE):
        return None
    values: dict[str, Value] = {"session_dates": tuple(s.on for s in series.current), "n": series.n}
    if series.closes is not None:
        values["closes"] = series.closes
    return Fired(values=values, sources=tuple(x for s in series.current for x in s.sources))


def _yearly_cap(context: DraftContext) -> Fired | None:
    series = context.series
    if not is_injection(context) or series.cap_until is None:
        return None
    year = series.rolling_year
    return Fired(
        values={
            "session_dates": tuple(s.on for s in year),
            "count": len(year),
            "cap_until": series.cap_until,
        },
        sources=tuple(x for s in year for x in s.sources),
    )


def _no_radicular(context: DraftContext) -> Fired | None:
    picture = context.picture
    if not is_injection(context) or picture.esi_indication:
        return None
    problem = picture.problem
    features = problem.post_laminectomy or problem.leg_pain
    return Fired(
        level="features" if features else "default", sources=tuple(c.source for c in problem.conditions)
    )


def _anticoagulant(context: DraftContext) -> Fired | None:
    """The most dangerous finding decides; a drafted drug counts like an active one."""
    if not is_injection(context):
        return None
    return _blood_thinner(context) or _coagulation(context) or _antiplatelet(context)


def _blood_thinner(context: DraftContext) -> Fired | None:
    drafted = context.drafted(("anticoagulant",))
    found = context.picture.ask("anticoagulant")
    if found.verdict is Verdict.MET:
        return Fired(level="anticoagulant", values=found.values, sources=found.sources)
    if drafted:
        values: dict[str, Value] = {"anticoagulant_name": names_of(drafted)}
        return Fired(level="anticoagulant", values=values, sources=sources_of(drafted))
    return None


def _coagulation(context: DraftContext) -> Fired | None:
    picture = context.picture
    words: list[str] = []
    sources: list[Source] = []
    for check, name, title in (("inr-high", "inr", "INR"), ("platelets-low", "platelets", "platelets")):
        found = picture.ask(check)
        if found.verdict is Verdict.MET:
            words.append(f"{title} {found.values[name]} on {found.values[f'{name}_date']}")
            sources += found.sources
    if words:
        values: dict[str, Value] = {"finding": " and ".join(words)}
        return Fired(level="coagulation", values=values, sources=tuple(sources))
    disorder = picture.ask("condition", ("bleeding-disorder",))
    if disorder.verdict is Verdict.MET:
        return Fired(level="bleeding-disorder", values=disorder.values, sources=disorder.sources)
    return None


def _antiplatelet(context: DraftContext) -> Fired | None:
    found = context.picture.ask("antiplatelet")
    if found.verdict is Verdict.MET:
        return Fired(level="antiplatelet", values=found.values, sources=found.sources)
    drafted = [
        d
        for d in context.drafted(("antiplatelet",))
        if any(s.drug_class == "antiplatelet" and s.ingredient != "aspirin" for s in d.substances)
    ]
    if not drafted:
        return None
    return Fired(
        level="antiplatelet", values={"antiplatelet_name": names_of(drafted)}, sources=sources_of(drafted)
    )


def _infection(context: DraftContext) -> Fired | None:
    """A spinal infection, an infection code within 30 days of the order day, or any fever (R75)."""
    if not is_injection(context):
        return None
    picture = context.picture
    spinal = [c for f in picture.red_flags.flags if f.id == "spinal-infection" for c in f.conditions]
    found = [*spinal, *_recent_infections(context), *picture.active(("fever",))]
    if not found:
        return None
    names = tuple(dict.fromkeys(ChartText(text=c.source.text or "infection on record") for c in found))
    return Fired(
        values={"condition_name": names, "later": _when_clear(context)},
        sources=tuple(c.source for c in found),
    )


def _when_clear(context: DraftContext) -> date:
    """30 days on, or the first day on which no recorded infection counts any more."""
    postponed = days_after(context.day, context.numbers.whole(Number.INFECTION_POSTPONE_DAYS))
    limit = context.numbers.whole(Number.INFECTION_DAYS)
    dates = [d for c in _recent_infections(context) for d in (c.onset, c.recorded) if d is not None]
    return max([postponed, *(days_after(d, limit + 1) for d in dates)])


def _recent_infections(context: DraftContext) -> list[ConditionFact]:
    """The order day decides: what is old by then no longer counts (a.1)."""
    limit = context.numbers.whole(Number.INFECTION_DAYS)
    return [
        c
        for c in context.picture.active(("active-infection",))
        if any(d is not None and (context.day - d).days <= limit for d in (c.onset, c.recorded))
    ]


def _conservative_incomplete(context: DraftContext) -> Fired | None:
    picture = context.picture
    if not is_injection(context) or not picture.esi_indication or context.series.n != 0:
        return None
    care = conservative_care(picture)
    if care.failed is Verdict.MET:
        return None
    missing = [
        words
        for words, arm in (
            ("a failed non-drug trial (for example six weeks of exercise therapy)", care.non_drug),
            ("a failed drug trial (for example an NSAID for two weeks)", care.drug),
            ("four weeks of pain", care.duration),
        )
        if arm is not Verdict.MET
    ]
    values: dict[str, Value] = {"missing": "; ".join(missing)}
    days = picture.duration.days
    if days is not None:
        values["weeks"] = whole_weeks(days)
    return Fired(values=values)


def _no_imaging(context: DraftContext) -> Fired | None:
    if not is_injection(context) or context.picture.qualifying_imaging is not None:
        return None
    return Fired()


def _response_unrecorded(context: DraftContext) -> Fired | None:
    """Also without an indication (R38); the too-early guard speaks first, unless a site switched it off."""
    series = context.series
    if not is_injection(context) or series.n not in (1, 2) or series.last is None:
        return None
    unknown = series.last.response.kind is ResponseKind.UNKNOWN
    off = context.picture.knowledge.switched_off
    if not unknown or ("esi-too-early" not in off and _too_early(context) is not None):
        return None
    return Fired(values={"last_esi": series.last.on, "n": series.n}, sources=series.last.sources)


def _unguided(context: DraftContext) -> Fired | None:
    draft = context.draft
    if is_injection(context) and isinstance(draft, DraftService) and draft.code == _UNGUIDED:
        return Fired()
    return None


def _by_check(check: str, of: tuple[str, ...] = ()) -> Trigger:
    def trigger(context: DraftContext) -> Fired | None:
        if not is_injection(context):
            return None
        found = context.picture.ask(check, of)
        if found.verdict is not Verdict.MET:
            return None
        return Fired(values=found.values, sources=found.sources)

    return trigger


INJECTION_GUARDS = (
    GuardCheck(
        id="esi-too-early",
        trigger=_too_early,
        values=("last_esi", "days_elapsed", "earliest", "window_end"),
    ),
    GuardCheck(id="esi-beyond-third", trigger=_beyond_third, values=("session_dates", "n", "closes")),
    GuardCheck(id="esi-12-month-cap", trigger=_yearly_cap, values=("session_dates", "count", "cap_until")),
    GuardCheck(id="esi-no-radicular", trigger=_no_radicular, levels=("default", "features")),
    GuardCheck(
        id="esi-anticoagulant",
        trigger=_anticoagulant,
        levels=("anticoagulant", "coagulation", "bleeding-disorder", "antiplatelet"),
        values=("anticoagulant_name", "antiplatelet_name", "finding", "condition_name"),
    ),
    GuardCheck(id="esi-active-infection", trigger=_infection, values=("condition_name", "later")),
    GuardCheck(
        id="esi-conservative-incomplete", trigger=_conservative_incomplete, values=("missing", "weeks")
    ),
    GuardCheck(id="esi-no-imaging", trigger=_no_imaging),
    GuardCheck(id="esi-response-unrecorded", trigger=_response_unrecorded, values=("last_esi", "n")),
    GuardCheck(id="esi-unguided", trigger=_unguided),
    GuardCheck(id="esi-pregnancy", trigger=_by_check("pregnancy"), values=("condition_name",)),
    GuardCheck(id="esi-allergy", trigger=_by_check("allergy", _ALLERGENS), values=("allergy_name",)),
    GuardCheck(id="esi-diabetes", trigger=_by_check("diabetes"), values=("condition_name",)),
)
