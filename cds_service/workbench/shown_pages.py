"""A page after a form, as it is kept: what was sent and answered, and what was done."""

import zlib
from datetime import date
from decimal import Decimal

import msgspec

from cds_service.envelope import read_request
from cds_service.sites import Site
from cds_service.workbench.acting import Done
from cds_service.workbench.calling import Sent, answer_of
from cds_service.workbench.documents import Json, written


class KeptDone(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a click."""

    title: str
    lines: tuple[str, ...]
    good: bool
    resources: tuple[Json, ...]
    feedback: Json | None


class ShownPage(msgspec.Struct, frozen=True, kw_only=True):
    """All that it takes to show a patient's page again, without asking anyone."""

    site: str
    sample: str | None
    steps: tuple[str, ...]
    request: Json
    service_id: str
    as_of: date
    body: str
    milliseconds: float
    done: KeptDone | None = None

    def packed(self) -> bytes:
        """As it is kept."""
        return zlib.compress(written(self), level=1)

    def sent(self, site: Site) -> Sent:
        """The call, as it was made."""
        body = self.body.encode()
        return Sent(
            request=self.request,
            asked=read_request(written(self.request), hook=None, development=True),
            service_id=self.service_id,
            as_of=self.as_of,
            body=body,
            answer=answer_of(body),
            milliseconds=self.milliseconds,
            site=site,
        )

    def what_was_done(self) -> Done | None:
        """What came of the click, if one led here."""
        if self.done is None:
            return None
        return Done(
            title=self.done.title,
            lines=self.done.lines,
            request=self.request,
            good=self.done.good,
            resources=self.done.resources,
            feedback=self.done.feedback,
        )


_DECODER = msgspec.json.Decoder(ShownPage, float_hook=Decimal)


def shown_page(sent: Sent, sample: str | None, steps: tuple[str, ...], done: Done | None) -> ShownPage:
    """A page to keep."""
    kept = None
    if done is not None:
        kept = KeptDone(
            title=done.title,
            lines=done.lines,
            good=done.good,
            resources=done.resources,
            feedback=done.feedback,
        )
    return ShownPage(
        site=sent.site.tenant.id,
        sample=sample,
        steps=steps,
        request=sent.request,
        service_id=sent.service_id,
        as_of=sent.as_of,
        body=sent.body.decode(),
        milliseconds=sent.milliseconds,
        done=kept,
    )


def unpacked_page(packed: bytes) -> ShownPage:
    """A page that was kept."""
    return _DECODER.decode(zlib.decompress(packed))
