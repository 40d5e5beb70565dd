"""A long page as it travels: packed where the browser takes it.

That gives no secret away: a page repeats nothing that a stranger can choose (a form is taken only with its token, a
word in the address is looked up and not repeated), so nobody can measure its length against guesses of that token.
"""

from __future__ import annotations

import gzip

from flask import Response, request

LEVEL = 5  # beyond this, more time and hardly fewer bytes


def packed(text: str, kind: str) -> Response:
    """The answer with this text; `kind` is its content type without the charset."""
    body, encoding = text.encode(), ""
    if request.accept_encodings.quality("gzip") > 0:
        body, encoding = gzip.compress(body, LEVEL, mtime=0), "gzip"
    answer = Response(body, content_type=f"{kind}; charset=utf-8")
    answer.vary.add("Accept-Encoding")
    if encoding:
        answer.headers["Content-Encoding"] = encoding
    return answer
