"""The files of the tenants' secret keys: one for each, newest key first, for the service alone to read.

A key is made once. A file that is damaged or cannot be read is an error and never replaced: with another key
nothing that was remembered of a patient would be found again.
"""

import base64
import binascii
import fcntl
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec

from cds_service.errors import SettingsError

KEY_BYTES = 32
MOST_KEYS = 16  # each old key is one more hash to look for
FOLDER_RIGHTS = 0o700
OTHERS = 0o007
MAKE_ONE = """printf '{"keys": [{"key": "%s"}]}' "$(openssl rand -base64 32)" > FILE"""


class KeyFileError(SettingsError):
    """A key file is missing, damaged, or open to others: stops the start, and refuses a reload."""


class KeyEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One key."""

    key: str  # base64 of `KEY_BYTES`
    made: str | None = None  # RFC 3339, UTC; for a person's eyes

    def __repr__(self) -> str:
        return f"KeyEntry(made={self.made!r})"


class KeyList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file: JSON."""

    keys: Annotated[tuple[KeyEntry, ...], msgspec.Meta(min_length=1, max_length=MOST_KEYS)]


def keys_in(file: Path) -> tuple[bytes, ...]:
    """The keys of a file, newest first.

    Raises:
        KeyFileError: it is missing, unreadable, damaged, or open to others than its owner and group.
    """
    return tuple(_key(file, entry) for entry in _read(file))


def make_if_absent(file: Path, now: datetime | None = None) -> bool:
    """Make a file with a new key; several processes may do so at once, and one of them makes it.

    Returns:
        Whether it was made now; False: it is there, whatever it holds.

    Raises:
        KeyFileError: the folder cannot be written.
    """
    if os.path.lexists(file):
        return False
    folder = file.parent
    try:
        for level in (folder.parent, folder):
            level.mkdir(mode=FOLDER_RIGHTS, parents=True, exist_ok=True)
        with _written(folder, (_new_entry(now),)) as whole:
            made = _put(whole, file)
        _sync(folder)
    except OSError as error:
        raise KeyFileError(f"{file}: the key cannot be made: {error.strerror}") from error
    return made


def rotate(file: Path, now: datetime | None = None) -> int:
    """Put a new key first; the old ones stay and still find. Gives the number of keys.

    Processes that have read the file go on with what they read until they are reloaded.

    Raises:
        KeyFileError: the file is not sound, has as many keys as it may, or cannot be written.
    """
    file = file.resolve()
    try:
        with _alone(file.parent):
            entries = _read(file)
            keys_in(file)
            if len(entries) >= MOST_KEYS:
                raise KeyFileError(f"{file}: has {MOST_KEYS} keys, the most; take out the oldest, at the end")
            with _written(file.parent, (_new_entry(now), *entries)) as whole:
                _own_alike(whole, file)
                whole.replace(file)
            _sync(file.parent)
    except OSError as error:
        raise KeyFileError(f"{file}: the new key cannot be written: {error.strerror}") from error
    return len(entries) + 1


def _read(file: Path) -> tuple[KeyEntry, ...]:
    try:
        rights = file.stat().st_mode
        content = file.read_bytes()
    except FileNotFoundError as error:
        raise KeyFileError(
            f"{file}: there is no such key file. If it was lost, bring it back from a backup: with a new key "
            f"nothing that was remembered is found again. A new one is made with: {MAKE_ONE}"
        ) from error
    except OSError as error:
        raise KeyFileError(f"{file}: the key file cannot be read: {error.strerror}") from error
    if rights & OTHERS:
        raise KeyFileError(f"{file}: everyone on this machine may use the key file; chmod 600 it")
    try:
        return msgspec.json.decode(content, type=KeyList).keys
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise KeyFileError(
            f'{file}: is no key file; it must be JSON like {{"keys": [{{"key": "BASE64"}}]}}, with at most '
            f"{MOST_KEYS} keys. Bring it back from a backup: with a new key nothing would be found again"
        ) from error


def _key(file: Path, entry: KeyEntry) -> bytes:
    try:
        key = base64.b64decode(entry.key, validate=True)
    except (binascii.Error, ValueError):  # the second: not ASCII
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyFileError(f"{file}: a key is damaged: it must be {KEY_BYTES} bytes in base64")
    return key


def _new_entry(now: datetime | None) -> KeyEntry:
    made = (now or datetime.now(UTC)).astimezone(UTC)
    return KeyEntry(
        key=base64.b64encode(os.urandom(KEY_BYTES)).decode(), made=made.isoformat(timespec="seconds")
    )


@contextmanager
def _written(folder: Path, entries: Iterable[KeyEntry]) -> Iterator[Path]:
    """A whole file beside the one meant, on disk; gone afterwards, unless it was renamed."""
    # mkstemp makes it readable by the owner alone
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=".key-")
    whole = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(KeyList(keys=tuple(entries)))) + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        yield whole
    finally:
        whole.unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _own_alike(whole: Path, file: Path) -> None:
    """The rights and owner of `file`: whoever rotates, perhaps root, the service must be able to read it."""
    owned = file.stat()
    os.chown(whole, owned.st_uid, owned.st_gid)
    whole.chmod(owned.st_mode & 0o777)


def _put(whole: Path, file: Path) -> bool:
    """Whether the file is there now; False: another process made it just before, and it stays."""
    try:
        os.link(whole, file)  # a rename would replace it
    except FileExistsError:
        return False
    return True


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
