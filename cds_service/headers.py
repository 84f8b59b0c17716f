"""Security headers: on every answer, whatever its status; pages set stricter or wider ones themselves."""

from flask import Flask, Response

POLICY = "Content-Security-Policy"
HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),  # answers speak of a patient
    # an answer that is opened as a page may do nothing: https://owasp.org/www-project-secure-headers/
    (POLICY, "default-src 'none'; frame-ancestors 'none'"),
)
TWO_YEARS_S = 63_072_000
HSTS = ("Strict-Transport-Security", f"max-age={TWO_YEARS_S}")


def init_app(app: Flask, *, public_url: str | None) -> None:
    """Add the headers to the answers of `app` where they are not set yet.

    Args:
        app: Its answers get them.
        public_url: The URL that clients call; with https browsers are told to stay with it
            (RFC 6797; a proxy that terminates TLS hands our header on).
    """
    headers = (*HEADERS, HSTS) if (public_url or "").startswith("https://") else HEADERS

    @app.after_request
    def secure(response: Response) -> Response:
        if POLICY in response.headers or "Cache-Control" in response.headers:  # a page, a style sheet
            for name, value in headers:
                response.headers.setdefault(name, value)
        else:
            response.headers.extend(headers)
        return response
