"""Seeded random charts that cluster around thresholds and window edges, as lines of tests/rules/charts.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from rpild_rules.facts import PatientFacts
from tests.oracle.courses import circumstances, drafts, drugs, laboratory, lung_function, pictures, treated
from tests.oracle.rarities import rarities
from tests.oracle.stories import (
    ago,
    antibodies,
    disease,
    gases,
    hours,
    maybe,
    onset,
    other_antibodies,
    oxygen,
    stays,
)
from tests.rules.charts import chart

MDA5 = ("positive",) * 8 + ("negative",) * 6 + ("none",) * 3 + (
    "weak", "weak", "discordant", "preliminary", "ordered", "ordered", "panel", "equivocal", "unread",
)  # fmt: skip


@dataclass(frozen=True)
class Story:
    """A chart in lines; age, sex and the signing user stand beside them."""

    lines: tuple[str, ...]
    age: int = 50
    sex: str = "female"

    def facts(self) -> PatientFacts:
        """The chart as facts."""
        return chart(*self.lines, age=self.age, sex=self.sex)


def story(seed: int) -> Story:
    """The chart of one seed."""
    r = Random(seed)
    if maybe(r, 0.02):
        return Story(tuple(_readable(rapid_without_disease(r))))
    lines = [line for part in PARTS for line in part(r)]
    lines += antibodies(r, r.choice(MDA5))
    age = r.choice((17, 18, 19)) if maybe(r, 0.03) else r.choice((34, 50, 66))
    sex = r.choice(("female", "male"))
    return Story(tuple(_readable([*lines, *rarities(r)])), age, sex)


def _readable(lines: list[str]) -> list[str]:
    """An unread element holds nothing."""
    words = [line.split() for line in lines if line.startswith("unread")]
    blind = {w[1] for w in words}
    hidden = {
        "E-FERR": "ferritin",
        "E-INFL": "ldh crp",
        "E-GAS": "pao2 paco2 ph-arterial pf-ratio aa-gradient",
        "E-VITAL": "spo2",
    }
    hidden |= {
        "E-CBC": "lymphocytes-abs neutrophils-abs",
        "E-O2": "fio2 o2-flow support",
        "E-PFT": "fvc fvc-pct-pred dlco dlco-hb-adj",
    }
    hidden |= {
        "E-CT": "ct report",
        "E-ATT": "attest",
        "E-ENC": "stay",
        "E-MED": "drug",
        "E-ORD": "order",
        "E-MICRO": "",
        "E-CHEM": "ck alt ast creatinine",
    }
    gone = {word for element in blind for word in hidden.get(element, "").split()}
    gone |= {"test"} if "E-MSA" in blind else set()
    return [line for line in lines if line.split()[0] not in gone]


def rapid_without_disease(r: Random) -> list[str]:
    """A rapid lung disease with all antibodies negative: the AIP branch and its rule-outs."""
    at = ago(r, 5, 20, 31, partial=0)
    lines = [
        f"condition {r.choice(('aip', 'ild', 'ild-in-ctd'))} @{at}",
        f"condition acute-resp-failure @{at}",
        "test anti-mda5-qual negative @-3d",
    ]
    taken = hours(r, 2, 24)
    lines += [
        f"pao2 {r.choice((55, 59, 60, 62))} @{taken} group=g",
        f"fio2 {r.choice(('0.21', '0.4', '0.9'))} @{taken} group=g",
    ]
    lines += [f"attest bilateral-infiltrates {r.choice(('true', 'true', 'true', 'false'))} @{ago(r, 1, 14, partial=0)}"]
    lines += [f"attest causes-excluded {r.choice(('true', 'true', 'true', 'false'))} @{ago(r, 1, 14, partial=0)}"]
    lines += [f"stay IMP @{at} reason=acute-resp-failure"] if maybe(r, 0.7) else []
    return lines + circumstances(r) + drafts(r) + laboratory(r)


PARTS: tuple[Callable[[Random], list[str]], ...] = (
    other_antibodies,
    disease,
    onset,
    stays,
    oxygen,
    gases,
    lung_function,
    pictures,
    laboratory,
    drugs,
    treated,
    circumstances,
    drafts,
)
