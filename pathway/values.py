"""The values that every rule's words may use: dates, counts, weeks, scores of this patient."""

from datetime import date

from pathway.advice import ChartText, Value
from pathway.days import days_after, whole_weeks
from pathway.facts import Instrument
from pathway.numbers import Number
from pathway.picture import Picture
from pathway.state import DurationSource, Problem, Trial

PROBLEM_WORDS = {
    Problem.SCI_NEUROPATHIC: "neuropathic pain after spinal cord injury",
    Problem.RADICULAR: "radicular back pain",
    Problem.STENOSIS_CLAUDICATION: "lumbar stenosis with claudication",
    Problem.STENOSIS: "lumbar stenosis",
    Problem.AXIAL: "low back pain",
    Problem.NONE: "no low back problem",
}
FLAG_WORDS = {
    "cauda-equina": "cauda equina syndrome",
    "cord-compression": "spinal cord compression",
    "spinal-infection": "spinal infection",
    "progressive-motor-deficit": "progressive motor deficit",
    "malignancy-spine": "spinal malignancy",
    "vertebral-fracture": "vertebral fracture",
    "malignancy-active": "active cancer",
}
COMMON = (
    "as_of", "age", "problem", "weeks", "at_least", "onset_date", "pain", "pain_date", "odi", "odi_date",
    "n", "next_n", "last_esi", "first_esi", "days_since_esi", "earliest", "window_end", "closes", "cap_until",
    "session_dates", "relief", "imaging_date", "review_date", "trials", "flags", "implant_name", "date",
    "esi_code",
)  # fmt: skip

# "The same code as last time", unless that was unguided, by catheter or of no stated region.
_REPEATABLE = ("62323", "64483")
_DEFAULT_ESI = "62323"


def common_values(picture: Picture) -> dict[str, Value]:
    """The values known for this patient; what is not known is left out."""
    found: dict[str, Value | None] = {
        "as_of": picture.as_of,
        "age": picture.age,
        "problem": PROBLEM_WORDS[picture.problem.problem],
        **_duration(picture),
        **_scores(picture),
        **_injections(picture),
        **_trials(picture),
    }
    study = picture.qualifying_imaging
    if study is not None:
        found["imaging_date"] = study.on
    if picture.red_flags.flags:
        found["flags"] = _flag_words([FLAG_WORDS[flag.id] for flag in picture.red_flags.flags])
    implants = tuple(
        dict.fromkeys(
            ChartText(text=c.source.text) for c in picture.active(("mri-implant",)) if c.source.text
        )
    )
    if implants:
        found["implant_name"] = implants
    return {name: value for name, value in found.items() if value is not None}


def _flag_words(words: list[str]) -> str:
    """The two most urgent by name, so that a summary stays short; the card's facts list them all."""
    if len(words) <= 2:
        return " and ".join(words)
    return f"{words[0]}, {words[1]} and {len(words) - 2} more"


def _duration(picture: Picture) -> dict[str, Value | None]:
    duration = picture.duration
    days = duration.days
    at_least = duration.by_marker or duration.source in (DurationSource.RECORDED, DurationSource.ENCOUNTER)
    return {
        "weeks": None if days is None else whole_weeks(days),
        "at_least": "at least " if at_least else "",
        "onset_date": duration.onset,
    }


def _scores(picture: Picture) -> dict[str, Value | None]:
    recent = days_after(picture.as_of, -picture.numbers.whole(Number.SCORE_RECENT_DAYS))
    odi = picture.scores.latest((Instrument.ODI,), recent, picture.as_of)
    pain = picture.pain
    return {
        "pain": None if pain is None else pain.shown,
        "pain_date": None if pain is None else pain.on,
        "odi": None if odi is None else odi.shown,
        "odi_date": None if odi is None else odi.on,
    }


def _injections(picture: Picture) -> dict[str, Value | None]:
    series = picture.series
    last = series.last
    if last is None:
        days = picture.numbers.whole(Number.ESI_FIRST_DAYS)
        return {"n": 0, "next_n": 1, "date": days_after(picture.as_of, days)}
    # After a series has closed its dates are still the ones to name; the count starts anew.
    named = series.current or series.rolling_year or (last,)
    earliest = series.earliest or picture.as_of
    return {
        "n": series.n,
        "next_n": series.n + 1,
        "last_esi": last.on,
        "first_esi": named[0].on,
        "days_since_esi": series.days_since,
        "earliest": earliest,
        "window_end": series.window_end,
        "closes": series.closes,
        "cap_until": series.cap_until,
        "session_dates": tuple(session.on for session in named),
        "relief": last.response.percent,
        "date": _repeat_date(picture, earliest),
        "esi_code": last.code if last.code in _REPEATABLE else _DEFAULT_ESI,
    }


def _repeat_date(picture: Picture, earliest: date) -> date:
    """A repeat of the open series is due at once or at day 14; a first one of a new series later."""
    if picture.series.n:
        return max(picture.as_of, earliest)
    return max(days_after(picture.as_of, picture.numbers.whole(Number.ESI_FIRST_DAYS)), earliest)


def _trials(picture: Picture) -> dict[str, Value | None]:
    """The running trials that are not adequate yet, and the earliest day one becomes so (R31)."""
    running = [t for t in picture.trials if t.ongoing and not t.adequate]
    if not running:
        return {}
    return {
        "review_date": min(review_day(trial, picture) for trial in running),
        "trials": "; ".join(_trial_words(trial, picture) for trial in running),
    }


def review_day(trial: Trial, picture: Picture) -> date:
    """Start + adequacy days, never before today; counted from today where no start is recorded."""
    if trial.adequate_on is None:
        number = Number(f"{trial.modality}-days")
        return days_after(picture.as_of, picture.numbers.whole(number))
    return max(trial.adequate_on, picture.as_of)


def _trial_words(trial: Trial, picture: Picture) -> str:
    title = picture.knowledge.rules[trial.modality].title
    since = "start not recorded" if trial.start is None else f"since {trial.start.isoformat()}"
    return f"{title} ({since}, adequate on {review_day(trial, picture).isoformat()})"
