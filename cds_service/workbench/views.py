"""What a patient's page shows, ready for its template: nothing is decided here."""

import html
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from cds_service.picture.names import charted
from cds_service.sites import Site
from cds_service.workbench.acting import Done
from cds_service.workbench.additions import FACTS, ORDERS
from cds_service.workbench.answers import ReadCard, ReadHeld, ReadSuggestion, without_words
from cds_service.workbench.calling import Sent
from cds_service.workbench.documents import Json, pretty, shown, written
from cds_service.workbench.drafting import CHART, SELECT, SIGN, ref_of
from cds_service.workbench.markdown_html import html_of, is_web
from cds_service.workbench.moments import moments
from cds_service.workbench.page_state import PageState
from cds_service.workbench.records import drafts, label_of, patient
from cds_service.workbench.what_if import removable, scores
from pathway.facts import Instrument
from pathway.state import StateId

INDICATORS = {"info": "Information", "warning": "Warning", "critical": "Critical"}
HOOKS = {CHART: "Chart opened", SELECT: "Orders selected", SIGN: "Orders about to be signed"}
NEW_SCORES = {
    Instrument.NRS: "Pain now, 0 to 10 (NRS)",
    Instrument.ODI: "Oswestry Disability Index, %",
    Instrument.PEG: "PEG, 0 to 10",
    Instrument.PROMIS_PI: "PROMIS pain interference, T-score",
    Instrument.START_BACK: "STarT Back, 0 to 9",
    Instrument.PHQ9: "PHQ-9, 0 to 27",
    Instrument.EGFR: "eGFR, mL/min/1.73 m²",
    Instrument.INR: "INR",
    Instrument.PLATELETS: "Platelets, 10³/µL",
}
WHY_HELD = {
    "accepted": "it was accepted",
    "shadow": "the site tries it out unseen",
    "control": "the patient is in the control group",
}
MOST_PRETTY = 100_000  # bytes of a document that is laid out over lines
MOST_SHOWN = 200_000  # characters of a document
MOST_LISTED = 400  # entries of a list
HEREDOC = "BACKPATH_REQUEST"


@dataclass(frozen=True, slots=True)
class ShownAction:
    """One action of a suggestion, with its document for the eye."""

    words: str
    document: str | None


@dataclass(frozen=True, slots=True)
class ShownSuggestion:
    """A suggestion as a button, and what it does."""

    suggestion: ReadSuggestion
    actions: tuple[ShownAction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCard:
    """A card as an EHR shows it."""

    card: ReadCard
    indicator: str  # a known one
    urgency: str  # the indicator in words
    detail: Markup
    source_url: str | None  # only to the web
    suggestions: tuple[ShownSuggestion, ...]
    links: tuple[tuple[str, str | None, str], ...]  # label, URL to the web, type


@dataclass(frozen=True, slots=True)
class ShownHeld:
    """What is advised and not shown."""

    title: str
    why: str
    until: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientView:
    """One patient's page."""

    name: str
    about: tuple[str, ...]  # what a reader should know first
    sent: Sent
    state: PageState
    done: Done | None
    curl: str

    @property
    def packed(self) -> str:
        """The state, for forms."""
        return self.state.packed()

    @property
    def hook(self) -> str:
        """The hook in words."""
        return HOOKS[self.sent.asked.hook]

    @property
    def is_chart(self) -> bool:
        """No order is being written."""
        return self.sent.asked.hook == CHART

    @property
    def is_signed(self) -> bool:
        """The orders are about to be signed."""
        return self.sent.asked.hook == SIGN

    @property
    def can(self) -> frozenset[str]:
        """The hooks that the site is offered services for."""
        return frozenset(service.hook for service in self.sent.site.services.values())

    @property
    def state_title(self) -> str:
        """The pathway state in words."""
        return self.sent.site.decider.knowledge.states[StateId(self.sent.answer.extension.ids.state)].title

    @property
    def cards(self) -> Iterator[ShownCard]:
        """The cards, in the answer's order."""
        return map(_card, self.sent.answer.cards)

    @property
    def held(self) -> Iterator[ShownHeld]:
        """What memory keeps back."""
        return (_held(held, self.sent.site) for held in self.sent.answer.extension.ids.held_back)

    @property
    def fhir_server(self) -> str | None:
        """The base that suggestions are created at."""
        return self.sent.asked.fhir_server

    @property
    def movable(self) -> list[str]:
        """Labels of what can be moved."""
        return [moment.label for moment in moments(self.sent.request)]

    @property
    def scores(self) -> list[str]:
        """Labels of what was measured."""
        return [score.label for score in scores(self.sent.request)[:MOST_LISTED]]

    @property
    def removable(self) -> list[str]:
        """Labels of what can be taken out."""
        return [label_of(resource) for resource in removable(self.sent.request)[:MOST_LISTED]]

    @property
    def drafts(self) -> list[tuple[str, str, str]]:
        """`Type/id`, words and day of each draft order."""
        return [
            (ref_of(one), label_of(one), str(one.get("occurrenceDateTime") or "today"))
            for one in drafts(self.sent.request)
        ]

    @property
    def request_text(self) -> Markup:
        """The request for the eye; of a large one the beginning."""
        return _content(_cut(_laid_out(written(self.sent.request))))

    @property
    def answer_text(self) -> Markup:
        """The answer for the eye."""
        return _content(_cut(_laid_out(self.sent.body)))

    @property
    def command(self) -> Markup:
        """The request to copy, whole."""
        return _content(self.curl)

    @property
    def choices(self) -> "Choices":
        """The lists of the forms."""
        return CHOICES


@dataclass(frozen=True, slots=True)
class Choices:
    """Lists that are the same for every patient: value and words."""

    facts: tuple[tuple[str, str], ...]
    orders: tuple[tuple[str, str], ...]
    scores: tuple[tuple[str, str], ...]


CHOICES = Choices(
    tuple((name, choice.words) for name, choice in FACTS.items()),
    tuple((name, choice.words) for name, choice in ORDERS.items()),
    tuple((instrument.value, words) for instrument, words in NEW_SCORES.items()),
)


def patient_view(
    sent: Sent,
    *,
    base_url: str,
    sample: str | None = None,
    about: Sequence[str] = (),
    steps: tuple[str, ...] = (),
    done: Done | None = None,
) -> PatientView:
    """The page after a call.

    Args:
        sent: The call.
        base_url: Where clients call this service.
        sample: Id of the sample patient.
        about: What a reader should know of the patient.
        steps: What was changed since the patient was chosen.
        done: What was just done.
    """
    state = PageState(
        site=sent.site.tenant.id,
        sample=sample,
        request=sent.request,
        answer=without_words(sent.answer),
        steps=steps,
    )
    return PatientView(
        name=name_of_patient(sent.request),
        about=tuple(about),
        sent=sent,
        state=state,
        done=done,
        curl=curl(f"{base_url}/cds-services/{sent.service_id}", sent.request),
    )


def curl(url: str, request: Json) -> str:
    """A command that sends the same request; JSON holds no line that is the end mark alone."""
    body = _laid_out(written(request))
    return (
        f"curl -s -H 'Content-Type: application/json' --data-binary @- '{url}' <<'{HEREDOC}'\n"
        f"{body}\n{HEREDOC}\n"
    )


def name_of_patient(request: Json) -> str:
    """The name that the record gives, else the id."""
    record = patient(request)
    names = record.get("name")
    for name in names if isinstance(names, list) else ():
        if isinstance(name, dict):
            parts = [*_texts(name.get("given")), *_texts([name.get("family")])]
            text = name.get("text") if isinstance(name.get("text"), str) else " ".join(parts)
            if text:
                return charted(str(text))
    return charted(f"Patient {record.get('id') or ''}".strip())


def age_of(request: Json, on: date) -> str | None:
    """Born when, for the head of the page."""
    born = patient(request).get("birthDate")
    if not isinstance(born, str) or not born[:4].isdigit():
        return None
    years = on.year - int(born[:4]) - (on.isoformat()[5:10] < born[5:10])
    return f"born {charted(born)}, {years} years"


def _texts(values: object) -> list[str]:
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _card(card: ReadCard) -> ShownCard:
    url = card.source.url
    return ShownCard(
        card=card,
        indicator=card.indicator if card.indicator in INDICATORS else "info",
        urgency=INDICATORS.get(card.indicator, card.indicator),
        detail=html_of(card.detail),
        source_url=url if url is not None and is_web(url) else None,
        suggestions=tuple(ShownSuggestion(one, tuple(_actions(one))) for one in card.suggestions),
        links=tuple((link.label, link.url if is_web(link.url) else None, link.type) for link in card.links),
    )


def _actions(suggestion: ReadSuggestion) -> Iterable[ShownAction]:
    for action in suggestion.actions:
        document = None if action.resource is None else shown(action.resource)
        of = f" {action.of}" if action.type in ("delete", "update") else ""
        yield ShownAction(f"{action.type}{of}: {action.description}", document)


def _held(held: ReadHeld, site: Site) -> ShownHeld:
    knowledge, name = site.decider.knowledge, held.recommendation
    rule = knowledge.rules.get(name) or knowledge.guards.get(name)
    reasons = {row.code: row.display for row in site.decider.rows if row.file == "override-reasons.csv"}
    why = WHY_HELD.get(held.reason) or reasons.get(held.reason) or held.reason
    return ShownHeld(rule.title if rule else name, why, held.until)


def _cut(text: str) -> str:
    if len(text) <= MOST_SHOWN:
        return text
    return f"{text[:MOST_SHOWN]}\n… {len(text) // 1000} kB in all; the command below holds it whole"


def _content(text: str) -> Markup:
    """Text between tags, where quotes stand for themselves: JSON is half as long as with them escaped."""
    return Markup(html.escape(text, quote=False))  # noqa: S704 - escaped here


def _laid_out(document: bytes) -> str:
    return pretty(document) if len(document) <= MOST_PRETTY else document.decode()
