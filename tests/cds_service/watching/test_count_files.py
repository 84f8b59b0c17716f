"""A file of figures: what one process writes another reads, and a full disk does no harm."""

import multiprocessing
import resource
import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.mmap_dict import MmapedDict, mmap_key

from cds_service.watching.count_files import FIRST_BYTES, CountFile


def read(file: Path) -> dict[str, float]:
    """As prometheus_client reads it."""
    return {key: value for key, value, _, _ in MmapedDict.read_all_values_from_file(str(file))}


@given(st.lists(st.text(max_size=30), unique=True, max_size=20))
def test_keys_of_any_length_are_read_by_the_library(keys: list[str]) -> None:
    import tempfile  # noqa: PLC0415 - a folder for each example

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "counter_0.db"
        counts = CountFile(file)
        for number, key in enumerate(keys, 1):
            counts.add(counts.place(key), number)
        counts.close()

        assert read(file) == {key: float(number) for number, key in enumerate(keys, 1)}


def test_the_library_writes_what_is_read_here(tmp_path: Path) -> None:
    file = tmp_path / "counter_0.db"
    theirs = MmapedDict(str(file))
    key = mmap_key("a", "a_total", ["tenant"], ["north"], "Help.")
    theirs.write_value(key, 3.0, 0.0)
    theirs.close()

    counts = CountFile(file)
    counts.add(counts.place(key), 2.0)
    counts.close()

    assert read(file) == {key: 5.0}


def test_a_reader_never_finds_a_file_that_is_only_begun(tmp_path: Path) -> None:
    file, ended = tmp_path / "counter_0.db", threading.Event()

    def look() -> int:
        looks = 0
        while not ended.is_set():
            with suppress(FileNotFoundError):
                read(file)
                looks += 1
        return looks

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        for _ in range(500):
            CountFile(file).close()
            file.unlink()
        ended.set()

        assert looking.result() > 0


def test_a_following_process_goes_on_from_the_figures(tmp_path: Path) -> None:
    file = tmp_path / "counter_0.db"
    for _ in range(3):
        counts = CountFile(file)
        counts.add(counts.place("calls"), 1.0)
        counts.close()

    assert read(file) == {"calls": 3.0}


def test_a_file_grows_and_keeps_its_figures(tmp_path: Path) -> None:
    file = tmp_path / "counter_0.db"
    counts = CountFile(file)
    keys = [f"{number:0100}" for number in range(2000)]
    for key in keys:
        counts.add(counts.place(key), 1.0)

    assert file.stat().st_size > FIRST_BYTES
    assert read(file) == dict.fromkeys(keys, 1.0)
    counts.close()


def test_a_file_has_no_holes(tmp_path: Path) -> None:
    counts = CountFile(tmp_path / "counter_0.db")

    facts = (tmp_path / "counter_0.db").stat()

    assert facts.st_blocks * 512 >= facts.st_size == FIRST_BYTES
    counts.close()


def test_a_record_that_was_cut_short_is_not_seen(tmp_path: Path) -> None:
    file = tmp_path / "counter_0.db"
    counts = CountFile(file)
    counts.add(counts.place("calls"), 1.0)
    counts.close()
    with file.open("r+b") as opened:  # a process was killed while it wrote the next
        used = struct.unpack("i", opened.read(4))[0]
        opened.seek(used)
        opened.write(b"\x05\x00\x00\x00half")

    counts = CountFile(file)
    counts.add(counts.place("others"), 1.0)
    counts.close()

    assert read(file) == {"calls": 1.0, "others": 1.0}


def _fill(file: Path, told: "multiprocessing.connection.Connection") -> None:
    import signal  # noqa: PLC0415

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (FIRST_BYTES, FIRST_BYTES))
    counts = CountFile(file)
    there = counts.place("there")
    refused = 0
    for number in range(2000):
        try:
            counts.place(f"{number:0100}")
        except OSError:
            refused += 1
    counts.add(there, 1.0)
    told.send(refused)


def test_without_room_new_figures_are_refused_and_old_ones_go_on(tmp_path: Path) -> None:
    file = tmp_path / "counter_0.db"
    ours, theirs = multiprocessing.get_context("fork").Pipe()
    process = multiprocessing.get_context("fork").Process(target=_fill, args=(file, theirs))

    process.start()
    process.join(timeout=30)

    assert process.exitcode == 0
    assert ours.recv() > 1000
    assert read(file)["there"] == 1.0


def test_no_room_at_all_is_an_error_that_can_be_caught(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        CountFile(tmp_path / "gone" / "counter_0.db")
