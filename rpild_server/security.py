"""Headers that every answer of the plug-in carries."""

from __future__ import annotations

from flask import Response

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def add_security_headers(answer: Response) -> Response:
    """Add what the answer does not set itself."""
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer
