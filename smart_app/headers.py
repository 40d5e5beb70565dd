"""Headers of every page: no inline code, framed by the EHR that launched it and by nobody else, kept by no cache."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response

STRICT = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; object-src 'none'; "
    "base-uri 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def protect(answer: Response, ancestors: Iterable[str], targets: Iterable[str] = ()) -> Response:
    """Add what every page carries. `ancestors` may frame it; forms go to ourselves and to `targets`."""
    framing = " ".join(sorted(ancestors)) or "'none'"
    sending = " ".join(("'self'", *sorted(targets)))
    answer.headers["Content-Security-Policy"] = f"{STRICT}; form-action {sending}; frame-ancestors {framing}"
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer
