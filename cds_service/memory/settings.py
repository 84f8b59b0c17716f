"""How a site is reminded: what its tenant's table says, checked against the knowledge."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from zoneinfo import ZoneInfo

from cds_service.tenants.model import Memory, QuietBy, Tenant
from pathway.errors import KnowledgeError
from pathway.knowledge_base import KnowledgeBase
from pathway.quiet_policy import Periods, Policy
from pathway.rules import ACCEPTED

NEAR = 3  # known names that are told when one is unknown
LATE_DAYS = 35  # how much later than its card an answer may be given, and still quiet to its end
HUNDRED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteMemory:
    """All that considering a call of one site needs and that no call changes."""

    tenant: str
    zone: ZoneInfo
    knowledge: KnowledgeBase
    policy: Policy
    is_by_user: bool  # a user's own answers quiet, instead of anyone's
    days_back: int  # of the history that can matter

    def refused_by(self, retention_days: int) -> str | None:
        """Why calls that are kept for so long are not kept long enough for this site; None: they are."""
        if retention_days > self.days_back:
            return None
        return (
            f"answers keep cards quiet for up to {self.days_back - LATE_DAYS} days and may come {LATE_DAYS} "
            f"days late, so calls must be kept for more than {self.days_back} days; "
            f"BACKPATH_RETENTION_DAYS is {retention_days}"
        )

    @classmethod
    def of(cls, tenant: Tenant, knowledge: KnowledgeBase) -> "SiteMemory":
        """Make a tenant's settings ready.

        Raises:
            KnowledgeError: they name what is no recommendation, guard or answer; one line for each.
        """
        memory = tenant.memory
        if problems := list(_problems(memory, knowledge)):
            raise KnowledgeError("\n".join(problems))
        periods = Periods(
            knowledge=knowledge.quiet,
            guards=knowledge.guards,
            by_reason=memory.quiet,
            by_recommendation=memory.quiet_for,
        )
        return cls(
            tenant=tenant.id,
            zone=tenant.zone,
            knowledge=knowledge,
            policy=Policy(
                periods=periods,
                once_per_encounter=memory.once_per_encounter,
                cards_per_user=memory.cards_per_user,
                cards_per_patient=memory.cards_per_patient,
                shadow=memory.shadow is True,
                shadow_of=frozenset(_shadowed(memory)),
                rollout=memory.rollout_percent,
                rollout_of=memory.rollout,
            ),
            is_by_user=memory.quiet_by is QuietBy.USER,
            days_back=periods.longest + LATE_DAYS,
        )

    def place(self, patient_id: str) -> Callable[[str], int]:
        """Where a patient stands, 0 to 99, in the roll-out of a name: see `Policy.silenced`.

        By a hash keyed with the tenant's id. Not with its secret key: a patient would change sides when that
        is changed. The place itself is kept nowhere, and a raised percentage only adds patients.
        """

        def place(name: str) -> int:
            parts = (self.tenant, name, patient_id)
            message = "".join(f"{len(part)}:{part}" for part in parts).encode("utf-8", "surrogatepass")
            return int.from_bytes(sha256(message).digest()[:8], "big") % HUNDRED

        return place


def _shadowed(memory: Memory) -> tuple[str, ...]:
    return () if isinstance(memory.shadow, bool) else memory.shadow


def _problems(memory: Memory, knowledge: KnowledgeBase) -> Iterator[str]:
    """The names that nobody knows, each with its place in the tenant's table."""
    answers = (ACCEPTED, *knowledge.override_reasons)
    advised = {**knowledge.rules, **knowledge.guards}
    yield from _unknown("memory.quiet", "answer", memory.quiet, answers)
    yield from _unknown("memory.quiet_for", "recommendation or guard", memory.quiet_for, advised)
    for name, periods in memory.quiet_for.items():
        yield from _unknown(f"memory.quiet_for.{name}", "answer", periods, answers)
    yield from _unknown("memory.shadow", "recommendation or guard", _shadowed(memory), advised)
    yield from _unknown("memory.rollout", "recommendation or guard", memory.rollout, advised)


def _unknown(place: str, what: str, names: Iterable[str], known: Collection[str]) -> Iterator[str]:
    for name in names:
        if name not in known:
            near = ", ".join(get_close_matches(name, known, n=NEAR, cutoff=0.0))
            yield f"{place}: there is no such {what}: {name!r}; the nearest: {near}"
