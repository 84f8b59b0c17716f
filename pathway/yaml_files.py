"""Knowledge files into typed values, with errors that name file, place and what is allowed."""

from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from pathway.errors import KnowledgeError

T = TypeVar("T")


def read(path: Path, shape: type[T]) -> T:
    """The content of one YAML 1.2 file as `shape`.

    Raises:
        KnowledgeError: the file is missing, no YAML, has a key twice, or does not fit the shape; the
            message tells file and line or path within the file.
    """
    name = f"{path.parent.name}/{path.name}"
    try:
        document = _parsed(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise KnowledgeError(f"{name}: cannot be read; the file is required") from error
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        key = str(error.problem).partition('"')[2].partition('"')[0]
        raise KnowledgeError(f"{name}: line {line}: the key {key!r} stands twice") from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise KnowledgeError(f"{name}: line {line}: not YAML: {error.problem}") from error
    except YAMLError as error:
        raise KnowledgeError(f"{name}: not YAML") from error
    try:
        return msgspec.convert(document, shape)
    except msgspec.ValidationError as error:
        raise KnowledgeError(f"{name}: {error}{_allowed(error, shape)}") from error


@lru_cache(maxsize=256)
def _parsed(text: str) -> object:
    """The document of a text; a reload parses only the files that changed.

    Pure Python on purpose: the C parser reads YAML 1.1 and would treat some files otherwise.
    """
    return YAML(typ="safe", pure=True).load(text)


def _allowed(error: msgspec.ValidationError, shape: type[object]) -> str:
    """The words that would have been right, where the message is about a word."""
    text = str(error)
    for struct in _structs(shape, set()):
        fields = msgspec.structs.fields(struct)
        if "unknown field" in text:
            unknown = text.partition("unknown field `")[2].partition("`")[0]
            if unknown and all(f.encode_name != unknown for f in fields) and "$." not in text:
                return f"; allowed: {', '.join(f.encode_name for f in fields)}"
    return ""


def _structs(shape: object, seen: set[object]) -> list[type[msgspec.Struct]]:
    if isinstance(shape, type) and issubclass(shape, msgspec.Struct) and shape not in seen:
        seen.add(shape)
        return [shape]
    return []
