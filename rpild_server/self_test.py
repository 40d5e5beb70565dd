"""`rpild demo --self-test`: every demo patient through HTTP, by hook with and without prefetch and by launch."""

from __future__ import annotations

import html
import json
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from rpild_server.demo import Addresses
from rpild_server.probe import look, post, visit

HOOK = "patient-view"
SECONDS = 20.0
FRAME = re.compile(r'<iframe[^>]*\ssrc="([^"]+)"')
TOKEN = {"access_token": "synthetic", "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.read"}
WIDTHS = (18, 16, 44, 9, 9, 9)
Found = TypeVar("Found")
Json = dict[str, Any]


@dataclass(slots=True)
class Row:
    """One patient: what the hook said, milliseconds by way, and what is wrong (empty: nothing)."""

    patient: str
    stage: str = ""
    cards: tuple[str, ...] = ()
    times: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def run_self_test(addresses: Addresses, say: Callable[[str], None]) -> bool:
    """Ask about every patient of a running demo and print a table; whether all is well."""
    rows = []
    say(_line("patient", "stage", "cards", "prefetch", "fetch", "page"))
    for row in self_test(addresses):
        rows.append(row)
        times = [f"{each} ms" for each in row.times]
        say(_line(row.patient, row.stage, " ".join(row.cards) or "none", *times) + f"  {_verdict(row)}")
    bad = [row.patient for row in rows if row.faults]
    say(f"{len(rows)} patients, {len(rows) - len(bad)} pass" + (f"; fault: {', '.join(bad)}" if bad else ""))
    return bool(rows) and not bad


def _verdict(row: Row) -> str:
    return "FAULT: " + "; ".join(row.faults) if row.faults else "pass"


def _line(*words: str) -> str:
    return " ".join(word.ljust(width) for word, width in zip(words, WIDTHS, strict=False)).rstrip()


def self_test(addresses: Addresses) -> Iterator[Row]:
    """A row for each patient of the demo EHR, in its order."""
    services = _json(look(f"{addresses.plug_in}/cds-services").text).get("services", [])
    templates = next((dict(each["prefetch"]) for each in services if each["hook"] == HOOK), {})
    listed = _json(look(f"{addresses.ehr}/open/fhir/Patient?_count=200", SECONDS).text)
    for entry in listed.get("entry", []):
        yield _judge(addresses, templates, str(entry["resource"]["id"]))


def _judge(addresses: Addresses, templates: Mapping[str, str], patient: str) -> Row:
    row = Row(patient)
    filled, _ = _timed(lambda: _prefetch(addresses, templates, patient, _reader()))
    given = _call(addresses, row, patient, {"prefetch": filled}, "prefetch")
    access = {"fhirServer": f"{addresses.ehr}/open/fhir", "fhirAuthorization": TOKEN | {"subject": "self-test"}}
    fetched = _call(addresses, row, patient, access, "fetch")
    row.stage, row.cards = _stage(given), _topics(given)
    if (row.stage, row.cards) != (_stage(fetched), _topics(fetched)):
        row.faults.append(f"fetch says {_stage(fetched)} {' '.join(_topics(fetched))}")
    _open_page(addresses, row, given)
    return row


def _reader() -> str:
    """A user who has seen no card: the service repeats none to one user within a day."""
    return f"dr-demo-{uuid.uuid4().hex[:12]}"


def _call(addresses: Addresses, row: Row, patient: str, more: Json, way: str) -> Json:
    context = {"userId": f"Practitioner/{_reader()}", "patientId": patient}
    body = json.dumps({"hook": HOOK, "hookInstance": str(uuid.uuid4()), "context": context} | more).encode()
    address = f"{addresses.plug_in}/cds-services/rpild-{HOOK}"
    (status, answer), milliseconds = _timed(lambda: post(address, body, {}, SECONDS))
    row.times.append(milliseconds)
    if status != 200:
        row.faults.append(f"{way} answered {status}")
    return answer


def _prefetch(addresses: Addresses, templates: Mapping[str, str], patient: str, user: str) -> Json:
    """What an EHR sends along: each template of the discovery, filled by the demo EHR over HTTP."""
    filled = {}
    for key, template in templates.items():
        path = template.replace("{{context.patientId}}", patient).replace("{{context.userId}}", f"Practitioner/{user}")
        seen = look(f"{addresses.ehr}/open/fhir/{path}", SECONDS)
        if seen.status == 200:
            filled[key] = _json(seen.text)
    return filled


def _open_page(addresses: Addresses, row: Row, answer: Json) -> None:
    """Launch the app from the chart, as its frame does, and look for the main card's words on the page."""
    frame = FRAME.search(look(f"{addresses.ehr}/patients/{row.patient}/app", SECONDS).text)
    if not frame:
        row.faults.append("the chart opens no app")
        return
    seen, milliseconds = _timed(lambda: visit(html.unescape(frame[1]), addresses.plug_in, SECONDS))
    row.times.append(milliseconds)
    page = html.unescape(seen.text)
    wanted = [str(card["summary"]) for card in answer.get("cards", [])[:1]]
    if seen.status != 200 or 'id="standing"' not in page:
        row.faults.append(f"the page answered {seen.status} {seen.fault}".strip())
    elif any(summary not in page for summary in wanted):
        row.faults.append("the page does not show the first card")


def _timed(act: Callable[[], Found]) -> tuple[Found, int]:
    started = time.perf_counter()
    found = act()
    return found, round((time.perf_counter() - started) * 1000)


def _json(text: str) -> Json:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _assessed(answer: Json) -> Json:
    return dict(answer.get("extension", {}).get("org.rpild.assessment", {}))


def _stage(answer: Json) -> str:
    return str(_assessed(answer).get("stage", ""))


def _topics(answer: Json) -> tuple[str, ...]:
    return tuple(str(each["source"]["topic"]["code"]) for each in answer.get("cards", []))
