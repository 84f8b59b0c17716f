"""What the pathway concludes about a patient before it proposes anything.

`Situation` is the whole of it: problem, duration, red flags, trials, injections, imaging and the
one of 18 states they lead to, each with the facts that decided. Made by `pathway.situation`.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from pathway.courses import Course
from pathway.facts import (
    ConditionFact,
    DataGap,
    Fact,
    Facts,
    ImagingFact,
    OperationFact,
    ScoreFact,
    Source,
)
from pathway.verdict import Verdict


class Problem(StrEnum):
    """The one low back problem that is treated (clinical/pathway.md a.2)."""

    SCI_NEUROPATHIC = "sci-neuropathic"
    RADICULAR = "radicular"
    STENOSIS_CLAUDICATION = "stenosis-claudication"
    STENOSIS = "stenosis"
    AXIAL = "axial"
    NONE = "none"


class DurationClass(StrEnum):
    """How long the problem has lasted (a.3)."""

    ACUTE = "acute"
    SUBACUTE = "subacute"
    CHRONIC = "chronic"
    UNKNOWN = "unknown"


class DurationSource(StrEnum):
    """Where the onset is taken from; RECORDED and ENCOUNTER say "at least"."""

    ONSET = "onset"
    RECORDED = "recorded"
    ENCOUNTER = "encounter"
    NONE = "none"


class Duration(Fact, frozen=True, kw_only=True):
    """Days since onset and their class; a chronic-pain marker raises the days to 85 (R8)."""

    length: DurationClass
    source: DurationSource
    onset: date | None = None
    days: int | None = None
    by_marker: bool = False


class StateId(StrEnum):
    """The 18 states, in the order in which the first that fits is taken (b)."""

    NOT_APPLICABLE = "not-applicable"
    RED_FLAG_EMERGENCY = "red-flag-emergency"
    RED_FLAG_WORKUP = "red-flag-workup"
    POST_SURGICAL = "post-surgical"
    SCI_NEUROPATHIC_PAIN = "sci-neuropathic-pain"
    DIAGNOSIS_REVIEW = "diagnosis-review"
    ESI_WAITING = "esi-waiting"
    ESI_RESPONDING = "esi-responding"
    ESI_SERIES_COMPLETE = "esi-series-complete"
    ESI_NONRESPONSE = "esi-nonresponse"
    ESI_REPEAT_WINDOW = "esi-repeat-window"
    IMPROVED_MONITORING = "improved-monitoring"
    ADVANCED_OPTIONS = "advanced-options"
    PRE_INTERVENTION_IMAGING = "pre-intervention-imaging"
    ESI_ELIGIBLE = "esi-eligible"
    SECOND_LINE_NONINVASIVE = "second-line-noninvasive"
    CONSERVATIVE_IN_PROGRESS = "conservative-in-progress"
    INITIAL_CONSERVATIVE = "initial-conservative"


class TrialOutcome(StrEnum):
    """What came of a trial (a.5)."""

    FAILED = "failed"
    IMPROVED = "improved"
    PARTIAL = "partial"
    NOT_TOLERATED = "not-tolerated"
    PRESUMED_INADEQUATE = "presumed-inadequate"  # "response not recorded"


FAILED_OUTCOMES = frozenset(
    {TrialOutcome.FAILED, TrialOutcome.NOT_TOLERATED, TrialOutcome.PRESUMED_INADEQUATE}
)


class Trial(Fact, frozen=True, kw_only=True):
    """One modality tried: contacts or orders without a gap of more than 90 days (R13)."""

    modality: str
    start: date | None  # None: ongoing, but nobody recorded since when
    last: date
    sessions: int = 0  # completed sessions; 0 for drugs
    days: int = 0  # first to last contact, or covered days of a drug
    ongoing: bool = False
    adequate: bool = False
    adequate_on: date | None = None  # start + adequacy days; None without start or rule
    dose_unknown: bool = False
    outcome: TrialOutcome | None = None
    baseline: ScoreFact | None = None
    follow_up: ScoreFact | None = None
    sources: tuple[Source, ...] = ()

    @property
    def failed(self) -> bool:
        """Failed, not tolerated, or presumed inadequate."""
        return self.outcome in FAILED_OUTCOMES


class ResponseKind(StrEnum):
    """How pain answered an injection (a.7)."""

    SUBSTANTIAL = "substantial"  # >= 50 % and below 4/10
    PARTIAL = "partial"
    NONE = "none"  # < 30 %
    UNKNOWN = "unknown"


class Response(Fact, frozen=True, kw_only=True):
    """The response to one session, with the scores that show it."""

    kind: ResponseKind
    percent: Decimal | None = (
        None  # pain reduction in %; None when an outcome was coded, or from or to a limit
    )
    baseline: ScoreFact | None = None
    follow_up: ScoreFact | None = None


class Session(Fact, frozen=True, kw_only=True):
    """One calendar date with at least one completed lumbar epidural steroid injection."""

    on: date
    code: str  # of its first procedure, for "the same code as last time"
    response: Response
    sources: tuple[Source, ...] = ()


class Series(Fact, frozen=True, kw_only=True):
    """The injections so far, as of one day (a.7)."""

    sessions: tuple[Session, ...] = ()  # all, by date
    current: tuple[Session, ...] = ()  # those of the open series
    rolling_year: tuple[Session, ...] = ()  # in (day - 12 months, day]
    undated: bool = False  # an injection without a date: "ever", not in the series
    days_since: int | None = None
    earliest: date | None = None  # last + 14 days
    window_end: date | None = None  # last + 28 days
    closes: date | None = None  # start of the open series + 12 months
    cap_until: date | None = None  # fourth-latest session + 12 months, when the cap is reached

    @property
    def n(self) -> int:
        """Sessions in the open series; 0 when none is open."""
        return len(self.current)

    @property
    def last(self) -> Session | None:
        """The latest session ever."""
        return self.sessions[-1] if self.sessions else None


class FlagLevel(StrEnum):
    """How urgent a red flag is."""

    EMERGENCY = "emergency"
    WORKUP = "workup"


class RedFlag(Fact, frozen=True, kw_only=True):
    """A red flag that is raised now, by these conditions."""

    id: str  # "cauda-equina", "cord-compression", …
    level: FlagLevel
    conditions: tuple[ConditionFact, ...]


class Criterion(Fact, frozen=True, kw_only=True):
    """One step of the reasoning, for the trace and the words on the card."""

    id: str
    verdict: Verdict
    sources: tuple[Source, ...] = ()


class Conservative(Fact, frozen=True, kw_only=True):
    """Has conservative care failed? The three arms of a.5, each with its trials."""

    non_drug: Verdict  # arm A
    drug: Verdict  # arm B
    duration: Verdict  # arm C
    failed: Verdict  # all three
    nsaid_excluded: bool = False  # arm B holds because NSAIDs are contraindicated or not tolerated


class Situation(Fact, frozen=True, kw_only=True):
    """All that was concluded from the facts, and the state that follows."""

    facts: Facts
    state: StateId
    sub_facts: tuple[str, ...] = ()  # "usual", "late", "cap"
    problem: Problem
    problem_conditions: tuple[ConditionFact, ...] = ()
    duration: Duration
    lumbar_active: bool = False  # any radicular, stenosis or axial code is active (R61)
    esi_indication: bool = False
    leg_pain: bool = False
    post_laminectomy: bool = False
    red_flags: tuple[RedFlag, ...] = ()
    undated_symptoms: tuple[ConditionFact, ...] = ()  # bladder or bowel, without a date (a.4)
    risk_markers: tuple[ConditionFact, ...] = ()
    courses: tuple[Course, ...] = ()  # however long ago
    trials: tuple[Trial, ...] = ()  # those of the last 365 days, judged
    conservative: Conservative
    series: Series
    qualifying_imaging: ImagingFact | None = None  # the latest
    surgery: OperationFact | None = None  # lumbar, within 90 days
    pain: ScoreFact | None = None  # latest recent pain score (<= 60 days)
    pain_after_injection: ScoreFact | None = None  # latest >= 7 days after the last injection
    gaps: tuple[DataGap, ...] = ()  # the facts' and those found on the way
    trace: tuple[Criterion, ...] = ()  # the state's criteria, in order of asking
