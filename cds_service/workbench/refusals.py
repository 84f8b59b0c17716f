"""What the workbench cannot do, as a status and a sentence for its page."""

from http import HTTPStatus


class RefusedError(Exception):
    """Becomes a page; the sentence holds nothing that was sent."""

    def __init__(self, status: HTTPStatus, text: str, *lines: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.lines = lines  # more precisely, one each
