"""Seeded random charts that cluster around thresholds and window edges, as lines of tests/rules/charts.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from rpild_rules.facts import PatientFacts
from tests.oracle.stories import ago, antibodies, diagnosis, disease, gases, hours, maybe, onset, other_antibodies, oxygen, status, stays
from tests.rules.charts import chart

MDA5 = ("positive",) * 8 + ("negative",) * 6 + ("none",) * 3 + (
    "weak", "weak", "discordant", "preliminary", "ordered", "ordered", "panel", "equivocal", "unread",
)  # fmt: skip
OTHER = (
    "pneumonia", "covid-19", "pjp", "vap", "vte", "pneumomediastinum", "pneumothorax", "radiation-pneumonitis", "heart-failure",
    "hypersensitivity-pneumonitis", "drug-ild",
)  # fmt: skip
ELEMENTS = ("E-FERR", "E-INFL", "E-CBC", "E-CHEM", "E-GAS", "E-O2", "E-VITAL", "E-PFT", "E-CT", "E-ATT", "E-ENC", "E-MED", "E-ORD", "E-MICRO")


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
        return Story(tuple(rapid_without_disease(r)))
    lines = [line for part in PARTS for line in part(r)]
    lines += antibodies(r, r.choice(MDA5))
    age = r.choice((17, 18, 19)) if maybe(r, 0.03) else r.choice((34, 50, 66))
    return Story(tuple(_readable(lines)), age, r.choice(("female", "male")))


def _readable(lines: list[str]) -> list[str]:
    """An unread element holds nothing."""
    words = [line.split() for line in lines if line.startswith("unread")]
    blind = {w[1] for w in words}
    hidden = {"E-FERR": "ferritin", "E-INFL": "ldh crp", "E-GAS": "pao2 paco2 ph-arterial pf-ratio aa-gradient", "E-VITAL": "spo2"}
    hidden |= {"E-CBC": "lymphocytes-abs neutrophils-abs", "E-O2": "fio2 o2-flow support", "E-PFT": "fvc fvc-pct-pred dlco dlco-hb-adj"}
    hidden |= {"E-CT": "ct report", "E-ATT": "attest", "E-ENC": "stay", "E-MED": "drug", "E-ORD": "order", "E-MICRO": "", "E-CHEM": "ck alt ast creatinine"}
    gone = {word for element in blind for word in hidden.get(element, "").split()}
    gone |= {"test"} if "E-MSA" in blind else set()
    return [line for line in lines if line.split()[0] not in gone]


def rapid_without_disease(r: Random) -> list[str]:
    """A rapid lung disease with all antibodies negative: the AIP branch and its rule-outs."""
    at = ago(r, 5, 20, 31, partial=0)
    lines = [f"condition {r.choice(('aip', 'ild', 'ild-in-ctd'))} @{at}", f"condition acute-resp-failure @{at}", "test anti-mda5-qual negative @-3d"]
    taken = hours(r, 2, 24)
    lines += [f"pao2 {r.choice((55, 59, 60, 62))} @{taken} group=g", f"fio2 {r.choice(('0.21', '0.4', '0.9'))} @{taken} group=g"]
    lines += [f"attest bilateral-infiltrates {r.choice(('true', 'true', 'true', 'false'))} @{ago(r, 1, 14, partial=0)}"]
    lines += [f"attest causes-excluded {r.choice(('true', 'true', 'true', 'false'))} @{ago(r, 1, 14, partial=0)}"]
    lines += [f"stay IMP @{at} reason=acute-resp-failure"] if maybe(r, 0.7) else []
    return lines + circumstances(r) + drafts(r) + laboratory(r)


def lung_function(r: Random) -> list[str]:
    """FVC and DLCO pairs around the limits of C2."""
    lines: list[str] = []
    for concept, base, falls in (("fvc", "3.00", ("2.70", "2.69", "2.71", "3.10")), ("dlco", "20.0", ("17.0", "16.9", "17.1", "21"))):
        if maybe(r, 0.45):
            odd = r.choice(("code=other", "variant=pre", "variant=post", "problem=unit"))
            name = "dlco-hb-adj" if concept == "dlco" and maybe(r, 0.08) else concept
            lines.append(f"{name} {r.choice(falls)} @{ago(r, 1, 5, 31)}{status(r, 0.05)}" + (f" {odd}" if maybe(r, 0.05) else ""))
            if maybe(r, 0.75):
                mark = r.choice(("<", ">")) if maybe(r, 0.04) else ""
                lines.append(f"{concept} {mark}{base} @{ago(r, 4, 8, 20, 32, 36, 62, 92, 124)}" + (f" {odd}" if maybe(r, 0.06) else ""))
            if maybe(r, 0.15):
                lines.append(f"{concept} {r.choice((base, *falls))} @{ago(r, 2, 10, 25, 40, partial=0)}{status(r)}")
    if maybe(r, 0.12):
        lines += [f"fvc-pct-pred {r.choice((72, 73, 80))} @{ago(r, 1, 5)}", f"fvc-pct-pred 81 @{ago(r, 20, 33, partial=0)}"]
    return lines


def pictures(r: Random) -> list[str]:
    """CTs and what a clinician says of them."""
    lines: list[str] = []
    if maybe(r, 0.5):
        lines.append(f"ct ct1 @{ago(r, 20, 32, 45, 92, 120, partial=0)}")
    if maybe(r, 0.4):
        lines.append(f"ct ct2 @{ago(r, 1, 5, 14, 31, partial=0)}")
    if maybe(r, 0.2):
        lines.append(f"report r1 @{ago(r, 1, 31, partial=0)}" + (" of=ct2" if maybe(r, 0.5) else ""))
    if maybe(r, 0.22):
        named = r.choice((" of=ct1,ct2", " of=ct1,ct2", ""))
        lines.append(f"attest hrct-increase-percent {r.choice((-5, 0, 19, 20, 21, 35))} @{ago(r, 0, 3, 14, partial=0)}{named}{status(r)}")
    if maybe(r, 0.28):
        start, end = r.choice((("-40D", "-2D"), ("-94D", "-2D"), ("-95D", "-2D"), ("-120D", "-93D"), ("-30d", "-1d"), ("-20D", "-15D")))
        period = f" period={start}..{end}" if maybe(r, 0.75) else r.choice((" of=ct1,ct2", ""))
        lines.append(f"attest ct-worsening {r.choice(('true', 'true', 'true', 'false'))} @{ago(r, 0, 3, 14, partial=0)}{period}{status(r)}")
    if maybe(r, 0.15):
        lines.append(f"attest ggo-all-six-fields {r.choice(('true', 'false'))} @{ago(r, 5, 40, partial=0)}")
    if maybe(r, 0.3):
        lines.append(f"attest bilateral-infiltrates {r.choice(('true', 'true', 'false'))} @{ago(r, 1, 14, partial=0)}")
    if maybe(r, 0.3):
        lines.append(f"attest causes-excluded {r.choice(('true', 'true', 'false'))} @{ago(r, 1, 14, partial=0)}")
    return lines


def laboratory(r: Random) -> list[str]:
    """The blood tests of the flags."""
    table = {
        "ferritin": (499, 500, 827, 828, 1000, 1001, 1499, 1500), "ldh": (300, 400, 401), "crp": (12, 13, 14), "lymphocytes-abs": ("0.49", "0.5", "0.6"),
    }  # fmt: skip
    lines: list[str] = []
    for concept, values in table.items():
        for _ in range(r.choice((0, 1, 1, 2) if concept == "ferritin" else (0, 0, 1))):
            mark = r.choice(("<", ">", ">=", "<=")) if maybe(r, 0.08) else ""
            bad = " problem=unit" if maybe(r, 0.04) else ""
            when = r.choice((ago(r, 1, 3, 7, 31, 45, 92, partial=0.01), hours(r, 1, 2, 72)))
            lines.append(f"{concept} {mark}{r.choice(values)} @{when}{bad}{status(r, 0.06)}")
    lines += [f"{name} 1 @{ago(r, 1, 7, 31, partial=0)}" for name in ("ck", "alt", "ast", "creatinine", "neutrophils-abs") if maybe(r, 0.3)]
    return lines


def drugs(r: Random) -> list[str]:
    """Steroid, a second drug, and what else is running."""
    lines: list[str] = []
    start = r.choice((2, 4, 8, 10, 20, 30, 60, 150, 190))
    if maybe(r, 0.5):
        gc = r.choice(("prednisolone", "prednisolone", "methylprednisolone", "prednisone", "dexamethasone", "hydrocortisone"))
        mg = r.choice(("60", "30", "29", "20", "1000", "10", ""))
        lines.append(f"drug {gc} @{ago(r, start, partial=0)}" + (f" mg={mg}" if mg else "") + _state(r))
    if maybe(r, 0.5):
        second = r.choice(("tacrolimus", "tacrolimus", "cyclosporine", "cyclophosphamide", "rituximab", "mycophenolate-mofetil", "tofacitinib", "baricitinib"))
        lines.append(f"drug {second} @{ago(r, max(start - 1, 1), start, start + 3, partial=0)}{_state(r)}")
    if maybe(r, 0.12):
        extra = r.choice(("methotrexate", "azathioprine", "infliximab", "unresolved", "tocilizumab", "prednisolone", "tacrolimus", "nintedanib"))
        lines.append(f"drug {extra} @{ago(r, 5, 14, 35, 45, partial=0)} mg=20{_state(r)}")
    if maybe(r, 0.25):
        lines.append(f"attest treatment-response {r.choice(('improving', 'improving', 'stable', 'worsening'))} @{ago(r, 0, 2, 14, 92, partial=0)}{status(r)}")
    return lines


def _state(r: Random) -> str:
    forms = [""] * 12 + [" status=stopped", " status=completed", " kind=administration status=completed", " kind=statement status=active"]
    forms += [" intent=plan", " reported=yes", " route=nonsystemic", f" until={ago(r, 1, 40, partial=0)}", " until=+5d"]
    return r.choice(forms)


def treated(r: Random) -> list[str]:
    """Seldom a whole episode under treatment, so that the late stages occur."""
    if not maybe(r, 0.22):
        return []
    first = r.choice((10, 15, 25))
    begun = first - r.choice((-20, -15, -14, 2, 5, 8))
    lines = [f"condition {r.choice(('dyspnea', 'acute-resp-failure'))} @-{first}{r.choice('dD')}", f"stay IMP @-{first}d reason=dyspnea"]
    lines += [f"drug prednisolone @-{max(begun, 1)}d mg=60", f"drug tacrolimus @-{max(begun, 1)}d"]
    if maybe(r, 0.4):
        lines.append(f"attest treatment-response {r.choice(('improving', 'stable', 'worsening', 'worsening'))} @{ago(r, 0, 1, 14, partial=0)}")
    if maybe(r, 0.3):
        lines.append(f"support {r.choice(('hfnc', 'niv', 'invasive-ventilation'))} @{hours(r, 2, 20, 60)}")
    return lines


def circumstances(r: Random) -> list[str]:
    """Other causes, limits of care, referral, transplant, unread elements."""
    lines = [diagnosis(r, r.choice(OTHER), 5, 31)] if maybe(r, 0.15) else []
    lines += [f"limit {r.choice(('partial', 'partial', 'resuscitation', 'comfort'))} @-2d"] if maybe(r, 0.06) else []
    lines += [f"done lung-transplant @-{r.choice((20, 900))}d"] if maybe(r, 0.015) else []
    lines += ["condition transplant-state @-50d"] if maybe(r, 0.01) else []
    if maybe(r, 0.08):
        lines.append(f"order referral-transplant @{ago(r, 2, 190, partial=0)} items=transplant-referral status={r.choice(('active', 'completed', 'revoked'))}")
    if maybe(r, 0.06):
        lines.append(f"test {r.choice(('sars-cov-2-rna', 'influenza-a-rna'))} {r.choice(('positive', 'negative'))} @{ago(r, 5, 31, partial=0)}")
    if maybe(r, 0.05):
        lines.append(f"order order-ferritin @{hours(r, 3, 24)} items=ferritin status={r.choice(('active', 'completed'))}")
    if maybe(r, 0.1):
        lines.append(f"unread {r.choice(ELEMENTS)} {r.choice(('fetch-failed', 'not-permitted'))}")
    return lines


def drafts(r: Random) -> list[str]:
    """What is being signed."""
    if maybe(r, 0.45):
        return []
    drug = r.choice(("methotrexate", "azathioprine", "infliximab", "leflunomide", "prednisolone", "tacrolimus"))
    line = f"draft drug {drug} mg=20"
    line += r.choice(("", "", "", " route=intrathecal", " reason=malignancy", " refused=yes"))
    return [line] if maybe(r, 0.75) else [r.choice(("draft order ferritin items=ferritin", "draft order referral-transplant items=transplant-referral"))]


PARTS: tuple[Callable[[Random], list[str]], ...] = (
    other_antibodies, disease, onset, stays, oxygen, gases, lung_function, pictures, laboratory, drugs, treated, circumstances, drafts,
)  # fmt: skip


def stories(count: int, start: int = 0) -> list[Story]:
    """Consecutive seeds."""
    return [story(seed) for seed in range(start, start + count)]


