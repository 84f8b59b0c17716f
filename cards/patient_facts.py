"""Why this patient: the facts that decided, each with its date and where it stands in the record."""

from collections.abc import Iterator, Sequence
from datetime import date

from cards import markdown, wording
from cards.filling import NOT_RECORDED, shown_decimal, shown_number
from pathway.days import whole_weeks
from pathway.facts import ConditionFact, ScoreFact, Source
from pathway.state import Conservative, Duration, DurationSource, RedFlag, Session, Situation, Trial
from pathway.values import FLAG_WORDS, PROBLEM_WORDS
from pathway.verdict import Verdict

MOST_SOURCES = 2  # named per fact; a trial may rest on dozens of sessions
MOST_ENTRIES = 3  # conditions named per line

_VERDICTS = {Verdict.MET: "yes", Verdict.NOT_MET: "no", Verdict.UNKNOWN: "not known"}


def facts_in_full(situation: Situation) -> list[str]:
    """One markdown line per fact, in the order in which the pathway looks at them."""
    return [
        *_red_flags(situation.red_flags),
        f"{headline(situation)}{_named(situation.problem_conditions)}",
        *_trials(situation),
        *_injections(situation),
        *_imaging_and_surgery(situation),
        _pain(situation),
    ]


def headline(situation: Situation) -> str:
    """The problem and how long it has lasted, as one markdown phrase."""
    return f"{wording.sentence(PROBLEM_WORDS[situation.problem])}, {_duration(situation.duration)}"


def place_of(sources: Sequence[Source]) -> str:
    """Where facts stand: " (Observation/a1, Observation/a2 and 3 more)"; empty without sources."""
    if not sources:
        return ""
    named = ", ".join([_reference(source) for source in sources[:MOST_SOURCES]])
    return f" ({named}{_and_more(len(sources) - MOST_SOURCES)})"


def score_in_words(score: ScoreFact) -> str:
    """A score with its date: "pain 6/10 on 2026-11-19", "eGFR below 15 on 2026-11-19"."""
    label, suffix = wording.INSTRUMENTS[score.instrument]
    return f"{label} {shown_number(score.shown)}{suffix} on {score.on.isoformat()}"


def _duration(duration: Duration) -> str:
    kind = wording.DURATIONS[duration.length]
    if duration.onset is None or duration.days is None:
        return kind
    weeks = whole_weeks(duration.days)
    since = duration.onset.isoformat()
    length = _counted(weeks, "week") if weeks else _counted(duration.days, "day")
    if duration.by_marker:
        return f"{kind} by a chronic-pain code, since {since}"
    if duration.source is DurationSource.ONSET:
        return f"{kind}, since {since} ({length})"
    return f"{kind}, recorded {since} (at least {length}; no onset date)"


def _named(conditions: Sequence[ConditionFact]) -> str:
    """The conditions as the chart names them: ": Sciatica, onset 2026-06-25 (Condition/c1)"."""
    if not conditions:
        return ""
    named = "; ".join([_condition(condition) for condition in conditions[:MOST_ENTRIES]])
    return f": {named}{_and_more(len(conditions) - MOST_ENTRIES)}"


def _condition(condition: ConditionFact) -> str:
    text = condition.source.text or condition.code
    return f"{markdown.from_chart(text)}, {_condition_date(condition)}{place_of((condition.source,))}"


def _condition_date(condition: ConditionFact) -> str:
    for words, day in (("onset", condition.onset), ("recorded", condition.recorded)):
        if day is not None:
            return f"{words} {day.isoformat()}"
    return "no date"


def _red_flags(flags: Sequence[RedFlag]) -> Iterator[str]:
    for flag in flags:
        name = FLAG_WORDS.get(flag.id, flag.id)
        yield f"{wording.FLAG_LEVELS[flag.level]}: {name}{_named(flag.conditions)}"


def _trials(situation: Situation) -> Iterator[str]:
    """Each trial, and what they add up to; in one line once injections are given, to which they led."""
    trials = situation.trials
    if not trials:
        return
    if situation.series.current:
        yield f"Tried: {'; '.join(_trial_in_short(trial) for trial in trials)}"
        return
    for trial in trials:
        yield f"Tried: {_trial(trial)}{place_of(trial.sources)}"
    yield f"Conservative care has failed: {_conservative(situation.conservative)}"


def _conservative(care: Conservative) -> str:
    arms = ", ".join(
        f"{arm} {_VERDICTS[verdict]}"
        for arm, verdict in (("non-drug", care.non_drug), ("drug", care.drug), ("4 weeks", care.duration))
    )
    excluded = "; NSAIDs are excluded" if care.nsaid_excluded else ""
    return f"{_VERDICTS[care.failed]} ({arms}{excluded})"


def _trial(trial: Trial) -> str:
    words = [f"{wording.name_of(trial.modality)}, {_span(trial)}"]
    if trial.sessions:
        words.append(_counted(trial.sessions, "session"))
    words.append("adequate" if trial.adequate else "not adequate yet" if trial.ongoing else "not adequate")
    if trial.outcome is not None:
        words.append(wording.OUTCOMES[trial.outcome])
    if trial.baseline is not None and trial.follow_up is not None:
        words.append(f"{score_in_words(trial.baseline)}, then {score_in_words(trial.follow_up)}")
    return ", ".join(words)


def _trial_in_short(trial: Trial) -> str:
    outcome = f", {wording.OUTCOMES[trial.outcome]}" if trial.outcome is not None else ""
    return f"{wording.name_of(trial.modality)}, {_span(trial)}{outcome}{place_of(trial.sources[:1])}"


def _span(trial: Trial) -> str:
    start = trial.start.isoformat() if trial.start else f"start {NOT_RECORDED}"
    return f"{start}, running" if trial.ongoing else f"{start} to {trial.last.isoformat()}"


def _injections(situation: Situation) -> Iterator[str]:
    series = situation.series
    for number, session in enumerate(series.current, start=1):
        yield f"Epidural steroid injection {number} of this series: {_session(session)}"
    if not series.current and series.last is not None:
        yield f"Last epidural steroid injection, of an earlier series: {_session(series.last)}"
    if series.undated:
        yield "An epidural steroid injection is on record without a date"


def _session(session: Session) -> str:
    response = session.response
    words = [session.on.isoformat(), wording.RESPONSES[response.kind]]
    if response.baseline is not None and response.follow_up is not None:
        words.append(f"{score_in_words(response.baseline)}, then {score_in_words(response.follow_up)}")
    if response.percent is not None:
        words.append(f"{shown_decimal(response.percent)} % relief")
    return ", ".join(words) + place_of(session.sources)


def _imaging_and_surgery(situation: Situation) -> Iterator[str]:
    study = situation.qualifying_imaging
    if study is not None:
        name = wording.sentence(wording.name_of(study.modality))
        yield f"{name}: {_on(study.on)}{place_of((study.source,))}"
    operation = situation.surgery
    if operation is not None:
        name = wording.sentence(wording.name_of(operation.concept))
        yield f"{name}: {_on(operation.on)}{place_of((operation.source,))}"


def _pain(situation: Situation) -> str:
    score = situation.pain
    if score is None:
        return "No recent pain score"
    return f"{wording.sentence(score_in_words(score))}{place_of((score.source,))}"


def _on(day: date | None) -> str:
    return day.isoformat() if day else "no date"


def _reference(source: Source) -> str:
    if source.resource_id is None:
        return f"{source.resource_type} without id"
    return f"{source.resource_type}/{markdown.from_chart(source.resource_id)}"


def _counted(count: int, unit: str) -> str:
    return f"1 {unit}" if count == 1 else f"{count} {unit}s"


def _and_more(count: int) -> str:
    return f" and {count} more" if count > 0 else ""
