"""The coded reasons with which a clinician may override a card."""

from collections.abc import Iterable

from cards.wire import Coding
from pathway.errors import KnowledgeError
from pathway.guard_rules import Guard
from pathway.knowledge_base import KnowledgeBase
from pathway.rules import OverrideReason, Rule

SYSTEM = "urn:backpath:override-reason"
LAST = "other"  # the reason that asks for free text ends the list


class OverrideReasons:
    """The reasons of each recommendation and guard: the common ones, then its own, then "other"."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        """Look every reason up once.

        Raises:
            KnowledgeError: a rule or guard names a reason that override-reasons.csv lacks.
        """
        self._reasons = knowledge.override_reasons
        common = self._codings(knowledge.common_override_reasons, "override-defaults.yaml")
        self._common = tuple(reason for reason in common if reason.code != LAST)
        self._last = tuple(reason for reason in common if reason.code == LAST)
        self._usual = (*self._common, *self._last)
        listed: tuple[tuple[str, Iterable[Rule | Guard]], ...] = (
            ("rules", knowledge.rules.values()),
            ("guards", knowledge.guards.values()),
        )
        self._own = {
            entry.id: self._beyond_usual(entry.override_reasons, f"{folder}/{entry.id}.yaml")
            for folder, entries in listed
            for entry in entries
        }

    def of(self, recommendations: Iterable[str]) -> tuple[Coding, ...]:
        """The reasons of a card that carries these recommendations or guards, each once."""
        own = {reason.code: reason for name in recommendations for reason in self._own[name]}
        return (*self._common, *own.values(), *self._last) if own else self._usual

    def _beyond_usual(self, codes: Iterable[str], file: str) -> tuple[Coding, ...]:
        return tuple(reason for reason in self._codings(codes, file) if reason not in self._usual)

    def _codings(self, codes: Iterable[str], file: str) -> tuple[Coding, ...]:
        return tuple(_coding(self._known(code, file)) for code in codes)

    def _known(self, code: str, file: str) -> OverrideReason:
        reason = self._reasons.get(code)
        if reason is None:
            allowed = ", ".join(sorted(self._reasons))
            raise KnowledgeError(f"{file}: override reason '{code}' is unknown; allowed: {allowed}")
        return reason


def _coding(reason: OverrideReason) -> Coding:
    return Coding(system=SYSTEM, code=reason.code, display=reason.display)
