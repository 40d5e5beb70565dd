"""The geometry of the pathway's two pictures: boxes at declared places, ways as lines with right angles."""

from __future__ import annotations

import textwrap
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("algorithm_layout.toml")
BEND, HEAD, HALF_HEAD = 8, 8, 4.5
Spot = tuple[float, float]
Way = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Rect:
    """A box in units of the picture: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> Spot:
        return self.x + self.width / 2, self.y + self.height / 2

    def holds(self, spot: Spot) -> bool:
        """Whether a spot lies inside or on the border."""
        inside_x = self.x <= spot[0] <= self.x + self.width
        return inside_x and self.y <= spot[1] <= self.y + self.height


@dataclass(frozen=True, slots=True)
class Line:
    """One way: the path of its line and the path of its arrow head."""

    path: str
    head: str


@dataclass(frozen=True, slots=True)
class Layout:
    """One of the two pictures: its size, its boxes and lines by stage, the height of a text line, letters a line."""

    name: str
    width: float
    height: float
    line: float
    letters: int
    boxes: Mapping[str, Rect]
    lines: Mapping[Way, Line]

    def wrapped(self, title: str, id: str) -> tuple[str, ...]:
        """A title in the lines that fit its box."""
        room = self.letters if id != hub() else len(title)
        return tuple(textwrap.wrap(title, room, break_long_words=False))


@cache
def content() -> dict[str, Any]:
    """The file of the layouts."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def hub() -> str:
    """The stage whose ways are marks, not lines."""
    return str(content()["hub"]["stage"])


@cache
def layout(name: str, ways: tuple[Way, ...]) -> Layout:
    """The picture `wide` or `tall` with a line for each of the ways that is none of the hub's."""
    raw = content()["layout"][name]
    boxes = {id: _box(raw, place) for id, place in content()["place"].items()}
    boxes[hub()] = Rect(*raw["rescue"])
    bends = {(each["start"], each["end"]): each["path"] for each in content()["bend"]}
    drawn = [way for way in ways if hub() not in way]
    lines = {way: _line([_spot(raw, each) for each in bends.get(way, ())], boxes, way) for way in drawn}
    width, height = raw["size"]
    return Layout(name, width, height, raw["line"], raw["letters"], boxes, lines)


def _spot(raw: Mapping[str, Any], place: list[float]) -> Spot:
    """A place as a spot of the picture."""
    along, across = (raw["origin"][i] + place[i] * raw["pitch"][i] + raw["box"][i] / 2 for i in (0, 1))
    return (along, across) if raw["along"] == "x" else (across, along)


def _box(raw: Mapping[str, Any], place: list[float]) -> Rect:
    (x, y), size = _spot(raw, place), raw["box"]
    width, height = size if raw["along"] == "x" else reversed(size)
    return Rect(x - width / 2, y - height / 2, width, height)


def _line(bends: list[Spot], boxes: Mapping[str, Rect], way: Way) -> Line:
    """From border to border by the bends; without bends straight from middle to middle."""
    start, end = boxes[way[0]], boxes[way[1]]
    bends = bends or [start.middle, end.middle]
    outside = [each for each in bends if not start.holds(each) and not end.holds(each)]
    first, last = (outside[0], outside[-1]) if outside else (bends[-1], bends[0])
    spots = [_leaving(start, first), *outside, _leaving(end, last)]
    return Line(_path(spots), _head(spots[-2], spots[-1]))


def _leaving(box: Rect, towards: Spot) -> Spot:
    """The spot of the border straight across from a spot outside."""
    x, y = towards
    if box.x <= x <= box.x + box.width:
        return x, box.y if y < box.y else box.y + box.height
    return (box.x if x < box.x else box.x + box.width), y


def _path(spots: list[Spot]) -> str:
    """A line with rounded corners."""
    parts = [f"M{_pair(spots[0])}"]
    for before, corner, after in zip(spots, spots[1:], spots[2:], strict=False):
        parts.append(f"L{_pair(_near(corner, before))}Q{_pair(corner)} {_pair(_near(corner, after))}")
    return "".join([*parts, f"L{_pair(spots[-1])}"])


def _near(corner: Spot, other: Spot) -> Spot:
    """The spot on the way from a corner where its rounding begins."""
    reach = max(abs(other[0] - corner[0]), abs(other[1] - corner[1])) or 1
    part = min(BEND / reach, 0.5)
    return corner[0] + (other[0] - corner[0]) * part, corner[1] + (other[1] - corner[1]) * part


def _head(before: Spot, tip: Spot) -> str:
    """A triangle at the end of a line."""
    (x, y), sideways = tip, abs(tip[0] - before[0]) > abs(tip[1] - before[1])
    back = -HEAD if (tip[0] > before[0] if sideways else tip[1] > before[1]) else HEAD
    if sideways:
        return f"M{_pair(tip)}L{_pair((x + back, y - HALF_HEAD))}L{_pair((x + back, y + HALF_HEAD))}Z"
    return f"M{_pair(tip)}L{_pair((x - HALF_HEAD, y + back))}L{_pair((x + HALF_HEAD, y + back))}Z"


def _pair(spot: Spot) -> str:
    return f"{spot[0]:g} {spot[1]:g}"
