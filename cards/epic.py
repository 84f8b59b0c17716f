"""The dialect of Epic, after its CDS Hooks tutorial (https://fhir.epic.com/Documentation?docId=cds-hooks).

What Epic does not do is said in words, so that no advice is lost:

* `selectionBehavior` is only `any`: each drug to choose from says that at most one may be taken (ADR 17).
* A suggestion has one action; one with several becomes several.
* What is shown of a suggestion is its action's description; its label and the order's details are not.
* Orders are created and deleted, not changed: a change is told in the card's detail (ADR 18).
* An order is found by the site's code for it, else by ours, their systems as OIDs (ADR 18).
* A clinician's override is kept by `source.topic.code`: alphanumeric, and static.
"""

from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID, uuid5

import msgspec

from cards import markdown
from cards.additions import without_additions
from cards.proposals import MAIN, Proposals
from cards.resources import Annotation, CodeableConcept, FhirCoding, MedicationRequest, ServiceRequest
from cards.site_codes import SiteCodes, codings_of, created, recoded, with_order
from cards.sources import TOPIC_SYSTEM
from cards.wire import Answer, Card, Coding, SelectionBehavior, Suggestion
from pathway.advice import CardKind
from pathway.knowledge_base import KnowledgeBase

PREFERENCE_LIST_ITEM = "urn:com.epic.cdshooks.action.code.system.preference-list-item"
ORDER_SET_ITEM = "urn:com.epic.cdshooks.action.code.system.orderset-item"

# The five cards of b.3: the code by which Epic keeps an override, and its name (contract).
TOPICS: Mapping[CardKind, tuple[str, str]] = {
    CardKind.STATE: ("lbpNextStep", "Low back pain: next step"),
    CardKind.NON_DRUG: ("lbpNonDrug", "Low back pain: non-drug options"),
    CardKind.DRUG: ("lbpDrug", "Low back pain: drug options"),
    CardKind.INTERVENTION: ("lbpIntervention", "Low back pain: imaging, injection, referral"),
    CardKind.EVIDENCE: ("lbpEvidence", "Low back pain: scores, limits of the evidence"),
}

# Epic documents RxNorm, NDC and ICD-10 by OID; our other code systems are named in the same way.
# https://hl7.org/fhir/R4/terminologies-systems.html
OIDS: Mapping[str, str] = {
    "http://www.nlm.nih.gov/research/umls/rxnorm": "urn:oid:2.16.840.1.113883.6.88",
    "http://hl7.org/fhir/sid/ndc": "urn:oid:2.16.840.1.113883.6.69",
    "http://hl7.org/fhir/sid/icd-10-cm": "urn:oid:2.16.840.1.113883.6.90",
    "http://www.ama-assn.org/go/cpt": "urn:oid:2.16.840.1.113883.6.12",
    "http://snomed.info/sct": "urn:oid:2.16.840.1.113883.6.96",
    "http://loinc.org": "urn:oid:2.16.840.1.113883.6.1",
    "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets": "urn:oid:2.16.840.1.113883.6.285",
}

AT_MOST_ONE = "At most one of these drugs"
BY_HAND = "To change in the order by hand"


class EpicDialect:
    """Answers for Epic; holds what neither patient nor order changes."""

    def __init__(self, knowledge: KnowledgeBase, codes: SiteCodes, proposals: Proposals) -> None:
        self._topics = Topics(knowledge)
        self._codes = codes
        self._proposals = proposals

    def __call__(self, answer: Answer) -> Answer:
        """The answer as Epic takes it."""
        cards = [self._card(card, place) for place, card in enumerate(answer.cards)]
        return msgspec.structs.replace(answer, cards=tuple(cards))

    def _card(self, card: Card, place: int) -> Card:
        suggestions = card.suggestions
        if card.selection_behavior is SelectionBehavior.AT_MOST_ONE:
            suggestions = self._told_to_exclude(suggestions)
        single = [one for suggestion in suggestions for one in _one_action_each(suggestion)]
        changes = [one.actions[0].description for one in single if one.actions[0].type == "update"]
        kept = [one for one in single if one.actions[0].type != "update"]
        return msgspec.structs.replace(
            without_additions(card),
            detail=_with_changes(card.detail, changes),
            source=msgspec.structs.replace(card.source, topic=self._topics.of(card, place)),
            selection_behavior=SelectionBehavior.ANY if kept else None,
            suggestions=tuple(map(self._coded, kept)),
        )

    def _told_to_exclude(self, suggestions: tuple[Suggestion, ...]) -> tuple[Suggestion, ...]:
        """Those to choose from say so; what goes with one of them (naloxone with an opioid) does not.

        Before they are parted: the actions of one drug belong together, and exclude other drugs alone.
        """
        are_choices = [self._is_choice(suggestion) for suggestion in suggestions]
        if sum(are_choices) < 2:
            return suggestions
        return tuple(
            _described(one, f"{AT_MOST_ONE}: ") if is_choice else one
            for one, is_choice in zip(suggestions, are_choices, strict=True)
        )

    def _is_choice(self, suggestion: Suggestion) -> bool:
        known = self._proposals.of(suggestion)
        return known is None or known.slot == MAIN

    def _coded(self, suggestion: Suggestion) -> Suggestion:
        """The order under the code by which Epic is to find it."""
        order, site = created(suggestion), self._codes.of(suggestion)
        if order is None:
            return suggestion
        if site is None:
            return with_order(suggestion, recoded(order, tuple(map(_by_oid, codings_of(order)))))
        if site.system == ORDER_SET_ITEM and isinstance(order, MedicationRequest):
            order = _as_service(order)
        return with_order(suggestion, recoded(order, (site,)))


class Topics:
    """The topics of cards, each a constant of the product."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        self.of_kinds = {kind: _topic(code, name) for kind, (code, name) in TOPICS.items()}
        self.of_guards = {g.id: _topic(g.id.replace("-", ""), g.title) for g in knowledge.guards.values()}
        self._kinds = {rule.id: rule.card for rule in knowledge.rules.values()}

    def of(self, card: Card, place: int) -> Coding:
        """The topic of a card: of its guard, else of its kind.

        The first card of chart open is that of the state, whatever leads it (b.3): so it is with the
        whole answer that a dialect works.
        """
        first = card.extension.org_backpath.recommendations[0]
        if first in self.of_guards:
            return self.of_guards[first]
        return self.of_kinds[CardKind.STATE if place == 0 else self._kinds[first]]


def _topic(code: str, display: str) -> Coding:
    return Coding(system=TOPIC_SYSTEM, code=code, display=display)


def _one_action_each(suggestion: Suggestion) -> Iterator[Suggestion]:
    """One suggestion for each action; the first keeps the uuid, and is the one that may be preselected."""
    total = len(suggestion.actions)
    if total == 1:
        yield suggestion
        return
    for number, action in enumerate(suggestion.actions, start=1):
        told = f"{number} of {total} that belong together: {action.description}"
        yield msgspec.structs.replace(
            suggestion,
            label=f"{suggestion.label} ({number} of {total})",
            uuid=suggestion.uuid if number == 1 else str(uuid5(UUID(suggestion.uuid), str(number))),
            is_recommended=suggestion.is_recommended and number == 1,
            actions=(msgspec.structs.replace(action, description=told),),
        )


def _described(suggestion: Suggestion, beginning: str) -> Suggestion:
    """The suggestion with its first words; of several actions each has them."""
    told = tuple(
        [msgspec.structs.replace(a, description=beginning + a.description) for a in suggestion.actions]
    )
    return msgspec.structs.replace(suggestion, actions=told)


def _with_changes(detail: str, changes: Iterable[str]) -> str:
    """The detail with what would be an `update` elsewhere, for the clinician to do."""
    lines = "\n".join(f"- {markdown.escaped_line(change)}" for change in changes)
    return f"{detail}\n\n**{BY_HAND}**\n\n{lines}" if lines else detail


def _by_oid(coding: FhirCoding) -> FhirCoding:
    return msgspec.structs.replace(coding, system=OIDS.get(coding.system, coding.system))


def _as_service(drug: MedicationRequest) -> ServiceRequest:
    """A drug that the site orders by an order set: Epic takes those as ServiceRequest alone."""
    return ServiceRequest(
        status=drug.status,
        intent=drug.intent,
        priority="routine",
        code=CodeableConcept(text=drug.medication_codeable_concept.text),
        subject=drug.subject,
        occurrence_date_time=drug.authored_on,
        authored_on=drug.authored_on,
        reason_reference=drug.reason_reference,
        note=tuple([Annotation(text=dosage.text) for dosage in drug.dosage_instruction]),
    )
