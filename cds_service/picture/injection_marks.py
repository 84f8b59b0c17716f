"""The injections: sessions with their response, where the series stands, and when the next may be."""

from cards import wording
from cds_service.picture.names import counted
from cds_service.picture.timeline import InjectionMark, Span
from pathway.numbers import Number, Numbers
from pathway.state import Series, Session, Situation, StateId

# States in which a further injection of the series is a question of time; in all others the pathway
# has another answer, and a window would suggest what it does not.
_WINDOW_STATES = frozenset({StateId.ESI_WAITING, StateId.ESI_RESPONDING, StateId.ESI_REPEAT_WINDOW})


def injection_marks(series: Series) -> tuple[InjectionMark, ...]:
    """One mark a session, by day; those of the open series are numbered."""
    numbers = {session.on: index for index, session in enumerate(series.current, start=1)}
    return tuple(_mark(session, numbers.get(session.on)) for session in series.sessions)


def _mark(session: Session, number: int | None) -> InjectionMark:
    return InjectionMark(
        on=session.on,
        number=number,
        response=wording.RESPONSES[session.response.kind],
        percent=session.response.percent,
    )


def next_injection(situation: Situation, numbers: Numbers) -> Span | None:
    """The usual window of the next injection by the numbers in force; None where none is in question."""
    series = situation.series
    full = series.n >= numbers.whole(Number.ESI_SERIES_SIZE)
    if situation.state not in _WINDOW_STATES or full or series.window_end is None:
        return None
    if series.cap_until is not None and series.cap_until > series.window_end:
        return None  # the cap of the year ends only after the window
    return Span(start=series.earliest, last=series.window_end)


def series_in_words(situation: Situation, numbers: Numbers) -> str:
    """Where the series stands: how many of it, when it closes, and until when the cap holds."""
    series = situation.series
    if not series.sessions:
        return ""
    words = []
    if series.closes is not None:
        size = numbers.whole(Number.ESI_SERIES_SIZE)
        words += [f"{series.n} of at most {size} in the series", f"it closes {series.closes.isoformat()}"]
    else:
        words.append("no series is open")
    if series.cap_until is not None:
        cap = counted(len(series.rolling_year), "injection")
        months = numbers.whole(Number.ESI_ROLLING_MONTHS)
        words.append(f"{cap} in {months} months: none before {series.cap_until.isoformat()}")
    return "; ".join(words)
