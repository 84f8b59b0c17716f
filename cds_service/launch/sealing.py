"""Seals what a browser keeps for us: nobody reads or changes it without the key that our workers share.

AES-256-GCM (NIST SP 800-38D) with a random nonce; what the sealed is for is authenticated with it, so
that one cookie cannot stand for another.
"""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
PURPOSE = "smart session"  # of the keys that are derived from a tenant's own


class Seal:
    """Seals by the newest of several keys, and opens by each."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Make ready.

        Args:
            keys: 32 bytes each, newest first.
        """
        self._boxes = [AESGCM(key) for key in keys]

    def sealed(self, content: bytes, purpose: str) -> str:
        """The content as text that a cookie can hold."""
        nonce = os.urandom(NONCE_BYTES)
        box = nonce + self._boxes[0].encrypt(nonce, content, purpose.encode())
        return urlsafe_b64encode(box).rstrip(b"=").decode()

    def opened(self, text: str, purpose: str) -> bytes | None:
        """The content again; None: it was changed, is for another purpose, or by a key of nobody here."""
        try:
            box = urlsafe_b64decode(f"{text}{'=' * (-len(text) % 4)}")
        except ValueError:
            return None
        if urlsafe_b64encode(box).rstrip(b"=") != text.encode():  # each box has one spelling
            return None
        nonce, sealed = box[:NONCE_BYTES], box[NONCE_BYTES:]
        for one in self._boxes:
            try:
                return one.decrypt(nonce, sealed, purpose.encode())
            except (InvalidTag, ValueError):  # the second: too short to be anything
                continue
        return None
