"""Going quiet: what was answered, and has not changed since, is not said again for a while.

Memory filters what is said, never what is true: state, gaps and situation stay as they are. What is urgent
is never kept back by an answer or a cap; only a site that evaluates in the shadow, or a control group, is
shown nothing at all.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta

import msgspec

from pathway.advice import Advice, Advised, Urgency
from pathway.evaluation import CHECKS, EXTRA, REVIEW, Chooser, planned, with_best_step
from pathway.facts import Fact
from pathway.guards import GuardAdvice
from pathway.knowledge_base import KnowledgeBase
from pathway.picture import Picture
from pathway.quiet_policy import By, Periods, Policy
from pathway.state import StateId

USER_CAP = "cards-per-user"
PATIENT_CAP = "cards-per-patient"
ENCOUNTER = "once-per-encounter"


class Item(Fact, frozen=True, kw_only=True):
    """One recommendation or guard that was advised."""

    id: str
    urgency: Urgency
    card: int  # on which card it would stand, counted from 0
    fingerprints: frozenset[bytes]  # of the facts that led to it, by each key of the site
    # Of a guard: hashes of the code of its order by each key, empty where it has none; None: a recommendation
    order_codes: frozenset[bytes] | None = None


class Said(Fact, frozen=True):
    """One item that was shown before."""

    recommendation: str
    fingerprint: bytes
    order_code: bytes | None = None


class PastAnswer(Fact, frozen=True, kw_only=True):
    """What a person did with one item that was shown."""

    said: Said
    reason: str  # "accepted", or the code of the reason for which its card was overridden
    on: date  # the day in the site's zone
    order: tuple[int, int, bytes]  # the answer whose `order` is the highest is the latest


class Past(Fact, frozen=True, kw_only=True):
    """What is remembered of a patient, as far as a call needs it."""

    answers: tuple[PastAnswer, ...] = ()
    in_encounter: tuple[Said, ...] = ()  # shown in the encounter of this call
    cards_of_user: int = 0  # shown on this day
    cards_of_patient: int = 0


class Held(Fact, frozen=True, kw_only=True):
    """Why an item is kept back."""

    by: By
    reason: str  # the answer's, or the cap's name; else "shadow" or "control"
    until: date | None = None  # the day on which it may be shown again; None: no day can be told


def held(
    items: Sequence[Item], past: Past, policy: Policy, today: date, place: Callable[[str], int]
) -> Mapping[int, Held]:
    """Which items are not said, and why.

    An answer given on day A quiets for N whole days: the item is kept back on A and on the N - 1 days after
    it, and shown again on day A + N, which is its `until`. N = 0 never quiets. Days are those of the site's
    zone, whatever the hour. Of several answers to the same item, facts (and order code) the latest counts.

    Args:
        items: What is advised, in the order of the cards.
        past: What is remembered; nothing where memory was not asked.
        policy: How the site wants it.
        today: The evaluation day.
        place: See `Policy.silenced`.

    Returns:
        By place among `items`.
    """
    found: dict[int, Held] = {}
    latest = _latest(past.answers)
    for index, item in enumerate(items):
        silenced = policy.silenced(item.id, place)
        if silenced is not None:
            found[index] = Held(by=silenced, reason=silenced.value)
        elif item.urgency is not Urgency.URGENT:
            why = _answered(item, latest, policy.periods, today) or _repeated(item, past, policy)
            if why is not None:
                found[index] = why
    return found


def _latest(answers: Iterable[PastAnswer]) -> dict[str, list[PastAnswer]]:
    """By recommendation, the latest answer of each item that was answered."""
    latest: dict[Said, PastAnswer] = {}
    for answer in answers:
        known = latest.get(answer.said)
        if known is None or answer.order > known.order:
            latest[answer.said] = answer
    by_recommendation: dict[str, list[PastAnswer]] = {}
    for said, answer in latest.items():
        by_recommendation.setdefault(said.recommendation, []).append(answer)
    return by_recommendation


def _answered(
    item: Item, latest: Mapping[str, list[PastAnswer]], periods: Periods, today: date
) -> Held | None:
    same = [answer for answer in latest.get(item.id, ()) if is_same(item, answer.said)]
    if not same:
        return None
    answer = max(same, key=lambda a: a.order)  # the same facts may stand there by two keys
    until = answer.on + timedelta(days=periods.days(item.id, answer.reason))
    return Held(by=By.ANSWER, reason=periods.known(answer.reason), until=until) if today < until else None


def _repeated(item: Item, past: Past, policy: Policy) -> Held | None:
    if not policy.once_per_encounter or not any(is_same(item, said) for said in past.in_encounter):
        return None
    return Held(by=By.CAP, reason=ENCOUNTER)


def is_same(item: Item, said: Said) -> bool:
    """Whether it was said before: the same advice on the same facts, and a guard for the same order code."""
    if item.id != said.recommendation or said.fingerprint not in item.fingerprints:
        return False
    return item.order_codes is None or said.order_code in item.order_codes


def over_the_cap(items: Sequence[Item], past: Past, policy: Policy) -> Mapping[int, Held]:
    """What exceeds the day's cards, the last cards first; what is urgent passes, alone if need be.

    Args:
        items: What would be said, in the order of the cards as they are planned.
        past: What is remembered.
        policy: How the site wants it.

    Returns:
        By place among `items`.
    """
    left = {
        cap: most - shown
        for cap, most, shown in (
            (PATIENT_CAP, policy.cards_per_patient, past.cards_of_patient),
            (USER_CAP, policy.cards_per_user, past.cards_of_user),
        )
        if most is not None
    }
    if not left:
        return {}
    cap = min(left, key=lambda name: left[name])
    kept = list(dict.fromkeys(item.card for item in items))[: max(left[cap], 0)]
    return {
        index: Held(by=By.CAP, reason=cap)
        for index, item in enumerate(items)
        if item.card not in kept and item.urgency is not Urgency.URGENT
    }


def without(
    advice: Advice, kept_back: Collection[int], knowledge: KnowledgeBase, *, may_review: bool = True
) -> Advice:
    """The advice at chart open without some of its items, its cards planned anew.

    The state card is led by what comes next, and the best next step is chosen among what is left. Where
    nothing is left there is no card, but an undated bladder or bowel symptom is still said (a.4).

    Args:
        advice: All that was advised.
        kept_back: Places of items, counted through the cards.
        knowledge: That of the advice.
        may_review: Whether the card that says an undated symptom may be shown.
    """
    if not kept_back:
        return advice
    every = [item for card in advice.cards for item in card.items]
    left = [item for index, item in enumerate(every) if index not in kept_back]
    situation = advice.situation
    if not left and may_review and situation.undated_symptoms:
        left = [item for item in every if item.id == REVIEW] or _review(advice, knowledge)
    rank = _ranks(situation.state, knowledge)
    left.sort(key=lambda item: rank.get((item.id, item.variant), len(rank)))
    cards = planned(situation.state, [_unmarked(item) for item in left], knowledge)
    return msgspec.structs.replace(
        advice,
        cards=with_best_step(cards, situation, knowledge),
        notes=advice.notes if cards else (),
    )


def without_warnings(advice: GuardAdvice, kept_back: Collection[int]) -> GuardAdvice:
    """The guards of the drafts without some of them, by their places."""
    if not kept_back:
        return advice
    left = tuple(warned for index, warned in enumerate(advice.warnings) if index not in kept_back)
    return msgspec.structs.replace(advice, warnings=left)


def _unmarked(item: Advised) -> Advised:
    return msgspec.structs.replace(item, recommended=False) if item.recommended else item


def _review(advice: Advice, knowledge: KnowledgeBase) -> list[Advised]:
    return Chooser(Picture(advice.situation.facts, knowledge, CHECKS)).review()


def _ranks(state: StateId, knowledge: KnowledgeBase) -> Mapping[tuple[str, str | None], int]:
    """The order of the state's candidates, which the cards have parted."""
    listed = [(candidate.id, candidate.variant) for candidate in knowledge.states[state].candidates]
    # each by its first place
    return {name: rank for rank, name in reversed([*enumerate([*listed, (EXTRA, None), (REVIEW, None)])])}
