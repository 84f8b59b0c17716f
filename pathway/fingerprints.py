"""The facts that led to a piece of advice, written so that it changes when they do, and not as time passes.

Nothing here is a count of days, an age, or a value that leaves a window as the days go by: a score counts
by the latest one ever recorded, a trial by when it began. Nor does it matter in which order resources came,
or what the record holds beside. What is given is not to be kept: `cds_service` hashes it with a secret key.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from hashlib import sha256

import msgspec

from pathway.advice import Advised, ChartText, Line, Value, Values
from pathway.courses import Course
from pathway.drug_trials import DRUG_MODALITIES, TAKEN
from pathway.facts import Bounded, DrugFact, Facts, ScoreFact
from pathway.guard_registry import GUARD_CHECKS
from pathway.guards import Warned
from pathway.knowledge_check import placeholders
from pathway.picture import LUMBAR_SURGERY
from pathway.red_flags import FLAGS, RISK_MARKERS
from pathway.scores import FUNCTION_INSTRUMENTS, PAIN_INSTRUMENTS
from pathway.state import DurationSource, Situation

# Values of words that pass with time, or stand for facts that are told apart in `_core` (sessions, trials).
PASSING = frozenset(
    {
        "age", "as_of", "at_least", "cap_until", "closes", "count", "date", "days", "days_elapsed",
        "days_since_esi", "earliest", "first_esi", "gestation", "later", "n", "next_n", "order_day",
        "review_date", "session_dates", "short_supply", "trials", "weeks", "window_end",
    }
)  # fmt: skip
_DANGERS = RISK_MARKERS.union(FLAGS, ("cauda-equina-symptom",))
_SCORES = PAIN_INSTRUMENTS | FUNCTION_INSTRUMENTS
_LASTING = (DurationSource.ONSET, DurationSource.RECORDED)
_ENCODER = msgspec.json.Encoder(order="deterministic")


class Fingerprints:
    """The fingerprints of one call."""

    def __init__(self, situation: Situation) -> None:
        """Nothing is computed before it is asked for, and what is shared only once."""
        self._situation = situation
        self._shared: bytes | None = None

    def of_advised(self, advised: Advised) -> bytes:
        """Of a recommendation: who the patient is on the pathway, what is proposed, and what is cautioned of.

        It changes with a score of another value, a new trial, its coded outcome, an injection and the
        response to it, imaging, an operation, a red flag or risk marker, the problem and its onset, the
        state, the variant, the proposals, the urgency, a caution or blocker and what it names. A caution
        that rests on no entry of the record comes with time (an age, a window) or with what was not sent.
        """
        if self._shared is None:
            # once for all of a call, and short for the hash that each gets later
            self._shared = sha256(_ENCODER.encode(_core(self._situation))).digest()
        own = (
            advised.id,
            advised.variant,
            advised.urgency,
            sorted(advised.proposals),
            sorted([_line(line) for line in (*advised.cautions, *advised.blockers) if line.sources]),
        )
        return _ENCODER.encode(own) + self._shared

    def of_warned(self, warned: Warned) -> bytes:
        """Of a guard: how urgently it fires, on what findings, and for which problem; not for which order.

        What it offers instead is no fact: an alternative that was taken stands among the next drafts.
        """
        situation = self._situation
        findings = {
            name: _plain(warned.values[name])
            for name in GUARD_CHECKS[warned.id].values
            if name not in PASSING and name in warned.values
        }
        return _ENCODER.encode(
            (warned.id, warned.level, warned.urgency, findings, situation.problem, _dangers(situation.facts))
        )


def _core(situation: Situation) -> tuple[object, ...]:
    """What every recommendation of a patient rests on."""
    facts, duration = situation.facts, situation.duration
    return (
        situation.state,
        situation.problem,
        duration.onset if duration.source in _LASTING else None,
        duration.by_marker,
        _dangers(facts),
        sorted(_trials(facts, situation.courses).items()),
        [(session.on, session.response.kind) for session in situation.series.sessions],
        max(((study.on, study.modality) for study in facts.imaging if study.on is not None), default=None),
        max(
            ((o.on, o.concept) for o in facts.operations if o.on is not None and o.concept in LUMBAR_SURGERY),
            default=None,
        ),
        _scores(facts.scores),
    )


def _dangers(facts: Facts) -> list[tuple[str, str]]:
    """Red flags and risk markers on record, each once; whether they are new is seen in state and urgency."""
    return sorted({(c.concept, c.code) for c in facts.conditions if c.active and c.concept in _DANGERS})


def _scores(scores: Iterable[ScoreFact]) -> dict[str, object]:
    """The latest of each instrument, without its day: the same score measured again is no news."""
    latest: dict[str, ScoreFact] = {}
    for score in scores:
        if score.instrument in _SCORES:
            known = latest.get(score.instrument)
            if known is None or (score.on, score.value) > (known.on, known.value):
                latest[score.instrument] = score
    return {name: _plain(score.value) for name, score in latest.items()}


def _trials(facts: Facts, courses: Iterable[Course]) -> dict[str, tuple[object, ...]]:
    """By modality: when the latest course began and what was coded of it; further contacts are no news."""
    latest: dict[str, tuple[date, Course]] = {}
    for course in courses:
        if course.start is not None:
            known = latest.get(course.modality)
            if known is None or course.start > known[0]:
                latest[course.modality] = course.start, course
    undated = _undated(facts)
    return {
        modality: (modality in undated, *(_began(latest[modality][1]) if modality in latest else ()))
        for modality in latest.keys() | undated
    }


def _began(course: Course) -> tuple[object, ...]:
    return course.start, course.outcome, course.stop_reason


def _undated(facts: Facts) -> frozenset[str]:
    """Modalities of which something is under way or was stopped, but nobody recorded since when."""
    therapies = {t.modality for t in facts.therapies if t.first is None and t.status == "in-progress"}
    drugs = {name for d in facts.drugs if d.start is None for name in _modalities(d)}
    return frozenset(therapies | drugs)


def _modalities(drug: DrugFact) -> list[str]:
    if not drug.systemic or drug.status not in TAKEN:
        return []
    return [DRUG_MODALITIES[s.drug_class] for s in drug.substances if s.drug_class in DRUG_MODALITIES]


def _line(line: Line) -> tuple[str, str]:
    """A caution or blocker: which, and whom it names."""
    return line.text, _ENCODER.encode(_named(line.values, placeholders(line.text))).decode()


def _named(values: Values, names: Iterable[str]) -> Mapping[str, object]:
    return {name: _plain(values[name]) for name in names if name not in PASSING and name in values}


def _plain(value: Value) -> object:
    """A value as it can be compared: numbers without trailing zeros, chart words in any order."""
    match value:
        case Decimal():
            return f"{value.normalize():f}"
        case Bounded():
            return value.words()
        case ChartText():
            return value.text
        case tuple():
            return sorted({part.text if isinstance(part, ChartText) else part.isoformat() for part in value})
        case _:
            return value
