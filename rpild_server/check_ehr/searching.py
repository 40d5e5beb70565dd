"""One search of the plug-in as this EHR answers it: accepted or not, in which spelling, how fast, with what in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import quote, unquote

from ehr_access.measured import Examiner, Measured
from fhir_mappings.envelopes import look
from fhir_mappings.queries import QUERIES, searches
from rpild_server.check_ehr.documents import object_of, resources_of

MOST_PAGES = 20
FORMS = ("Patient/{}", "{}")


@dataclass(frozen=True, slots=True)
class Searched:
    """One key for one patient. `left_out` is the parameter without which alone the EHR accepts the search."""

    key: str
    patient: int
    status: int
    told: str
    seconds: float
    entries: int = 0
    pages: int = 0
    complete: bool = True
    has_total: bool = False
    patient_form: str = FORMS[0]
    left_out: str = ""
    bodies: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def accepted(self) -> bool:
        """Whether the plug-in would get an answer, if its settings fit."""
        return bool(self.bodies) and not self.left_out


@dataclass(slots=True)
class Searcher:
    """The searches below one base; the spelling of the patient that was accepted last is tried first."""

    examiner: Examiner
    now: datetime
    form: str = FORMS[0]
    refused: dict[str, str] = field(default_factory=dict)

    def search(self, key: str, number: int, patient: str) -> Searched:
        """One key for a patient; `number` stands for the patient in what is told."""
        first = self._ask(key, number, patient, self.form)
        if first.accepted or first.status in (0, 401, 403, 404):
            return first
        tries = self._variants(key, number, patient)
        return next((each for each in tries if each.bodies), first)

    def _variants(self, key: str, number: int, patient: str) -> Iterator[Searched]:
        other = next(each for each in FORMS if each != self.form)
        found = self._ask(key, number, patient, other)
        if found.accepted:
            self.form = other
        yield found
        if key in self.refused:
            yield self._without(self.refused[key], key, number, patient)
            return
        for name in _parameters(self._link(key, patient, self.form)):
            yield self._without(name, key, number, patient)

    def _without(self, name: str, key: str, number: int, patient: str) -> Searched:
        found = self._ask(key, number, patient, self.form, name)
        if found.bodies:
            self.refused[key] = name
        return found

    def _link(self, key: str, patient: str, form: str) -> str:
        return searches(patient, self.now, [key], form)[key]

    def _ask(self, key: str, number: int, patient: str, form: str, left_out: str = "") -> Searched:
        seen = self.examiner.get(_shortened(self._link(key, patient, form), left_out))
        found = Searched(key, number, seen.status, _told(seen), seen.seconds, patient_form=form, left_out=left_out)
        if not seen.good or not _answers(seen.body, key):
            return found
        bodies, complete = _pages(self.examiner, seen.body)
        bundles = [object_of(each) for each in bodies]
        count = sum(1 for each in bundles for _ in resources_of(each)) if not QUERIES[key].is_read else 1
        return replace(
            found, entries=count, pages=len(bodies), complete=complete, has_total="total" in bundles[0],
            bodies=tuple(bodies),
        )  # fmt: skip


def _parameters(link: str) -> Iterator[str]:
    """The parameters that a search may do without, as they stand in it."""
    names = [each.partition("=")[0] for each in link.partition("?")[2].split("&")]
    yield from (unquote(name) for name in reversed(names) if name and name != "patient")


def _shortened(link: str, left_out: str) -> str:
    place, mark, rest = link.partition("?")
    kept = [each for each in rest.split("&") if not left_out or each.partition("=")[0] != quote(left_out, safe="")]
    return f"{place}{mark}{'&'.join(kept)}"


def _answers(body: bytes, key: str) -> bool:
    return look(body).resource_type == (QUERIES[key].kind if QUERIES[key].is_read else "Bundle")


def _told(seen: Measured) -> str:
    """The status; of a refusal its code too, but not its words, which may repeat the patient."""
    issues = object_of(seen.body).get("issue")
    first = issues[0] if isinstance(issues, list) and issues and isinstance(issues[0], dict) else {}
    code = first.get("code")
    return f"{seen.told}, {code}" if isinstance(code, str) and code.isascii() and len(code) < 40 else seen.told


def _pages(examiner: Examiner, first: bytes) -> tuple[list[bytes], bool]:
    """The bodies of all pages, as far as they can be followed, and whether that was to the end."""
    bodies, link = [first], look(first).next_link
    while link and len(bodies) < MOST_PAGES:
        seen = examiner.get(link)
        if not seen.good or look(seen.body).resource_type != "Bundle":
            return bodies, False
        bodies.append(seen.body)
        link = look(seen.body).next_link
    return bodies, not link
