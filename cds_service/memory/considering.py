"""A call against the past: what of its advice is shown, what is kept back, and what is recorded of both."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import groupby
from zoneinfo import ZoneInfo

from cards.answers import with_memory
from cards.indicators import ORDER_SELECT, highest, on_hook
from cards.wire import Answer, Card, HeldBack, Indicator
from cds_service.decision import Judged
from cds_service.envelope import HookRequest
from cds_service.memory.history import History
from cds_service.memory.identities import Identities, TenantIdentities
from cds_service.memory.past import Hashes, Question
from cds_service.memory.pieces import Piece, Pieces
from cds_service.memory.records import CardRecord, Fate, ItemRecord, SuggestionRecord
from cds_service.memory.settings import SiteMemory
from pathway.advice import Urgency
from pathway.quieting import Held, Past, over_the_cap

NOTHING = Past()


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """What is to be answered of one call, and remembered."""

    judged: Judged  # with what is shown; state, gaps and situation are as before
    memory_asked: bool  # False: the past could not be read in time; nothing is quiet or capped then
    patient: bytes = field(repr=False)  # keyed hashes, by the current key
    user: bytes = field(repr=False)
    encounter: bytes | None = field(repr=False)
    shown: tuple[Piece, ...]  # `item.card` counts the cards of `judged`
    held_back: tuple[tuple[Piece, Held], ...]  # `item.card` counts the cards as they would have been
    zone: ZoneInfo

    def told(self, answer: Answer) -> Answer:
        """The answer with what is kept back of it; it says so where memory was not asked."""
        return with_memory(answer, [_wire(*kept) for kept in self.held_back], was_asked=self.memory_asked)

    def cards(self, answer: Answer) -> tuple[CardRecord, ...]:
        """What is recorded of the cards of an answer and of what was kept back; of cards not sent, nothing.

        Args:
            answer: As it is sent: a dialect gives some suggestions uuids of their own.
        """
        shown = {card: list(pieces) for card, pieces in groupby(self.shown, lambda piece: piece.item.card)}
        sent = [_sent(card, shown[number]) for number, card in enumerate(answer.cards)]
        return (*sent, *self._kept_back())

    def _kept_back(self) -> Iterator[CardRecord]:
        for _, kept in groupby(self.held_back, lambda pair: pair[0].item.card):
            pairs = list(kept)
            yield CardRecord(
                indicator=_indicator([piece.item.urgency for piece, _ in pairs], self.judged.hook),
                items=tuple([_kept(piece, why, self.zone) for piece, why in pairs]),
            )


class Memory:
    """Holds each call against what was answered before."""

    def __init__(self, history: History, identities: Identities) -> None:
        self._history = history
        self._identities = identities

    def considered(
        self, site: SiteMemory, asked: HookRequest, judged: Judged, *, as_of: date, now: datetime
    ) -> Considered:
        """What of the advice is shown; it never fails for the sake of the past.

        Args:
            site: How the site wants it.
            asked: The call.
            judged: All that was decided.
            as_of: The evaluation day, to which periods are counted.
            now: The present instant, aware.
        """
        own = self._identities.of(site.tenant)
        patient = own.all_patient(asked.patient_id)
        pieces = Pieces(judged, site, own, asked.patient_id)
        past = self._past(site, own, asked, patient, pieces, as_of=as_of, now=now)
        found = pieces.held(past or NOTHING, as_of)
        left, shown = pieces.without(found)
        over = over_the_cap([piece.item for piece in shown], past, site.policy) if past else {}
        if over:
            found = {**found, **{shown[place].place: why for place, why in over.items()}}
            left, shown = pieces.without(found)
        said = {piece.place for piece in shown}
        return Considered(
            judged=left,
            memory_asked=past is not None,
            patient=patient[0],
            user=own.user(asked.user_id),
            encounter=None if asked.encounter_id is None else own.encounter(asked.encounter_id),
            shown=shown,
            held_back=tuple(
                [(p, found[p.place]) for p in pieces.all if p.place in found and p.place not in said]
            ),
            zone=site.zone,
        )

    def _past(
        self,
        site: SiteMemory,
        own: TenantIdentities,
        asked: HookRequest,
        patient: Hashes,
        pieces: Pieces,
        *,
        as_of: date,
        now: datetime,
    ) -> Past | None:
        """What is remembered; it is not read where it could hold nothing back."""
        policy = site.policy
        open_to_memory = [piece.item for piece in pieces.all if piece.item.urgency is not Urgency.URGENT]
        if all(policy.silenced(item.id, pieces.standing) is not None for item in open_to_memory):
            return NOTHING
        in_encounter = policy.once_per_encounter and asked.encounter_id is not None
        return self._history.read(
            Question(
                tenant=site.tenant,
                patient=patient,
                zone=site.zone,
                now=now,
                as_of=as_of,
                days_back=site.days_back,
                fingerprints=frozenset().union(*(item.fingerprints for item in open_to_memory)),
                answered_by=own.all_user(asked.user_id) if site.is_by_user else (),
                encounter=own.all_encounter(asked.encounter_id or "") if in_encounter else (),
                capped_user=own.all_user(asked.user_id) if policy.cards_per_user is not None else (),
                is_patient_capped=policy.cards_per_patient is not None,
            )
        )


def _wire(piece: Piece, why: Held) -> HeldBack:
    return HeldBack(recommendation=piece.item.id, reason=why.reason, until=why.until, order=piece.order)


def _sent(card: Card, pieces: Sequence[Piece]) -> CardRecord:
    return CardRecord(
        id=card.uuid,
        indicator=card.indicator.value,
        items=tuple(
            [
                ItemRecord(
                    recommendation=piece.item.id,
                    fingerprint=piece.fingerprint,
                    variant=piece.variant,
                    order_code=piece.order_code,
                )
                for piece in pieces
            ]
        ),
        suggestions=tuple(
            [
                SuggestionRecord(
                    id=suggestion.uuid,
                    recommendation=suggestion.extension.org_backpath.answered,
                    recommended=suggestion.is_recommended,
                )
                for suggestion in card.suggestions
            ]
        ),
    )


def _kept(piece: Piece, why: Held, zone: ZoneInfo) -> ItemRecord:
    return ItemRecord(
        recommendation=piece.item.id,
        fingerprint=piece.fingerprint,
        variant=piece.variant,
        fate=Fate(why.by.value),
        reason=why.reason,
        until=None if why.until is None else _midnight(why.until, zone),
        order_code=piece.order_code,
    )


def _indicator(urgencies: Sequence[Urgency], hook: str) -> str:
    most = highest(urgencies)
    if hook == ORDER_SELECT and most is Indicator.CRITICAL:
        return on_hook(Urgency.URGENT, hook).value
    return most.value


def _midnight(day: date, zone: ZoneInfo) -> int:
    """The beginning of a day, ms since 1970."""
    return int(datetime.combine(day, time(), zone).timestamp() * 1000)
