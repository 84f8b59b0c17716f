"""The wheel holds all it needs, and what is committed can be committed."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import msgspec
import pytest

from cds_service.samples import Samples
from pathway.loading import load_code_rows

ROOT = Path(__file__).parent.parent
AS_OF = date(2026, 11, 2)
# made by tools, or not ours: never committed
LEFT_OUT = {".git", ".venv", "build", "dist", "__pycache__", "backpath-data"}
LARGEST = 1_000_000  # bytes
OPEN_THE_STORE = """
from cds_service.logs import log_to
from cds_service.store.opening import open_store
store = open_store(None, log=log_to())
print(store.check())
store.close()
"""
REQUIREMENTS = ("requirements.txt", "requirements-build.txt", "requirements-dev.txt")


def committed_files() -> Iterator[Path]:
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [
            name for name in folders if name not in LEFT_OUT and not name.endswith(("_cache", ".egg-info"))
        ]
        folders[:] = [name for name in folders if name != ".hypothesis"]
        yield from (Path(folder) / name for name in names)


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="replace")


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BACKPATH_", "PYTHON"))}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=kept,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    assert built.returncode == 0, built.stderr
    return next(folder.glob("backpath-*.whl"))


def test_the_wheel_holds_every_file_of_the_four_packages(wheel: Path) -> None:
    expected = {
        path.relative_to(ROOT).as_posix()
        for package in ("pathway", "fhir_mappings", "cards", "cds_service")
        for path in committed_files()
        if path.is_relative_to(ROOT / package)
    }

    held = set(ZipFile(wheel).namelist())

    assert expected - held == set()


@pytest.mark.parametrize(
    "pattern",
    [
        r"pathway/knowledge/rules/[a-z0-9-]+\.yaml",
        r"pathway/knowledge/guards/[a-z0-9-]+\.yaml",
        r"pathway/knowledge/golden/[a-z0-9-]+\.yaml",
        r"pathway/knowledge/golden/guards/[a-z0-9-]+\.yaml",
        r"pathway/knowledge/terminology/[a-z0-9-]+\.csv",
        r"cds_service/samples/[a-z0-9-]+\.yaml",
        r"cds_service/store/migrations/env\.py",
        r"cds_service/store/migrations/versions/r[0-9]{4}_[a-z_]+\.py",
        r"backpath-[^/]+/licenses/LICENSE",
        r"backpath-[^/]+/licenses/NOTICE",
    ],
)
def test_the_wheel_holds_knowledge_samples_migrations_and_licences(wheel: Path, pattern: str) -> None:
    names = ZipFile(wheel).namelist()

    assert [name for name in names if re.fullmatch(pattern, name)]


@pytest.mark.parametrize("package", ["pathway", "fhir_mappings", "cards", "cds_service"])
def test_every_package_says_that_it_is_typed(wheel: Path, package: str) -> None:
    assert f"{package}/py.typed" in ZipFile(wheel).namelist()


def test_the_wheel_holds_neither_tests_nor_benchmarks(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in ZipFile(wheel).namelist()}

    assert {top for top in tops if not top.startswith("backpath-")} == {
        "pathway",
        "fhir_mappings",
        "cards",
        "cds_service",
    }


@pytest.mark.integration
def test_the_installed_wheel_runs_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    samples = Samples.load(load_code_rows())
    sample = samples.by_id["esi-repeat-window"]
    (tmp_path / "request.json").write_bytes(samples.request(sample.id, AS_OF))
    python = tmp_path / "venv" / "bin" / "python"
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv", cwd=tmp_path)
    # nothing is compiled ahead: only a part of it is ever imported here
    install = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-compile")
    installed = [
        run(*install, "--require-hashes", "-r", ROOT / "requirements.txt", cwd=tmp_path),
        run(*install, "--no-deps", wheel, cwd=tmp_path),
    ]
    assert [step.returncode for step in installed] == [0, 0], [step.stderr for step in installed]
    backpath = python.with_name("backpath")

    checked = run(backpath, "knowledge", "check", cwd=tmp_path)
    evaluated = run(
        backpath, "evaluate", "request.json", "--as-of", AS_OF.isoformat(), "--json", cwd=tmp_path
    )

    opened = run(python, "-c", OPEN_THE_STORE, cwd=tmp_path)

    assert opened.stdout.split() == ["ok"], opened.stderr
    assert (tmp_path / "backpath-data" / "backpath.sqlite3").stat().st_mode & 0o077 == 0
    assert checked.returncode == 0, checked.stderr
    assert evaluated.returncode == 0, evaluated.stderr
    answer = msgspec.json.decode(evaluated.stdout)
    assert answer["extension"]["org.backpath"]["state"] == sample.state
    assert answer["cards"]


def test_no_file_is_over_a_megabyte() -> None:
    assert [path.name for path in committed_files() if path.stat().st_size > LARGEST] == []


def test_no_file_names_a_place_of_one_machine() -> None:
    # the separator is put in here, or this file would name such places itself
    places = re.compile("(?<![\\w.:])" + "/" + r"(home|root|Users|work)/\w")

    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in committed_files()
        for match in places.finditer(text_of(path))
    ]

    assert found == []


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_requirements_are_pinned_with_hashes_and_name_no_index(name: str) -> None:
    lines = [line for line in text_of(ROOT / name).splitlines() if line and not line.startswith("#")]

    packages = [line for line in lines if not line.startswith(" ")]
    hashes = [line for line in lines if line.startswith(" ")]

    assert packages
    assert [line for line in packages if not re.match(r"[a-z0-9._-]+==[^ ]+ .*\\$", line)] == []
    assert [line for line in hashes if not re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line)] == []


def test_there_is_no_lock_file_with_addresses() -> None:
    assert [path.name for path in committed_files() if path.name in {"uv.lock", "poetry.lock"}] == []


def test_the_requirements_satisfy_the_project() -> None:
    pinned = set(re.findall(r"^([a-z0-9._-]+)==", text_of(ROOT / "requirements.txt"), re.MULTILINE))
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]

    wanted = {
        re.sub(r"[._]", "-", re.split(r"[\[<>=!~ ]", requirement, maxsplit=1)[0])
        for requirement in project["dependencies"]
    }

    assert wanted - pinned == set()
