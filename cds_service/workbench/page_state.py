"""What a page is about, carried by its forms: the hook request, and what was answered.

The service keeps nothing between two clicks. The field is packed, since a page has several forms.
"""

import base64
import binascii
import zlib
from decimal import Decimal
from http import HTTPStatus

import msgspec

from cds_service.envelope import read_request
from cds_service.workbench.answers import ReadAnswer
from cds_service.workbench.documents import Json, written
from cds_service.workbench.refusals import RefusedError

MOST_STEPS = 30


class PageState(msgspec.Struct, frozen=True, kw_only=True):
    """One patient's page."""

    site: str  # id of the tenant that answers
    sample: str | None = None  # id of the sample patient
    request: Json
    answer: ReadAnswer = ReadAnswer()  # without its words
    steps: tuple[str, ...] = ()  # what was changed since the patient was chosen

    def packed(self) -> str:
        """The text of the form field."""
        return base64.b64encode(zlib.compress(written(self))).decode()

    def after(self, *steps: str) -> tuple[str, ...]:
        """The steps with more of them."""
        return (*self.steps, *steps)[-MOST_STEPS:]


_DECODER = msgspec.json.Decoder(PageState, float_hook=Decimal)


def unpacked(text: str, limit: int) -> PageState:
    """The state of a page of ours.

    Args:
        text: The form field.
        limit: The most bytes that it may have unpacked.

    Raises:
        RefusedError: it is none.
        InvalidRequestError: its request is none.
    """
    try:
        unpacker = zlib.decompressobj()
        document = unpacker.decompress(base64.b64decode(text, validate=True), limit)
        if not unpacker.eof:
            raise _unreadable()
        state = _DECODER.decode(document)
    except (binascii.Error, ValueError, zlib.error, msgspec.DecodeError, RecursionError) as error:
        raise _unreadable() from error
    read_request(written(state.request), hook=None, development=True)
    return state


def _unreadable() -> RefusedError:
    return RefusedError(
        HTTPStatus.BAD_REQUEST, "What this page sent cannot be read. Choose the patient again."
    )
