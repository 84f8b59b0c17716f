"""What is counted: sums over processes, words of ours alone, and nothing that costs a call."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from msgspec.structs import replace

from cds_service.fetching.refusals import Why
from cds_service.hooks import PATIENT_VIEW
from cds_service.memory.records import Fate
from cds_service.samples import Samples
from cds_service.trust.errors import Reason
from cds_service.watching.counting import Counts
from cds_service.watching.families import CALLS, FAMILIES
from cds_service.watching.watch import Watch
from pathway.loading import load_code_rows
from tests.cds_service.watching.making import (
    INSTANCE,
    SECRET,
    a_call,
    a_card,
    a_watch,
    an_item,
    five_cards,
    sample,
    stages_of_a_call,
    sums,
    words,
)

COST_MS = 0.08  # CPU of a call with five cards


def in_a_child(work: Callable[[], object]) -> None:
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return a_watch(tmp_path)


def test_a_call_is_counted_by_hook_and_tenant(watch: Watch) -> None:
    watch.answered(a_call(), stages_of_a_call())

    counted = sums(watch.counts)
    assert counted[sample(f"{CALLS.name}_count", hook="patient-view", tenant="north")] == 1
    bucket = sample(f"{CALLS.name}_bucket", hook="patient-view", tenant="north", le="0.1")
    assert counted[bucket] == 1


def test_the_buckets_show_the_limits_that_matter() -> None:
    assert {0.1, 0.4, 0.5} <= set(CALLS.bounds)


def test_cards_are_counted_by_recommendation_and_fate(watch: Watch) -> None:
    held = a_card(an_item("exercise-pt", fate=Fate.QUIET, reason="patient-preference"), id=None)

    watch.answered(a_call(cards=(a_card(), held)), stages_of_a_call())

    counted = sums(watch.counts)
    assert counted[sample("backpath_cards_total", hook="patient-view", indicator="info")] == 1
    shown = sample("backpath_recommendations_total", recommendation="esi-repeat", fate="shown")
    quiet = sample("backpath_recommendations_total", recommendation="exercise-pt", fate="quiet")
    assert (counted[shown], counted[quiet]) == (1, 1)
    assert counted[sample("backpath_held_back_total", fate="quiet", reason="patient-preference")] == 1


def test_gaps_memory_and_records_are_counted(watch: Watch) -> None:
    call = a_call(gaps=("onset-missing", "incomplete"), memory_asked=False)

    watch.answered(call, stages_of_a_call(), recorded=False)

    counted = sums(watch.counts)
    assert counted[sample("backpath_data_gaps_total", code="onset-missing")] == 1
    assert counted[sample("backpath_memory_not_asked_total", hook="patient-view")] == 1
    assert counted[sample("backpath_unrecorded_calls_total", hook="patient-view")] == 1


def test_the_time_of_the_steps_adds_up_to_that_of_the_call(watch: Watch) -> None:
    stages = stages_of_a_call()

    watch.answered(a_call(), stages)

    counted = sums(watch.counts)
    steps = sum(value for (name, _), value in counted.items() if name == "backpath_stage_seconds_total")
    assert steps == pytest.approx(stages.seconds)


def test_refusals_fetches_keys_and_feedback_are_counted(watch: Watch) -> None:
    watch.refused(401, Reason.EXPIRED)
    watch.refused(400, "InvalidRequestError")
    watch.failed()
    watch.fetched("ok", 0.03)
    watch.fetched(Why.TIMEOUT, 0.4)
    watch.keys_not_fetched(["north", "south"], Why.UNREACHABLE)
    watch.feedback("north", ["accepted", "overridden", "accepted"])
    watch.feedback_ill_formed()
    watch.feedback_not_kept(3)

    counted = sums(watch.counts)
    refused = "backpath_refused_requests_total"
    assert counted[sample(refused, status="401", reason="expired")] == 1
    assert counted[sample(refused, status="400", reason="InvalidRequestError")] == 1
    assert counted[sample(refused, status="500", reason="defect")] == 1
    assert counted[sample("backpath_fhir_request_duration_seconds_count", outcome="timeout")] == 1
    assert counted[sample("backpath_key_fetch_failures_total", tenant="south", reason="unreachable")] == 1
    assert counted[sample("backpath_feedback_total", tenant="north", outcome="accepted")] == 2
    assert counted[sample("backpath_feedback_refused_total", reason="not-kept")] == 3


def test_an_unknown_value_is_counted_as_other(watch: Watch) -> None:
    for number in range(50):
        watch.refused(499, f"made-up-{number}")
        watch.feedback(f"tenant-{number}", ["ignored"])
        watch.answered(a_call(hook=f"hook-{number}", tenant=f"t{number}"), stages_of_a_call())

    counted = sums(watch.counts)
    assert counted[sample("backpath_refused_requests_total", status="other", reason="other")] == 50
    assert counted[sample("backpath_feedback_total", tenant="other", outcome="other")] == 50
    assert not any("made-up" in value or "tenant-" in value for (_, labels) in counted for _, value in labels)


def test_every_id_that_answers_carry_is_known(client: FlaskClient) -> None:
    asked = [client.get(f"/samples/{name}").json for name in Samples.load(load_code_rows()).by_id]
    answers = [client.post(f"/cds-services/{PATIENT_VIEW}", json=request).json for request in asked]

    carried = {
        recommendation
        for answer in answers
        for card in answer["cards"]
        for recommendation in card["extension"]["org.backpath"]["recommendations"]
    }
    assert len(carried) > 10
    known = {words().bounded(("recommendation",), (recommendation,))[0] for recommendation in carried}
    assert known == carried


def test_no_id_hash_or_address_of_a_call_is_in_the_figures(watch: Watch, tmp_path: Path) -> None:
    watch.answered(a_call(cards=five_cards()), stages_of_a_call())

    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for secret in (SECRET, INSTANCE.encode(), b"ehr.example.org", b"esi-repeat-window"):
        assert secret not in written


def test_every_process_is_in_the_sum(watch: Watch) -> None:
    watch.begin_at_zero(["north"])
    for _ in range(3):
        in_a_child(lambda: watch.answered(a_call(), stages_of_a_call()))
    watch.answered(a_call(), stages_of_a_call())

    counted = sums(watch.counts)
    assert counted[sample(f"{CALLS.name}_count", hook="patient-view", tenant="north")] == 4


def test_sums_never_fall_when_a_worker_is_killed(watch: Watch, tmp_path: Path) -> None:
    for _ in range(5):

        def work() -> None:
            for _ in range(7):
                watch.fetched("ok", 0.01)
            os.kill(os.getpid(), signal.SIGKILL)

        pid = os.fork()
        if pid == 0:
            work()
        os.waitpid(pid, 0)

    counted = sums(watch.counts)
    assert counted[sample("backpath_fhir_request_duration_seconds_count", outcome="ok")] == 35
    assert len(list(tmp_path.glob("histogram_*.db"))) == 1  # each took over the place of the one before


def test_threads_do_not_lose_counts(watch: Watch) -> None:
    def work() -> None:
        for _ in range(2000):
            watch.refused(500, "defect")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    counted = sums(watch.counts)
    assert counted[sample("backpath_refused_requests_total", status="500", reason="defect")] == 8000


def test_what_alerts_ask_for_is_there_at_zero(watch: Watch) -> None:
    watch.begin_at_zero(["north"])

    counted = sums(watch.counts)
    assert counted[sample("backpath_refused_requests_total", status="500", reason="defect")] == 0
    assert counted[sample("backpath_feedback_refused_total", reason="not-kept")] == 0
    assert counted[sample("backpath_feedback_total", tenant="north", outcome="accepted")] == 0


def test_a_folder_that_is_gone_costs_no_call(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    watch = a_watch(folder)
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()

    watch.answered(a_call(cards=five_cards()), stages_of_a_call())

    assert not folder.exists()


def test_its_own_folder_is_removed_at_the_end() -> None:
    counts = Counts(words())
    folder = counts.folder
    assert folder.exists()

    in_a_child(lambda: None)
    assert folder.exists()
    del counts

    assert not folder.exists()


def test_names_are_as_prometheus_wants_them() -> None:
    names = [family.name for family in FAMILIES]

    assert len(set(names)) == len(names)
    for family in FAMILIES:
        assert family.name.startswith("backpath_")
        assert not family.name.endswith("_total")
        assert family.help.endswith(".")


def test_a_call_with_five_cards_costs_little(watch: Watch) -> None:
    call = replace(a_call(), cards=five_cards(), gaps=("onset-missing", "incomplete"))
    rounds = []
    for _ in range(5):
        began = time.process_time()
        for _ in range(500):
            watch.answered(call, stages_of_a_call())
        rounds.append((time.process_time() - began) * 2)  # ms a call

    assert min(rounds) < COST_MS
