"""A short tour: pages of the demo in an order that tells its story, one step at the top of each page."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

from flask import Blueprint, render_template, request

FILE = Path(__file__).parent / "tour.toml"


@dataclass(frozen=True)
class Step:
    """One stop: `address` shows the page with the step on it, `next` the following stop, `end` the page alone."""

    number: int
    title: str
    text: str
    address: str
    next: str
    end: str


@cache
def steps() -> tuple[Step, ...]:
    """All stops, in order; the last leads back to the patient list."""
    table = tomllib.loads(FILE.read_text(encoding="utf-8"))["step"]
    found = [_stop(each["path"], number) for number, each in enumerate(table, 1)]
    following = [*found[1:], "/"]
    return tuple(
        Step(at + 1, each["title"], each["text"], found[at], following[at], each["path"])
        for at, each in enumerate(table)
    )


def _stop(path: str, number: int) -> str:
    return path + ("&" if "?" in path else "?") + urlencode({"tour": number})


def tour_blueprint() -> Blueprint:
    """`/tour`, and `tour` in every page: the step that its address names, if any."""
    tour = Blueprint("tour", __name__)

    @tour.get("/tour")
    def overview() -> str:
        return render_template("tour.html", steps=steps())

    @tour.app_context_processor
    def step_here() -> dict[str, object]:
        wanted = request.args.get("tour", "")
        return {"tour": next((each for each in steps() if str(each.number) == wanted), None), "stops": len(steps())}

    return tour
