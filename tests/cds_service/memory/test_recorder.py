"""Whatever becomes of the record, the card goes out."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cds_service.logs import Log
from cds_service.memory.outbox import Outbox
from cds_service.memory.recorder import Recorder
from tests.cds_service.memory.recording import a_call


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def unusable(file: Path, log: Log) -> Outbox:
    file.parent.write_text("not a folder")
    return Outbox(file, log=log)


def test_a_call_is_recorded(outbox: Outbox, log: Log, events: Callable[[], list[str]]) -> None:
    recorder = Recorder(outbox, log=log)

    assert recorder.record(a_call())
    assert outbox.depth() == 1
    assert recorder.dropped == 0
    assert events() == []


def test_a_call_that_cannot_be_recorded_is_counted_and_told_once(
    file: Path, log: Log, log_stream: io.StringIO
) -> None:
    recorder = Recorder(unusable(file, log), log=log)

    recorded = [recorder.record(a_call()) for _ in range(3)]

    assert recorded == [False] * 3
    assert recorder.dropped == 3
    (line,) = lines(log_stream)
    assert (line["event"], line["reason"]) == ("call.not_recorded", "FileExistsError")


def test_it_is_told_again_after_a_while(file: Path, log: Log, events: Callable[[], list[str]]) -> None:
    recorder = Recorder(unusable(file, log), log=log, told_every_s=0.0)

    for _ in range(3):
        recorder.record(a_call())

    assert events() == ["call.not_recorded"] * 3


def test_a_defect_of_ours_costs_no_card(outbox: Outbox, log: Log, log_stream: io.StringIO) -> None:
    recorder = Recorder(outbox, log=log)

    recorded = recorder.record(a_call(gaps=(object(),)))

    assert not recorded
    (line,) = lines(log_stream)
    assert (line["event"], line["reason"]) == ("call.not_recorded", "TypeError")


def test_a_text_that_is_no_unicode_costs_no_card(outbox: Outbox, log: Log) -> None:
    assert not Recorder(outbox, log=log).record(a_call(instance="\ud800"))
