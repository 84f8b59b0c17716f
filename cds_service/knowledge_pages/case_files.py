"""Golden cases file by file: to parse them all takes seconds, and a page needs one or two files."""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from pathway.golden import GoldenCase
from pathway.loading import PACKAGED
from pathway.yaml_files import read

Cases: TypeAlias = tuple[GoldenCase, ...]
CasesOf: TypeAlias = Callable[[str], Cases]  # a file's name below knowledge/golden
WORKED = "worked-cases.yaml"


@lru_cache(maxsize=128)
def packaged_cases(file: str) -> Cases:
    """The cases of one file of the packaged knowledge; none where there is no such file."""
    path = PACKAGED / "golden" / file
    return read(path, Cases) if path.is_file() else ()
