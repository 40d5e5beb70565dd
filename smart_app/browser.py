"""The browser's handle: one random cookie that survives in a frame of another site and says nothing by itself."""

from __future__ import annotations

import hashlib
import re

from flask import Response, request

from smart_app.launch_store import new_id

FORM = re.compile(r"[A-Za-z0-9_-]{43}")
DAY = 86400


def handle_of(cookie: str) -> str:
    """The handle that the browser sent; empty if it sent none of ours."""
    sent = request.cookies.get(cookie, "")
    return sent if FORM.fullmatch(sent) else ""


def new_handle() -> str:
    """A handle for a browser that has none."""
    return new_id()


def digest(handle: str) -> str:
    """What stands for a handle in the store."""
    return hashlib.sha256(handle.encode()).hexdigest()


def set_handle(answer: Response, cookie: str, handle: str) -> None:
    """Let the browser keep its handle: in a frame of another site only this form is kept (rulings 22)."""
    answer.set_cookie(
        cookie, handle, max_age=DAY, path="/", secure=True, httponly=True, samesite="None", partitioned=True
    )
