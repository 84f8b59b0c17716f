"""Which values a label may have; any other is counted as "other", so that nobody can make up new ones."""

from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus

from werkzeug.exceptions import default_exceptions

from cds_service.errors import STATUS
from cds_service.fetching.refusals import Why
from cds_service.launch.troubles import Trouble
from cds_service.memory.records import Fate
from cds_service.trust.errors import Reason
from cds_service.trust.keys import NO_KEY_SET
from cds_service.watching.stages import Stage
from pathway.facts import GAP_CODES
from pathway.knowledge_base import KnowledgeBase
from pathway.quieting import ENCOUNTER, PATIENT_CAP, USER_CAP

OTHER = "other"
FETCHED = "ok"  # the outcome of a request that brought what was asked for
DEFECT = "defect"  # the reason of a 500
ILL_FORMED, NOT_KEPT = "ill-formed", "not-kept"  # why feedback is refused
HOOKS = ("patient-view", "order-select", "order-sign")
OUTCOMES = ("accepted", "overridden")
BEGUN, GRANTED, SHOWN = "begun", "granted", "shown"  # steps of a launch
LAUNCH_STEPS = (BEGUN, GRANTED, SHOWN)
INDICATORS = ("info", "warning", "critical")
HELD_BY = (OTHER, *OUTCOMES, USER_CAP, PATIENT_CAP, ENCOUNTER, *Fate)
OURS = (NO_KEY_SET, DEFECT, ILL_FORMED, NOT_KEPT)


class Words:
    """What the labels may say."""

    def __init__(
        self,
        knowledge: KnowledgeBase,
        *,
        tenants: Callable[[], Collection[str]],
    ) -> None:
        """Of this knowledge.

        Args:
            knowledge: Gives the ids of recommendations and guards, and the override reasons.
            tenants: The ids in force now; asked only about those not seen yet.
        """
        self._tenants = tenants
        # `reason` means something else in each metric, and no word of one is wrong in another
        reasons = {*knowledge.override_reasons, *HELD_BY, *Reason, *Why, *OURS}
        errors = {error.__name__ for error in (*STATUS, *default_exceptions.values())}
        self._known: Mapping[str, frozenset[str]] = {
            "hook": frozenset(HOOKS),
            "stage": frozenset(Stage),
            "indicator": frozenset(INDICATORS),
            "recommendation": frozenset({*knowledge.rules, *knowledge.guards}),
            "fate": frozenset(Fate),
            "reason": frozenset(map(str, reasons | errors)),
            "code": frozenset(GAP_CODES),
            "status": frozenset(str(int(status)) for status in HTTPStatus),
            "outcome": frozenset({*OUTCOMES, FETCHED, *Why, *LAUNCH_STEPS, *Trouble}),
        }

    def bounded(self, labels: tuple[str, ...], values: tuple[str, ...]) -> tuple[str, ...]:
        """The values, each unknown one as "other"."""
        pairs = zip(labels, values, strict=True)
        return tuple(value if self._knows(label, value) else OTHER for label, value in pairs)

    def _knows(self, label: str, value: str) -> bool:
        return value in (self._tenants() if label == "tenant" else self._known[label])
