"""What became of calls and cards, counted from the records: by EHR, care unit or week; small numbers are not told."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import Engine, Select, select

from cds_hooks.client_auth import identity
from rpild_server.site_rules import OWN_ISSUER
from rpild_server.storage.tables import cards, decision_records, feedback, gate_rows
from rpild_server.storage.times import read_stamp, stamp

if TYPE_CHECKING:
    from rpild_server.settings import Settings

SMALLEST = 11  # a smaller number could point to a person
GROUPINGS = ("ehr", "unit", "week")
LISTS = ("fired", "shown", "suppressed")
TALLIES = ("unusable", "unmapped")
PERCENTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}
HEAD = ("group", "measure", "what", "number", "of")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
PAGE = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """One number of one group; `of` is what it is a part of, empty where it is none. Both as they may be told."""

    group: str
    measure: str
    what: str
    number: str
    of: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which records: created in [since, until), and by what they are grouped; the names of EHRs by their issuers."""

    since: datetime
    until: datetime
    by: str = "ehr"
    names: Mapping[str, str] = field(default_factory=dict)


def told(number: int, of: int | None = None) -> str:
    """A number as it may be told: neither it nor what is left of the whole may be small."""
    if 0 < number < SMALLEST or (of is not None and of < SMALLEST):
        return f"<{SMALLEST}"
    return f">{(of or 0) - SMALLEST}" if 0 < (of or 0) - number < SMALLEST else str(number)


class Counts:
    """Counters by group, measure and name."""

    def __init__(self) -> None:
        self.numbers: Counter[tuple[str, str, str]] = Counter()
        self.wholes: Counter[tuple[str, str, str]] = Counter()
        self.times: dict[str, list[float]] = defaultdict(list)

    def add(self, group: str, measure: str, names: Iterable[str]) -> None:
        self.numbers.update((group, measure, name) for name in names)

    def add_tally(self, group: str, measure: str, tally: Mapping[str, int]) -> None:
        self.numbers.update({(group, measure, name): number for name, number in tally.items()})

    def lines(self) -> Iterator[Line]:
        """Sorted; a percentage is left to the reader, so that no small number can be told from it."""
        for key in sorted({*self.numbers, *self.wholes}):
            of = self.wholes.get(key)
            yield Line(*key, told(self.numbers[key], of), "" if of is None else told(of))
        for group, times in sorted(self.times.items()):
            yield from (Line(group, "ms", name, _percentile(times, part)) for name, part in PERCENTILES.items())


def _percentile(times: list[float], part: float) -> str:
    """By the nearest rank; not told of a handful."""
    if len(times) < SMALLEST:
        return f"<{SMALLEST} calls"
    return f"{sorted(times)[min(len(times) - 1, int(part * len(times)))]:.1f}"


def make_report(engine: Engine, asked: Asked) -> list[Line]:
    """All lines of a report; no content of a record is unsealed for it."""
    counts = Counts()
    for query, count in ((_decisions, _count_decision), (_stops, _count_stop), (_statements, _count_statement)):
        for row in _rows(engine, query(asked)):
            count(row, _group(row, asked), counts)
    return list(counts.lines())


Row = Mapping[str, str]


def _rows(engine: Engine, query: Select[tuple[str, ...]]) -> Iterator[Row]:
    with engine.connect() as connection:
        result = connection.execution_options(yield_per=PAGE).execute(query)
        yield from (dict(row) for row in result.mappings())


def _decisions(asked: Asked) -> Select[tuple[str, ...]]:
    table = decision_records.c
    query = select(table.iss, table.unit, table.created, table.summary, table.timings)
    query = query.where(table.iss != OWN_ISSUER)
    return query.where(table.created >= stamp(asked.since), table.created < stamp(asked.until))


def _stops(asked: Asked) -> Select[tuple[str, ...]]:
    table = gate_rows.c
    query = select(table.iss, table.unit, table.created, table.gate)
    return query.where(table.created >= stamp(asked.since), table.created < stamp(asked.until))


def _statements(asked: Asked) -> Select[tuple[str, ...]]:
    """Counted in the week in which they came."""
    said, decision = feedback.c, decision_records.c
    same = (cards.c.card_id == said.card_id) & (cards.c.record_id == said.record_id)
    query = select(
        decision.iss, decision.unit, said.received.label("created"), said.outcome, said.reason, cards.c.topic
    )
    joined = query.select_from(feedback).join(cards, same).join(decision_records, decision.id == said.record_id)
    return joined.where(said.received >= stamp(asked.since), said.received < stamp(asked.until))


def names_of(settings: Settings) -> dict[str, str]:
    """The names of the EHRs, by what stands for each in records."""
    return {identity(each.trusted()): each.name for each in settings.ehrs if each.iss}


def _group(row: Row, asked: Asked) -> str:
    """An issuer that is registered no more stands for itself."""
    if asked.by == "week":
        year, week, _day = read_stamp(row["created"]).isocalendar()
        return f"{year}-W{week:02}"
    found = asked.names.get(row["iss"], row["iss"]) if asked.by == "ehr" else row["unit"]
    return found or "not known"


def _count_decision(row: Row, group: str, counts: Counts) -> None:
    summary = orjson.loads(row["summary"])
    counts.add(group, "calls", ["decided"])
    for measure in LISTS:
        counts.add(group, measure, summary.get(measure, ()))
    counts.wholes.update((group, "shown", name) for name in summary.get("fired", ()))
    counts.add(group, "unknown", summary.get("unknown", ()))
    counts.wholes.update((group, "unknown", name) for name in summary.get("judged", ()))
    for measure in TALLIES:
        counts.add_tally(group, measure, summary.get(measure, {}))
    total = orjson.loads(row["timings"]).get("total")
    if total is not None:
        counts.times[group].append(total)


def _count_stop(row: Row, group: str, counts: Counts) -> None:
    counts.add(group, "calls", [f"stopped at {row['gate']}"])


def _count_statement(row: Row, group: str, counts: Counts) -> None:
    reason = f", {row['reason'] or 'no reason'}" if row["outcome"] == "overridden" else ""
    counts.add(group, row["outcome"], [f"{row['topic']}{reason}"])


def as_csv(lines: Iterable[Line]) -> str:
    """The lines for a spreadsheet; a text that it could take for a formula gets an apostrophe before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEAD)
    writer.writerows([harmless(each) for each in (x.group, x.measure, x.what, x.number, x.of)] for x in lines)
    return out.getvalue()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet computes."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def as_text(lines: Iterable[Line]) -> str:
    """The lines for a terminal, in blocks."""
    return "\n".join(_blocks(lines)) + "\n"


def _blocks(lines: Iterable[Line]) -> Iterator[str]:
    before = ("", "")
    for each in lines:
        if (each.group, each.measure) != before:
            before = (each.group, each.measure)
            yield f"{printable(each.group)}: {each.measure}"
        yield f"  {printable(each.what):<60} {each.number:>10}" + (f" of {each.of}" if each.of else "")


def printable(text: str) -> str:
    """Without what would move a terminal's cursor."""
    return "".join(each if each.isprintable() else "?" for each in text)
