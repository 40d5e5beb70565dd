"""Both lanes over the same mutated chart: equal facts, equal complaints, and no exception but a coded one."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from fhir_mappings.chart import Chart, ChartContext, decode_key, read_chart
from fhir_mappings.mixed import KEY_OF
from fhir_mappings.queries import KEYS
from fhir_mappings.reads import OtherPatientError
from fhir_mappings.site_mapping import NO_MAPPING
from fhir_mappings.skimming import skim
from rpild_rules.assess import assess
from rpild_rules.knowledge import Knowledge
from tests.mappings.dirty import TRAPS, dirty

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
PATIENT = "p1"
CONTEXT = ChartContext(PATIENT, NOW, UTC, fhir_bases=("https://ehr.example/fhir",))
MARK = "lane-mark"
MOST_TRAPS, MOST_CHANGES = 6, 3
ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**20,
    1e300,
    "",
    " ",
    "x",
    "2026-11-21",
    "2026",
    "2026-02-30",
    "9999-12-31",
    "24:00",
    "Patient/p2",
    "Patient/p1",
    "#m1",
    "http://loinc.org",
    "2276-4",
    "2532-0",
    "final",
    "<",
    "mm[Hg]",
    "ng/mL",
    "%",
    [],
    {},
    [None],
    [[]],
    {"coding": []},
    {"coding": [{"code": "2276-4"}]},
    {"value": "7"},
    {"start": "2026"},
    [{"text": "MDA5"}],
    "null",
)
Outcome = tuple[str, Any, Any]


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) within a JSON value."""
    inner = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [(value, key) for key, _ in inner] + [place for _, member in inner for place in places(member)]


def mutated(seed: int) -> list[dict[str, Any]]:
    """A dirty chart with a few of its places overwritten or removed."""
    chance = random.Random(seed)
    names = chance.sample(sorted(TRAPS), chance.randrange(MOST_TRAPS))
    chart = deepcopy(dirty(PATIENT, NOW, names, seed))
    for _ in range(chance.randrange(MOST_CHANGES + 1)):
        container, key = chance.choice(places(chance.choice(chart)) or [({}, "x")])
        if isinstance(container, dict) and chance.random() < 0.3:
            container.pop(key, None)
        else:
            container[key] = deepcopy(chance.choice(ODD))
    return chart


def bodies(chart: list[Any], marked: bool) -> dict[str, Any]:
    """The chart as answers to every key; marked ones hold an entry that sends the Bundle to the lenient lane."""
    kept: dict[str, list[Any]] = {}
    for each in chart:
        kind = each.get("resourceType") if isinstance(each, dict) else None
        kept.setdefault(KEY_OF.get(kind, "laboratory") if isinstance(kind, str) else "laboratory", []).append(each)
    kinds = {key: kind for kind, key in KEY_OF.items()}
    if marked:
        for key, entries in kept.items():
            entries.append({"resourceType": kinds[key], "id": MARK, "status": 7})
    made = {
        key: json.dumps({"resourceType": "Bundle", "entry": [{"resource": each} for each in entries]}).encode()
        for key, entries in kept.items()
    }
    return dict.fromkeys(KEYS) | made


def outcome(chart: list[Any], marked: bool) -> tuple[Outcome, Chart | None]:
    """What one lane makes of a chart."""
    return _read(bodies(chart, marked))


def _read(answers: dict[str, Any], gate: bool = False) -> tuple[Outcome, Chart | None]:
    try:
        read = read_chart(answers, CONTEXT, gate)
    except OtherPatientError as problem:
        return ("other patient", problem.reference, ()), None
    kept = tuple(each for each in read.unreadable if not each.reference.endswith(f"/{MARK}"))
    facts = {name: getattr(read.facts, name) for name in read.facts.__dataclass_fields__ if name != "unreadable"}
    return ("read", facts, kept), read


def gate_difference(seed: int, chart: list[Any]) -> tuple[str, bool]:
    """Empty if a laboratory that may be skimmed and one that is read give the gate the same facts; and if it was
    skimmed. Some results are left out, so that often none concerns the gate.
    """
    chance = random.Random(seed)
    few = [each for each in chart if not _is_result(each) or chance.random() < 0.4]
    answers = bodies(few, marked=False)
    skimmed, _ = _read(answers, gate=True)
    try:
        decoded = {key: decode_key(key, answer, PATIENT) for key, answer in answers.items()}
    except OtherPatientError as problem:
        whole: Outcome = ("other patient", problem.reference, ())
    else:
        whole, _ = _read(decoded, gate=True)
    missed = skimmed[:2] != whole[:2]  # a result that nobody asked for may be unreadable without being told
    lab = answers["laboratory"]
    told = lab is not None and skim(lab, PATIENT, 0, NO_MAPPING) is not None
    return (f"seed {seed} at the gate: {_first(skimmed, whole)}" if missed else "", told)


def _is_result(each: Any) -> bool:
    return isinstance(each, dict) and each.get("resourceType") == "Observation"


def difference(seed: int, knowledge: Knowledge | None = None) -> str:
    """Empty if both lanes agree on the chart of a seed, and the gate with both of its own; with knowledge the chart is
    assessed, too.
    """
    chart = mutated(seed)
    fast, read = outcome(deepcopy(chart), marked=False)
    slow, _ = outcome(deepcopy(chart), marked=True)
    if fast != slow:
        return f"seed {seed}: {_first(fast, slow)}"
    if knowledge is not None and read is not None:
        assess(read.facts, knowledge, NOW)
    return gate_difference(seed, chart)[0]


def _first(fast: Outcome, slow: Outcome) -> str:
    if fast[0] != slow[0] or fast[0] != "read":
        return f"{fast} against {slow}"
    names = [name for name in fast[1] if fast[1][name] != slow[1][name]]
    parts = [f"{name}: {fast[1][name]} against {slow[1][name]}" for name in names]
    return "; ".join(parts) or f"unreadable: {fast[2]} against {slow[2]}"
