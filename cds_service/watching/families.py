"""The metrics: names, labels and meanings. Labels hold our words and ids alone (see `words`).

https://prometheus.io/docs/practices/naming/
"""

import msgspec


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """One metric."""

    name: str  # of a counter without `_total`
    help: str
    labels: tuple[str, ...] = ()


class Counter(Family, frozen=True, kw_only=True):
    """Only grows."""

    type: str = "counter"


class Histogram(Family, frozen=True, kw_only=True):
    """How values are spread."""

    bounds: tuple[float, ...]  # upper ones, without infinity
    type: str = "histogram"


# Fine where it counts: most calls answer within 100 ms, a call that fetches within BACKPATH_BUDGET_MS (400),
# and EHRs stop waiting at 500 ms and later.
CALL_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0)
REQUEST_BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 1.0, 2.5)

CALLS = Histogram(
    name="backpath_call_duration_seconds",
    help="Answered hook calls: from the request to the answer.",
    labels=("hook", "tenant"),
    bounds=CALL_BOUNDS,
)
STAGES = Counter(
    name="backpath_stage_seconds",
    help="Where the time of answered hook calls went.",
    labels=("stage",),
)
CARDS = Counter(
    name="backpath_cards",
    help="Cards that were sent.",
    labels=("hook", "indicator"),
)
RECOMMENDATIONS = Counter(
    name="backpath_recommendations",
    help="Recommendations and guards that were advised, and what became of them.",
    labels=("recommendation", "fate"),
)
HELD = Counter(
    name="backpath_held_back",
    help="Recommendations and guards that were not shown, and why.",
    labels=("fate", "reason"),
)
GAPS = Counter(
    name="backpath_data_gaps",
    help="Hook calls with a data gap of this code.",
    labels=("code",),
)
MEMORY_NOT_ASKED = Counter(
    name="backpath_memory_not_asked",
    help="Hook calls that were answered without the history of the patient: it was late or away.",
    labels=("hook",),
)
UNRECORDED = Counter(
    name="backpath_unrecorded_calls",
    help="Hook calls that were answered and could not be written down.",
    labels=("hook",),
)
REFUSED = Counter(
    name="backpath_refused_requests",
    help="Requests that got an error, by status and reason; 500 is a defect of the service.",
    labels=("status", "reason"),
)
FETCHES = Histogram(
    name="backpath_fhir_request_duration_seconds",
    help="Requests to the clients' FHIR servers, by outcome.",
    labels=("outcome",),
    bounds=REQUEST_BOUNDS,
)
KEY_FAILURES = Counter(
    name="backpath_key_fetch_failures",
    help="Key sets of clients that could not be fetched.",
    labels=("tenant", "reason"),
)
FEEDBACK = Counter(
    name="backpath_feedback",
    help="Items of feedback that were kept.",
    labels=("tenant", "outcome"),
)
FEEDBACK_REFUSED = Counter(
    name="backpath_feedback_refused",
    help="Items of feedback that were not kept: ill-formed, or there was no place for them.",
    labels=("reason",),
)
LAUNCHES = Counter(
    name="backpath_launches",
    help="Steps of SMART launches: begun, granted, shown, or why one came to no page.",
    labels=("tenant", "outcome"),
)
FAMILIES: tuple[Counter | Histogram, ...] = (
    CALLS,
    STAGES,
    CARDS,
    RECOMMENDATIONS,
    HELD,
    GAPS,
    MEMORY_NOT_ASKED,
    UNRECORDED,
    REFUSED,
    FETCHES,
    KEY_FAILURES,
    FEEDBACK,
    FEEDBACK_REFUSED,
    LAUNCHES,
)

# read when they are asked for, so no process keeps them
STORE_UP = Family(name="backpath_store_up", help="Whether the store answers: 1 or 0.")
OUTBOX = Family(name="backpath_outbox_rows", help="Records on disk that the store does not have yet.")
TENANTS = Family(name="backpath_tenants", help="Tenants in force.")
INFO = Family(
    name="backpath_info",
    help="Always 1; its labels say which program and knowledge answer.",
    labels=("version", "knowledge_version", "mode"),
)
