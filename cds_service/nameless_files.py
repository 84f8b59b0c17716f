"""Memory that all processes of a server share: files without a name, gone with the last who has them open."""

import os
import tempfile


def nameless_file(what: str) -> int:
    """A descriptor that this process and those it will fork share.

    Args:
        what: Shown where a system lists open files.
    """
    if hasattr(os, "memfd_create"):
        return os.memfd_create(what)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
