"""Pieces of random charts, as lines of tests/rules/charts.py: antibodies, diagnoses, onset, stays, oxygen, gases."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

STATUSES = (
    "verification=provisional",
    "verification=refuted",
    "clinical=resolved",
    "clinical=inactive",
    "clinical=recurrence",
)


def maybe(r: Random, chance: float) -> bool:
    """True with that chance."""
    return r.random() < chance


def ago(r: Random, *days: int, partial: float = 0.04) -> str:
    """A time near one of these distances: at it, just inside, just outside, as a day, seldom as a month."""
    d = r.choice(days)
    if maybe(r, partial):
        return f"-{d}D/month"
    forms = [
        f"-{d}d",
        f"-{d}d1m",
        f"-{max(d - 1, 0)}d23h59m",
        f"-{d}D",
        f"-{d + 1}D",
        f"-{max(d - 1, 0)}D",
        f"-{d}d{r.randint(1, 22)}h",
    ]
    return r.choice(forms)


def hours(r: Random, *marks: int) -> str:
    """A time near one of these hours."""
    h = r.choice(marks)
    return r.choice([f"-{h}h", f"-{h}h1m", f"-{max(h - 1, 0)}h59m", f"-{h + r.randint(1, 5)}h"])


def status(r: Random, chance: float = 0.08) -> str:
    """Seldom a status that changes what a result says."""
    return (
        f" status={r.choice(('preliminary', 'amended', 'corrected', 'entered-in-error', 'registered'))}"
        if maybe(r, chance)
        else ""
    )


def attested(r: Random, code: str, values: Sequence[object], *days: int, more: str = "") -> str:
    """One attestation made near one of these distances."""
    return f"attest {code} {r.choice(values)} @{ago(r, *days, partial=0)}{more}{status(r)}"


def antibodies(r: Random, kind: str) -> list[str]:
    """The MDA5 story of a kind, and sometimes other antibodies."""
    q = r.choice(("anti-mda5-qual", "anti-mda5-qual", "anti-mda5-quant"))
    at = ago(r, 5, 14, 60, 190, partial=0.02)
    order = f"order order-myositis-antibody @{ago(r, 2, 14, 60, partial=0)} items=myositis-panel"
    choices = {
        "positive": [f"test {q} positive @{at}"],
        "weak": [f"test {q} weak @{at}"] + ([f"test {q} weak @-90d"] if maybe(r, 0.3) else []),
        "discordant": [f"test {q} positive @-70d", f"test {q} negative @{ago(r, 10, 129, partial=0)}"],
        "negative": [f"test {q} negative @{ago(r, 3, 30, 90, partial=0)}"],
        "preliminary": [f"test {q} negative @-1d status=preliminary"],
        "ordered": [order + f" status={r.choice(('active', 'on-hold', 'completed', 'completed', 'revoked'))}"],
        "panel": [order + " status=active", f"test myositis-panel unreadable @{ago(r, 1, 14, 60, partial=0)}"],
        "equivocal": [f"test {q} {r.choice(('indeterminate', 'unreadable'))} @{at}"],
        "none": [],
        "unread": [f"unread E-MSA {r.choice(('fetch-failed', 'not-permitted'))}"],
    }
    return choices[kind]


def other_antibodies(r: Random) -> list[str]:
    """Ro52 and other myositis antibodies."""
    said = r.choice(("positive", "negative", "weak", "indeterminate"))
    one = r.choice(("anti-jo1", "anti-pl7", "anti-srp", "anti-pmscl", "anti-rnp", "anti-ku"))
    lines = [f"test anti-ro52 {said} @{ago(r, 5, 200, partial=0)}"] if maybe(r, 0.4) else []
    return lines + (
        [f"test {one} {r.choice(('positive', 'negative', 'negative'))} @-20d{status(r)}"] if maybe(r, 0.35) else []
    )


def diagnosis(r: Random, concept: str, *days: int, odd: float = 0.12) -> str:
    """One Condition, its date in one of the usual forms."""
    at = ago(r, *days)
    form = r.random()
    line = f"condition {concept} @{at}"
    if form > 0.85:
        line = f"condition {concept} recorded={at}"
    elif form > 0.82:
        line = f"condition {concept} onset=text recorded={at}"
    elif form > 0.75:
        line += f" recorded={ago(r, 1, 5, partial=0)}"
    if maybe(r, odd):
        line += f" {r.choice(STATUSES)}"
        began = int(at[1:].split("d")[0].split("D")[0])
        ends = [d for d in (3, 31) if d + 2 < began]
        line += f" abated={ago(r, *ends, partial=0)}" if "resolved" in line and ends and maybe(r, 0.9) else ""
    return line


def disease(r: Random) -> list[str]:
    """Myositis group, skin, ILD group, connective tissue."""
    lines = []
    if maybe(r, 0.6):
        name = r.choice(
            (
                "dermatomyositis",
                "dermatomyositis",
                "amyopathic-dm",
                "polymyositis",
                "antisynthetase",
                "myositis-nos",
                "ctd-other",
            )
        )
        lines.append(diagnosis(r, name, 20, 100, 190, 400, odd=0.1))
    if maybe(r, 0.2):
        lines.append(
            diagnosis(
                r, r.choice(("gottron", "heliotrope", "mechanics-hands", "skin-ulcer", "digital-ulcer", "raynaud")), 30
            )
        )
    if maybe(r, 0.55):
        lines.append(
            diagnosis(
                r,
                r.choice(("ild", "ild", "ild-in-ctd", "aip", "drug-ild", "hypersensitivity-pneumonitis")),
                10,
                31,
                92,
                190,
                300,
            )
        )
    return lines


def onset(r: Random) -> list[str]:
    """Respiratory Conditions and the attested onset."""
    names = ("dyspnea", "dyspnea", "dyspnea", "acute-resp-failure", "hypoxemia", "ards", "cough")
    lines = [
        diagnosis(r, r.choice(names), 3, 10, 18, 31, 31, 40, 62, 92, 123) for _ in range(r.choice((0, 1, 1, 1, 2, 3)))
    ]
    if maybe(r, 0.2):
        lines.append(attested(r, "respiratory-onset", [ago(r, 5, 20, 31, 45, partial=0.1)], 0, 1, 10, 190))
    if maybe(r, 0.12):
        lines.append(f"attest progressive-dyspnoea {r.choice(('true', 'false'))} @{ago(r, 1, 14, partial=0)}")
    return lines


def stays(r: Random) -> list[str]:
    """Encounters."""
    lines = []
    for _ in range(r.choice((0, 1, 1, 2))):
        reason = r.choice(("dyspnea", "acute-resp-failure", "ild", "pneumonia", "hypoxemia", "stroke", ""))
        begun = r.choice((3, 5, 10, 31, 45))
        line = f"stay {r.choice(('IMP', 'IMP', 'IMP', 'EMER', 'AMB', '?'))} @{ago(r, begun, partial=0)}"
        line += f" until={ago(r, *(d for d in (0, 1, 31) if d + 2 < begun), partial=0)}" if maybe(r, 0.45) else ""
        line += f" reason={reason}" if reason else ""
        lines.append(
            line + (f" status={r.choice(('planned', 'cancelled', 'onleave', 'finished'))}" if maybe(r, 0.06) else "")
        )
    return lines


def oxygen(r: Random) -> list[str]:
    """Support and statements about it."""
    lines = []
    if maybe(r, 0.3):
        name = r.choice(
            ("hfnc", "niv", "invasive-ventilation", "oxygen-therapy", "nasal-cannula", "simple-mask", "ecmo", "venturi")
        )
        begun = r.choice((2, 24, 72, 80, 168, 480))
        at = hours(r, begun) if begun < 100 else ago(r, begun // 24, partial=0)
        ends = [h for h in (1, 12, 24, 120) if h + 8 < begun]
        lines.append(f"support {name} @{at}" + (f" until={hours(r, *ends)}" if ends and maybe(r, 0.4) else ""))
    if maybe(r, 0.15):
        at = ago(r, 0, 2, 7, partial=0)
        lines.append(f"support room-air @{at} until={at}")
    if maybe(r, 0.15):
        lines.append(f"o2-flow {r.choice((0, 2, 6))} @{ago(r, 1, 7, 30, partial=0)}")
    if maybe(r, 0.2):
        word = r.choice(("", " variant=room-air"))
        when = r.choice((hours(r, 1, 24), ago(r, 1, 7, partial=0)))
        lines.append(f"spo2 {r.choice((88, 89, 90, 94, 95, 97))} @{when}{word}{status(r)}")
    if maybe(r, 0.05):
        lines.append(diagnosis(r, "o2-dependence", 5, 31))
    return lines


def gases(r: Random) -> list[str]:
    """Blood gases with their oxygen."""
    lines: list[str] = []
    base = r.choice((75, 80, 90))
    times = [r.choice((hours(r, 1, 12, 24), ago(r, 1, 7, partial=0)))]
    times += [ago(r, 2, 8, 20, 31, partial=0.02) for _ in range(r.choice((0, 0, 1, 1, 2)))]
    for n, at in enumerate(times):
        lines += gas(r, f"g{n}", at, base)
    if maybe(r, 0.06):
        lines += gas(r, "g9", r.choice((times[0], hours(r, 1, 24, 48))), base)
    if maybe(r, 0.05):
        lines.append(f"pf-ratio {r.choice((290, 299, 300, 310))} @{times[0]}")
    if maybe(r, 0.04):
        lines.append(f"aa-gradient {r.choice((31, 32, 40))} @{times[0]}")
    return lines


def gas(r: Random, group: str, at: str, base: int) -> list[str]:
    """One gas: values at, just below and just above the limits."""
    value = r.choice((base, base - 10, base - 11, 59, 60, 61, 62, 45, 50, 72, 100))
    mark = r.choice(("<", ">", ">=")) if maybe(r, 0.03) else ""
    bad = " problem=unit" if maybe(r, 0.03) else ""
    lines = [f"pao2 {mark}{value} @{at} group={group}{bad}{status(r, 0.06)}"]
    if maybe(r, 0.8):
        other = r.choice((f"@{at} group={group}", f"@{at} group={group}", f"@{at}")) + (
            " estimated=yes" if maybe(r, 0.06) else ""
        )
        fraction = r.choice(("0.21", "0.21", "0.21", "0.20", "0.23", "0.24", "0.4", "0.5", "0.6", "0.61", "0.9"))
        lines.append(f"fio2 {fraction} {other}" + (" problem=unit" if maybe(r, 0.02) else ""))
    if maybe(r, 0.4):
        lines.append(f"paco2 {r.choice((32, 35, 40, 59, 60, 66))} @{at} group={group}")
    if maybe(r, 0.2):
        lines.append(f"ph-arterial {r.choice(('7.24', '7.25', '7.26', '7.40'))} @{at} group={group}")
    return lines
