"""JSON documents that the workbench passes on as they came: numbers keep their digits."""

from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

Json: TypeAlias = dict[str, Any]  # of a client's or of a FHIR server's own making

_DECODER = msgspec.json.Decoder(Json, float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def read(text: bytes) -> Json:
    """An object.

    Raises:
        msgspec.DecodeError: it is none.
    """
    return _DECODER.decode(text)


def written(document: object) -> bytes:
    """JSON text."""
    return _ENCODER.encode(document)


def pretty(text: bytes) -> str:
    """The same text for the eye."""
    return msgspec.json.format(text, indent=2).decode()


def shown(document: object) -> str:
    """A document for the eye."""
    return pretty(written(document))
