"""The map of the 18 states: where the patient is, and the way that led there, in words."""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from cds_service.picture.timeline import Pictured
from pathway.knowledge_base import KnowledgeBase
from pathway.numbers import Number, numbers_on
from pathway.state import Conservative, Situation, StateId
from pathway.verdict import Verdict

# The states as stretches of one way, from self-care to surgery; the knowledge says what each is.
GROUPS: tuple[tuple[str, tuple[StateId, ...]], ...] = (
    ("Outside the pathway", (StateId.NOT_APPLICABLE,)),
    (
        "Red flags and other paths",
        (
            StateId.RED_FLAG_EMERGENCY,
            StateId.RED_FLAG_WORKUP,
            StateId.DIAGNOSIS_REVIEW,
            StateId.SCI_NEUROPATHIC_PAIN,
            StateId.POST_SURGICAL,
        ),
    ),
    (
        "Self-care and conservative care",
        (
            StateId.INITIAL_CONSERVATIVE,
            StateId.CONSERVATIVE_IN_PROGRESS,
            StateId.IMPROVED_MONITORING,
            StateId.SECOND_LINE_NONINVASIVE,
        ),
    ),
    ("Before a first injection", (StateId.PRE_INTERVENTION_IMAGING, StateId.ESI_ELIGIBLE)),
    ("Injections", (StateId.ESI_WAITING, StateId.ESI_RESPONDING, StateId.ESI_REPEAT_WINDOW)),
    (
        "After injections, towards rehabilitation or surgery",
        (StateId.ESI_SERIES_COMPLETE, StateId.ESI_NONRESPONSE, StateId.ADVANCED_OPTIONS),
    ),
)
_ANSWERS = {Verdict.MET: "yes", Verdict.NOT_MET: "no", Verdict.UNKNOWN: "not known"}


class Standing(StrEnum):
    """How a state relates to the patient today."""

    PRESENT = "present"
    ASKED = "asked"  # does not fit
    NOT_ASKED = "not asked"  # an earlier one fits


class MappedState(Pictured, frozen=True, kw_only=True):
    """One state on the map."""

    id: str
    title: str
    entry: str  # when it is taken, in the knowledge's words
    place: int  # in the order of asking, from 1
    standing: Standing


class StateGroup(Pictured, frozen=True, kw_only=True):
    """Neighbouring states under one heading."""

    title: str
    states: tuple[MappedState, ...]

    @property
    def is_present(self) -> bool:
        """Whether the patient's state is one of them."""
        return any(state.standing is Standing.PRESENT for state in self.states)


class Step(Pictured, frozen=True, kw_only=True):
    """One question of the way: was it this state?"""

    state: str
    title: str
    asked: str
    fits: bool


class Answered(Pictured, frozen=True, kw_only=True):
    """One question beneath the states that need failed conservative care."""

    asked: str
    answer: str  # "yes", "no", "not known"


class StateMap(Pictured, frozen=True, kw_only=True):
    """The states in groups, the patient's own, and the way that led there."""

    groups: tuple[StateGroup, ...]
    present: MappedState
    leaves: str  # what ends the state
    changes: str  # what would change the advice
    way: tuple[Step, ...]  # in the order of asking; the last one fits
    conservative: tuple[Answered, ...]  # empty where the way ended before it was asked


def state_map(knowledge: KnowledgeBase, situation: Situation) -> StateMap:
    """The map for one patient.

    Args:
        knowledge: Its states in words, with a site's own numbers.
        situation: What the pathway concluded, with its trace.
    """
    asked = {criterion.id for criterion in situation.trace}
    mapped = {state: _mapped(state, knowledge, situation.state, asked) for state in StateId}
    entry = knowledge.states[situation.state]
    return StateMap(
        groups=tuple(
            StateGroup(title=title, states=tuple(mapped[state] for state in states))
            for title, states in GROUPS
        ),
        present=mapped[situation.state],
        leaves="" if entry.exit == "-" else entry.exit,
        changes=entry.changes,
        way=tuple(_way(situation, mapped)),
        conservative=_conservative(knowledge, situation, asked),
    )


def _mapped(state: StateId, knowledge: KnowledgeBase, present: StateId, asked: set[str]) -> MappedState:
    entry = knowledge.states[state]
    standing = Standing.ASKED if state in asked else Standing.NOT_ASKED
    return MappedState(
        id=state.value,
        title=entry.title,
        entry=entry.entry,
        place=list(StateId).index(state) + 1,
        standing=Standing.PRESENT if state is present else standing,
    )


def _way(situation: Situation, mapped: Mapping[StateId, MappedState]) -> Iterator[Step]:
    """The trace; the last of the states is asked nothing, it takes who is left."""
    for criterion in situation.trace:
        yield _step(mapped[StateId(criterion.id)], fits=criterion.verdict is Verdict.MET)
    if all(criterion.verdict is not Verdict.MET for criterion in situation.trace):
        yield _step(mapped[situation.state], fits=True)


def _step(state: MappedState, *, fits: bool) -> Step:
    return Step(state=state.id, title=state.title, asked=state.entry, fits=fits)


def _conservative(knowledge: KnowledgeBase, situation: Situation, asked: set[str]) -> tuple[Answered, ...]:
    """Has conservative care failed, and by which of its parts; from the first state that asks it on."""
    if StateId.ADVANCED_OPTIONS not in asked:
        return ()
    care: Conservative = situation.conservative
    days = numbers_on(knowledge, situation.facts.as_of).whole(Number.PERSISTING_DAYS)
    excluded = " (NSAIDs are excluded)" if care.nsaid_excluded else ""
    return (
        Answered(asked="Conservative care has failed", answer=_ANSWERS[care.failed]),
        Answered(asked="An adequate non-drug therapy has failed", answer=_ANSWERS[care.non_drug]),
        Answered(asked="An adequate drug trial has failed", answer=f"{_ANSWERS[care.drug]}{excluded}"),
        Answered(asked=f"The pain has lasted {days} days or more", answer=_ANSWERS[care.duration]),
    )
