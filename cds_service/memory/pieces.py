"""The items of one call's advice, each with what is remembered of it, and the advice without some of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import msgspec

from cds_service.decision import Judged
from cds_service.memory.identities import TenantIdentities
from cds_service.memory.settings import SiteMemory
from fhir_mappings.order_codes import order_code
from pathway.advice import Advice, Advised
from pathway.evaluation import REVIEW
from pathway.fingerprints import Fingerprints
from pathway.guards import GuardAdvice, Warned
from pathway.quieting import Held, Item, Past, held, without, without_warnings


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One item of an advice."""

    place: int  # among all that was advised
    item: Item
    fingerprint: bytes = field(repr=False)  # by the current key
    order_code: bytes | None = field(default=None, repr=False)
    variant: str | None = None
    order: str | None = field(default=None, repr=False)  # of a guard: the draft by name


class Pieces:
    """The items of one call."""

    def __init__(self, judged: Judged, site: SiteMemory, own: TenantIdentities, patient_id: str) -> None:
        """Take an advice apart.

        Args:
            judged: What was decided.
            site: How the site wants it.
            own: The site's hashes.
            patient_id: Bare FHIR id.
        """
        self._judged = judged
        self._site = site
        self._own = own
        self._fingerprints = Fingerprints(judged.advice.situation)
        self.standing = site.place(patient_id)  # in the roll-out
        self.all = self._of(judged.advice)

    def held(self, past: Past, today: date) -> Mapping[int, Held]:
        """Which of them are not said, before caps: see `pathway.quieting.held`."""
        return held([piece.item for piece in self.all], past, self._site.policy, today, self.standing)

    def without(self, found: Mapping[int, Held]) -> tuple[Judged, tuple[Piece, ...]]:
        """The advice without those that are held, and the pieces on its cards."""
        if not found:
            return self._judged, self.all
        advice = self._judged.advice
        if isinstance(advice, GuardAdvice):
            kept = [piece for piece in self.all if piece.place not in found]
            left: Advice | GuardAdvice = without_warnings(advice, found)
            return replace(self._judged, advice=left), tuple([_on(card, p) for card, p in enumerate(kept)])
        may_review = self._site.policy.silenced(REVIEW, self.standing) is None
        left = without(advice, found, self._site.knowledge, may_review=may_review)
        return replace(self._judged, advice=left), self._again(left)

    def _again(self, advice: Advice) -> tuple[Piece, ...]:
        """The pieces of an advice that was planned anew."""
        known = {piece.item.id: piece for piece in self.all}
        items = [(card, item) for card, plan in enumerate(advice.cards) for item in plan.items]
        return tuple(
            [
                _on(card, known[item.id])
                if item.id in known
                else self._recommended(len(self.all) + place, card, item)
                for place, (card, item) in enumerate(items)
            ]
        )

    def _of(self, advice: Advice | GuardAdvice) -> tuple[Piece, ...]:
        if isinstance(advice, GuardAdvice):
            return tuple([self._warned(place, warned) for place, warned in enumerate(advice.warnings)])
        items = [(card, item) for card, plan in enumerate(advice.cards) for item in plan.items]
        return tuple([self._recommended(place, card, item) for place, (card, item) in enumerate(items)])

    def _recommended(self, place: int, card: int, advised: Advised) -> Piece:
        hashes = self._own.all_fingerprint(self._fingerprints.of_advised(advised))
        item = Item(id=advised.id, urgency=advised.urgency, card=card, fingerprints=frozenset(hashes))
        return Piece(place=place, item=item, fingerprint=hashes[0], variant=advised.variant)

    def _warned(self, place: int, warned: Warned) -> Piece:
        hashes = self._own.all_fingerprint(self._fingerprints.of_warned(warned))
        code = order_code(self._judged.drafts[warned.draft])
        codes = () if code is None else self._own.all_order_code(*code)
        item = Item(
            id=warned.id,
            urgency=warned.urgency,
            card=place,
            fingerprints=frozenset(hashes),
            order_codes=frozenset(codes),
        )
        return Piece(
            place=place,
            item=item,
            fingerprint=hashes[0],
            order_code=codes[0] if codes else None,
            variant=warned.level,
            order=warned.ref,
        )


def _on(card: int, piece: Piece) -> Piece:
    return replace(piece, item=msgspec.structs.replace(piece.item, card=card))
