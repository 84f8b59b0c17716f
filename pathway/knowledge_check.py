"""Cross-checks of the knowledge: every id that a file names must exist, every text must fill."""

import string
from collections.abc import Callable, Collection, Iterable, Iterator

from pathway.advice import Urgency
from pathway.checks import Check
from pathway.codelists import CONDITION_FILES, CodeRow
from pathway.evaluation import CHECKS
from pathway.knowledge_base import KnowledgeBase
from pathway.number_check import number_problems
from pathway.numbers import Number
from pathway.red_flags import FLAGS
from pathway.rules import ACCEPTED, CheckUse, Mark, Proposal, Rule, ServiceOrder
from pathway.state import DurationClass, Problem, StateId
from pathway.values import COMMON

MODALITIES = (
    "exercise-pt", "spinal-manipulation", "massage", "acupuncture", "cbt", "yoga", "mbsr",
    "progressive-relaxation", "multidisciplinary-rehab", "nsaid", "muscle-relaxant", "duloxetine",
)  # fmt: skip
PRIORITIES = ("routine", "urgent", "asap", "stat")
REQUIRED_TEXTS = ("check-red-flags", "undated-symptom", "risk-marker")
SUMMARY_LIMIT = 139  # CDS Hooks: fewer than 140 characters
# The longest a value gets on a summary: two flags, six sessions, a four-digit year.
_LONGEST = {
    "flags": "progressive motor deficit, cauda equina syndrome and 5 more",
    "problem": "neuropathic pain after spinal cord injury",
    "at_least": "at least ",
    "n": "3",
    "next_n": "3",
    "age": "105",
    "weeks": "5000",
    "days_since_esi": "9999",
    "pain": "10",
    "odi": "100",
}
_DATE = "2026-11-22"


def problems_of(knowledge: KnowledgeBase, rows: tuple[CodeRow, ...]) -> list[str]:
    """Everything that is wrong, one sentence each; empty when all is well."""
    inspector = Inspector(knowledge, rows)
    return [
        *inspector.states(),
        *inspector.thresholds(),
        *number_problems(knowledge),
        *inspector.texts(),
        *(problem for rule in knowledge.rules.values() for problem in inspector.rule(rule)),
        *inspector.seed(),
        *inspector.quiet(),
    ]


def placeholders(template: str) -> frozenset[str]:
    """The names in braces of a text template."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(template) if name is not None)


class Inspector:
    """Holds what the files may refer to."""

    def __init__(self, knowledge: KnowledgeBase, rows: tuple[CodeRow, ...]) -> None:
        self.knowledge = knowledge
        verified = [row for row in rows if row.verified]
        ingredients = [row for row in rows if row.file == "medications-ingredients.csv"]
        self.known_of: dict[str, Collection[str]] = {
            "concepts": {row.concept for row in verified if row.file in CONDITION_FILES},
            "drug classes": {row.concept for row in ingredients}
            | {row.concept for row in rows if row.file == "medications-scd.csv"}
            | {"contrast", "steroid", "local-anaesthetic"},
            "ingredients": {row.display for row in ingredients},
            "problems": [problem.value for problem in Problem],
            "durations": [length.value for length in DurationClass],
            "red flags": FLAGS,
        }
        self.order_concepts = {
            row.concept
            for row in verified
            if row.file in ("therapies.csv", "surgery-referral.csv", "imaging.csv", "esi.csv")
        } | set(MODALITIES)
        self.codes = {(row.system, row.code) for row in verified}

    def states(self) -> Iterator[str]:
        """States are the 18, and their candidates exist."""
        allowed = [state.value for state in StateId]
        yield from unequal("states.yaml", "state", self.knowledge.states, allowed)
        for state_id, entry in self.knowledge.states.items():
            for candidate in entry.candidates:
                place = f"states.yaml: {state_id}: candidate {candidate.id!r}"
                rule = self.knowledge.rules.get(candidate.id)
                if rule is None:
                    yield f"{place}: no such recommendation; known: {_listed(self.knowledge.rules)}"
                elif candidate.variant is not None and candidate.variant not in rule.variants:
                    variants = _listed(rule.variants)
                    yield f"{place}: no such variant {candidate.variant!r}; known: {variants}"
                for reference in candidate.when:
                    yield from self.reference(place, reference)

    def thresholds(self) -> Iterator[str]:
        """Thresholds are those that the code asks for, with evidence and within their bounds."""
        allowed = [number.value for number in Number]
        yield from unequal("thresholds.yaml", "threshold", self.knowledge.thresholds, allowed)
        for name, threshold in self.knowledge.thresholds.items():
            for day, value in threshold.values.items():
                place = f"thresholds.yaml: {name}: {day.isoformat()}"
                yield from self.evidence(place, value.evidence)
                if value.mark is Mark.VERIFIED and not value.evidence:
                    yield f"{place}: a value marked V needs evidence"
                low, high = threshold.minimum, threshold.maximum
                if (low is not None and value.value < low) or (high is not None and value.value > high):
                    yield f"{place}: {value.value} lies outside the bounds {low} to {high}"

    def texts(self) -> Iterator[str]:
        """Texts and common override reasons that the code needs are there."""
        for key in REQUIRED_TEXTS:
            if key not in self.knowledge.texts:
                yield f"texts.yaml: the text {key!r} is missing"
        for code in self.knowledge.common_override_reasons:
            yield from self.override("override-defaults.yaml", code)

    def seed(self) -> Iterator[str]:
        """Every statement of the seed is carried by something."""
        carried = {row for rule in self.knowledge.rules.values() for row in rule.seed}
        for row, statement in self.knowledge.seed.items():
            for state in statement.states:
                yield from known(f"seed.yaml: {row}: state", state, self.knowledge.states)
            if row not in carried and not statement.states and not statement.mechanisms:
                yield f"seed.yaml: {row}: no rule, state or mechanism carries it"

    def quiet(self) -> Iterator[str]:
        """Every answer has a period, and what differs is said of recommendations and guards that exist."""
        quiet = self.knowledge.quiet
        answers = (ACCEPTED, *self.knowledge.override_reasons)
        yield from unequal("quiet.yaml: periods", "answer", quiet.periods, answers)
        for answer in quiet.guards:
            yield from known("quiet.yaml: guards", answer, answers)
        for name, periods in quiet.by_recommendation.items():
            place = f"quiet.yaml: by_recommendation: {name}"
            if name not in self.knowledge.rules and name not in self.knowledge.guards:
                yield f"{place}: no such recommendation or guard"
            for answer in periods:
                yield from known(place, answer, answers)

    def rule(self, rule: Rule) -> Iterator[str]:
        """Every id of a rule exists, and its words can be filled."""
        place = f"rules/{rule.id}.yaml"
        yield from self.evidence(place, (rule.primary_source,))
        for line in (*rule.evidence.supports, *rule.evidence.against):
            yield from self.evidence(f"{place}: evidence", (line.source,))
            if line.first_when is not None:
                yield from self.reference(f"{place}: evidence", line.first_when)
        if rule.evidence.against_first_when is not None:
            yield from self.reference(f"{place}: evidence", rule.evidence.against_first_when)
        for row in rule.seed:
            yield from known(f"{place}: seed", row, self.knowledge.seed)
        for code in rule.override_reasons:
            yield from self.override(place, code)
        for modality in rule.tried_by:
            yield from known(f"{place}: tried_by", modality, MODALITIES)
        for concept in rule.open_orders:
            yield from known(f"{place}: open_orders", concept, self.order_concepts)
        for use in _uses(rule):
            yield from self.use(place, use)
        for number in rule.thresholds:
            yield from known(f"{place}: thresholds", number, self.knowledge.thresholds)
        urgencies = (rule.urgency, *(variant.urgency for variant in rule.variants.values()))
        yield from staying(place, Urgency.URGENT in urgencies, rule.must_stay)
        yield from self.words(place, rule)
        yield from self.proposals(place, rule)

    def borrowed(self, place: str, owner: str, proposal: Proposal) -> Iterator[str]:
        """A proposal that carries out another recommendation is one of that recommendation's own."""
        if owner not in self.knowledge.rules:
            yield from known(place, owner, self.knowledge.rules)
        elif proposal.order not in [own.order for own in self.knowledge.rules[owner].proposals]:
            yield f"{place}: {owner} proposes no such order"

    def use(self, place: str, use: CheckUse) -> Iterator[str]:
        """A use of a check names a check, what it takes, and values that it gives."""
        check = CHECKS.get(use.check)
        if check is None:
            yield f"{place}: no such check {use.check!r}; known: {_listed(CHECKS)}"
            return
        yield from self.asked_of(place, check, use.of)
        yield from self.evidence(f"{place}: {use.check}", use.evidence)
        allowed = {*COMMON, *check.values}
        for name in sorted(placeholders(use.text) - allowed):
            yield f"{place}: {use.check}: no such value {{{name}}}; known: {_listed(allowed)}"

    def asked_of(self, place: str, check: Check, of: tuple[str, ...]) -> Iterator[str]:
        """What a check is asked about is of the kind that it takes."""
        if check.takes is None:
            if of:
                yield f"{place}: the check {check.name!r} takes nothing after it; found {', '.join(of)}"
            return
        if not of:
            yield f"{place}: the check {check.name!r} needs {check.takes}"
        for word in of:
            yield from known(f"{place}: {check.name}", word, self.known_of[check.takes])

    def reference(self, place: str, reference: str) -> Iterator[str]:
        """A check reference names a check."""
        name, _, of = reference.removeprefix("!").partition(":")
        check = CHECKS.get(name)
        if check is None:
            yield f"{place}: no such check {name!r}; known: {_listed(CHECKS)}"
        else:
            yield from self.asked_of(place, check, (of,) if of else ())

    def words(self, place: str, rule: Rule) -> Iterator[str]:
        """Every placeholder is known, and every summary fits when filled with the longest values."""
        own = {name for use in _uses(rule) if use.check in CHECKS for name in CHECKS[use.check].values}
        allowed = {*COMMON, *own}
        summaries = [rule.summary, *(v.summary for v in rule.variants.values() if v.summary)]
        reasons = [rule.why, *rule.says, *(v.why for v in rule.variants.values() if v.why)]
        orders = [text for p in rule.proposals for text in (p.label, p.description)]
        for template in (*summaries, *reasons, *orders):
            for name in sorted(placeholders(template) - allowed):
                yield f"{place}: no such value {{{name}}}; known: {_listed(allowed)}"
        for summary in summaries:
            longest = len(filled(summary))
            if longest > SUMMARY_LIMIT:
                yield f"{place}: summary may reach {longest} characters; allowed: {SUMMARY_LIMIT}"

    def proposals(self, place: str, rule: Rule) -> Iterator[str]:
        """Proposals have unique ids, known checks, and verified codes."""
        ids = [proposal.id for proposal in rule.proposals]
        yield from (
            f"{place}: proposal {i!r} stands twice" for i in sorted({i for i in ids if ids.count(i) > 1})
        )
        for name, variant in rule.variants.items():
            for proposal_id in variant.proposals or ():
                yield from known(f"{place}: variant {name}", proposal_id, ids)
        for proposal in rule.proposals:
            spot = f"{place}: proposal {proposal.id}"
            if proposal.recommendation is not None:
                yield from self.borrowed(spot, proposal.recommendation, proposal)
            for reference in proposal.when:
                yield from self.reference(spot, reference)
            order = proposal.order
            if isinstance(order, ServiceOrder):
                yield from known(f"{spot}: priority", order.priority, PRIORITIES)
                if order.occurrence != "as-of":
                    yield from known(f"{spot}: occurrence", order.occurrence, COMMON)
            codes = order.codes if isinstance(order, ServiceOrder) else (order.code,)
            for coded in codes:
                if (coded.system, coded.code) not in self.codes:
                    yield f"{spot}: {coded.code} is no verified code of {coded.system} in the terminology"

    def evidence(self, place: str, ids: Iterable[str]) -> Iterator[str]:
        """Evidence ids exist."""
        for evidence_id in ids:
            yield from known(f"{place}: evidence", evidence_id, self.knowledge.evidence)

    def override(self, place: str, code: str) -> Iterator[str]:
        """An override reason exists."""
        yield from known(f"{place}: override reason", code, self.knowledge.override_reasons)


def _uses(rule: Rule) -> tuple[CheckUse, ...]:
    return (*rule.show_if, *rule.durations, *rule.contraindications, *rule.cautions, *rule.blockers)


def known(place: str, word: str, allowed: Collection[str]) -> Iterator[str]:
    """A sentence when a word is none of the allowed ones."""
    if word not in allowed:
        yield f"{place}: no such word {word!r}; allowed: {_listed(allowed)}"


def staying(place: str, is_urgent: bool, must_stay: str | None) -> Iterator[str]:  # noqa: FBT001 - a claim
    """A sentence when a site could switch off what is urgent."""
    if is_urgent and must_stay is None:
        yield f"{place}: what is urgent must not be switched off; say why under `must_stay`"


def unequal(file: str, what: str, found: Collection[str], allowed: Collection[str]) -> Iterator[str]:
    """Sentences for names that are missing and for names that nobody knows."""
    yield from (f"{file}: the {what} {name!r} is missing" for name in allowed if name not in found)
    for name in found:
        yield from known(f"{file}: {what}", name, allowed)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))


def filled(template: str) -> str:
    """A summary as long as it can get."""
    fill: Callable[[str], str] = lambda name: _LONGEST.get(name, _DATE)  # noqa: E731 - one expression
    return "".join(
        text + (fill(name) if name else "") for text, name, _, _ in string.Formatter().parse(template)
    )
