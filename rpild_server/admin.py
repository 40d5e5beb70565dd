"""The admin page: the report behind a password, written by the server, without scripts, cookies or other origins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from pathlib import Path

from flask import Blueprint, Response, g, render_template, request
from sqlalchemy.exc import SQLAlchemyError

from rpild_rules.knowledge import Knowledge
from rpild_server.auditing import AuditTrail
from rpild_server.passwords import PasswordCheck, TooOftenError
from rpild_server.report import GROUPINGS, SMALLEST, Asked, Line, make_report
from rpild_server.storage.audit import Event
from rpild_server.storage.errors import StorageError
from rpild_server.storing import Store
from rpild_server.version import APP_VERSION

STYLE = Path(__file__).with_name("templates") / "admin.css"
POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'"
)
REALM = 'Basic realm="rpild admin", charset="UTF-8"'
TOO_OFTEN = "Too many wrong passwords, or two at once. Wait a minute."
WEEKS, MOST_WEEKS = 4, 104


@dataclass(frozen=True, slots=True)
class Office:
    """What the page needs: storage, clock, knowledge in force, check of the password, audit log, names by issuer."""

    store: Store
    now: Callable[[], datetime]
    knowledge: Knowledge
    check: PasswordCheck
    audit: AuditTrail
    names: Mapping[str, str]


def create_admin(office: Office) -> Blueprint:
    """The page at /admin; it exists only where a password is configured."""
    blueprint = Blueprint("admin", __name__, url_prefix="/admin")
    blueprint.add_url_rule("", "page", partial(page, office=office), methods=["GET"])
    blueprint.add_url_rule("/style.css", "style", style, methods=["GET"])
    return blueprint


def style() -> Response:
    """The one style sheet; it tells nothing, so it needs no password."""
    return Response(STYLE.read_text(encoding="utf-8"), content_type="text/css; charset=utf-8")


def page(office: Office) -> Response:
    """The report as HTML, for who knows the password; each look is audited."""
    refusal = _refusal(office)
    if refusal is not None:
        return refusal
    try:
        text = _html(office, *_asked(office.now(), office.names))
    except (StorageError, SQLAlchemyError):
        return Response("The records cannot be read now.", 503, {"Retry-After": "5"}, content_type="text/plain")
    return Response(text, headers={"Content-Security-Policy": POLICY}, content_type="text/html; charset=utf-8")


def _refusal(office: Office) -> Response | None:
    """What somebody without the password gets; a wrong one is audited."""
    given = request.authorization
    if given is None or given.type != "basic":
        return Response(status=401, headers={"WWW-Authenticate": REALM})
    try:
        if office.check.allows(given.password or ""):
            return None
    except TooOftenError:
        return Response(TOO_OFTEN, 429, {"Retry-After": "60"}, content_type="text/plain")
    office.audit("admin-refused", "unknown", correlation=g.correlation)
    return Response(status=401, headers={"WWW-Authenticate": REALM})


def _asked(now: datetime, names: Mapping[str, str]) -> tuple[Asked, int]:
    """What the form asks for; anything else counts as not given."""
    by, weeks = request.args.get("by", ""), request.args.get("weeks", WEEKS, type=int)
    kept = min(max(weeks, 1), MOST_WEEKS)
    grouping = by if by in GROUPINGS else GROUPINGS[0]
    return Asked(now - timedelta(weeks=kept), now + timedelta(seconds=1), grouping, names), kept


def _html(office: Office, asked: Asked, weeks: int) -> str:
    storage = office.store()
    storage.audit(Event(office.now(), "admin", "admin", {"page": "report", "by": asked.by, "weeks": weeks}))
    return render_template(
        "admin.html",
        asked=asked,
        since=asked.since.date(),
        until=asked.until.date(),
        weeks=weeks,
        most_weeks=MOST_WEEKS,
        smallest=SMALLEST,
        groupings=GROUPINGS,
        switches=storage.switches.current(),
        groups=grouped(make_report(storage.engine, asked)),
        knowledge=office.knowledge,
        version=APP_VERSION,
    )


def grouped(lines: Iterable[Line]) -> list[tuple[str, list[tuple[str, list[Line]]]]]:
    """Lines by group, then by measure; times of a group after its counts."""
    ordered = sorted(lines, key=lambda line: (line.group, line.measure))
    return [
        (group, [(measure, list(some)) for measure, some in groupby(mine, key=lambda line: line.measure)])
        for group, mine in groupby(ordered, key=lambda line: line.group)
    ]
