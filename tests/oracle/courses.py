"""Pieces of random charts, continued: lung function, pictures, laboratory, treatment, circumstances, drafts."""

from __future__ import annotations

from random import Random

from tests.oracle.stories import ago, attested, diagnosis, hours, maybe, status

OTHER = [
    "pneumonia",
    "covid-19",
    "pjp",
    "vap",
    "vte",
    "pneumomediastinum",
    "pneumothorax",
    "radiation-pneumonitis",
    "heart-failure",
    "hypersensitivity-pneumonitis",
    "drug-ild",
]
ELEMENTS = [
    "E-FERR",
    "E-INFL",
    "E-CBC",
    "E-CHEM",
    "E-GAS",
    "E-O2",
    "E-VITAL",
    "E-PFT",
    "E-CT",
    "E-ATT",
    "E-ENC",
    "E-MED",
    "E-ORD",
    "E-MICRO",
]
PERIODS = [f" period={p}" for p in ["-40D..-2D", "-94D..-2D", "-95D..-2D", "-120D..-93D", "-30d..-1d", "-20D..-15D"]]
MOSTLY = ("true", "true", "false")
STEROIDS = ["prednisolone", "prednisolone", "methylprednisolone", "prednisone", "dexamethasone", "hydrocortisone"]
SECOND = [
    "tacrolimus",
    "tacrolimus",
    "cyclosporine",
    "cyclophosphamide",
    "rituximab",
    "mycophenolate-mofetil",
    "tofacitinib",
    "baricitinib",
]
EXTRA = [
    "methotrexate",
    "azathioprine",
    "infliximab",
    "unresolved",
    "tocilizumab",
    "prednisolone",
    "tacrolimus",
    "nintedanib",
]
DRAFTED = ["methotrexate", "azathioprine", "infliximab", "leflunomide", "prednisolone", "tacrolimus"]
STATES = (
    " status=stopped",
    " status=completed",
    " kind=administration status=completed",
    " kind=statement status=active",
    " intent=plan",
    " reported=yes",
    " route=nonsystemic",
    " until=+5d",
)


def lung_function(r: Random) -> list[str]:
    """FVC and DLCO pairs around the limits of C2."""
    lines: list[str] = []
    for concept, base, falls in (
        ("fvc", "3.00", ("2.70", "2.69", "2.71", "3.10")),
        ("dlco", "20.0", ("17.0", "16.9", "17.1", "21")),
    ):
        if maybe(r, 0.45):
            odd = r.choice(("code=other", "variant=pre", "variant=post", "problem=unit"))
            name = "dlco-hb-adj" if concept == "dlco" and maybe(r, 0.08) else concept
            lines.append(
                f"{name} {r.choice(falls)} @{ago(r, 1, 5, 31)}{status(r, 0.05)}" + (f" {odd}" if maybe(r, 0.05) else "")
            )
            if maybe(r, 0.75):
                mark = r.choice(("<", ">")) if maybe(r, 0.04) else ""
                lines.append(
                    f"{concept} {mark}{base} @{ago(r, 4, 8, 20, 32, 36, 62, 92, 124)}"
                    + (f" {odd}" if maybe(r, 0.06) else "")
                )
            if maybe(r, 0.15):
                lines.append(f"{concept} {r.choice((base, *falls))} @{ago(r, 2, 10, 25, 40, partial=0)}{status(r)}")
    if maybe(r, 0.12):
        lines += [
            f"fvc-pct-pred {r.choice((72, 73, 80))} @{ago(r, 1, 5)}",
            f"fvc-pct-pred 81 @{ago(r, 20, 33, partial=0)}",
        ]
    return lines


def pictures(r: Random) -> list[str]:
    """CTs and what a clinician says of them."""
    lines = [f"ct ct1 @{ago(r, 20, 32, 45, 92, 120, partial=0)}"] if maybe(r, 0.5) else []
    lines += [f"ct ct2 @{ago(r, 1, 5, 14, 31, partial=0)}"] if maybe(r, 0.4) else []
    if maybe(r, 0.2):
        lines.append(f"report r1 @{ago(r, 1, 31, partial=0)}" + r.choice((" of=ct2", "")))
    if maybe(r, 0.22):
        named = r.choice((" of=ct1,ct2", " of=ct1,ct2", ""))
        lines.append(attested(r, "hrct-increase-percent", (-5, 0, 19, 20, 21, 35), 0, 3, 14, more=named))
    if maybe(r, 0.28):
        period = r.choice(PERIODS) if maybe(r, 0.75) else r.choice((" of=ct1,ct2", ""))
        lines.append(attested(r, "ct-worsening", ("true", "true", "true", "false"), 0, 3, 14, more=period))
    lines += [attested(r, "ggo-all-six-fields", ("true", "false"), 5, 40)] if maybe(r, 0.15) else []
    lines += [attested(r, "bilateral-infiltrates", MOSTLY, 1, 14)] if maybe(r, 0.3) else []
    return lines + ([attested(r, "causes-excluded", MOSTLY, 1, 14)] if maybe(r, 0.3) else [])


def laboratory(r: Random) -> list[str]:
    """The blood tests of the flags."""
    table = {
        "ferritin": (499, 500, 827, 828, 1000, 1001, 1499, 1500), "ldh": (300, 400, 401), "crp": (12, 13, 14),
        "lymphocytes-abs": ("0.49", "0.5", "0.6"),
    }  # fmt: skip
    lines: list[str] = []
    for concept, values in table.items():
        for _ in range(r.choice((0, 1, 1, 2) if concept == "ferritin" else (0, 0, 1))):
            mark = r.choice(("<", ">", ">=", "<=")) if maybe(r, 0.08) else ""
            bad = " problem=unit" if maybe(r, 0.04) else ""
            when = r.choice((ago(r, 1, 3, 7, 31, 45, 92, partial=0.01), hours(r, 1, 2, 72)))
            lines.append(f"{concept} {mark}{r.choice(values)} @{when}{bad}{status(r, 0.06)}")
    lines += [
        f"{name} 1 @{ago(r, 1, 7, 31, partial=0)}"
        for name in ("ck", "alt", "ast", "creatinine", "neutrophils-abs")
        if maybe(r, 0.3)
    ]
    return lines


def drugs(r: Random) -> list[str]:
    """Steroid, a second drug, and what else is running."""
    lines: list[str] = []
    start = r.choice((2, 4, 8, 10, 20, 30, 60, 150, 190))
    if maybe(r, 0.5):
        mg = r.choice(("60", "30", "29", "20", "1000", "10", ""))
        dose = f" mg={mg}" if mg else ""
        lines.append(f"drug {r.choice(STEROIDS)} @{ago(r, start, partial=0)}{dose}{_state(r)}")
    if maybe(r, 0.5):
        at = ago(r, max(start - 1, 1), start, start + 3, partial=0)
        lines.append(f"drug {r.choice(SECOND)} @{at}{_state(r)}")
    if maybe(r, 0.12):
        lines.append(f"drug {r.choice(EXTRA)} @{ago(r, 5, 14, 35, 45, partial=0)} mg=20{_state(r)}")
    if maybe(r, 0.25):
        lines.append(attested(r, "treatment-response", ("improving", "improving", "stable", "worsening"), 0, 2, 14, 92))
    return lines


def _state(r: Random) -> str:
    until = f" until={ago(r, 1, 40, partial=0)}"
    return r.choice((*[""] * 12, *STATES, until))


def treated(r: Random) -> list[str]:
    """Seldom a whole episode under treatment, so that the late stages occur."""
    if not maybe(r, 0.22):
        return []
    first = r.choice((10, 15, 25))
    begun = max(first - r.choice((-20, -15, -14, 2, 5, 8)), 1)
    lines = [f"condition {r.choice(('dyspnea', 'acute-resp-failure'))} @-{first}{r.choice('dD')}"]
    lines += [
        f"stay IMP @-{first}d reason=dyspnea",
        f"drug prednisolone @-{begun}d mg=60",
        f"drug tacrolimus @-{begun}d",
    ]
    if maybe(r, 0.4):
        lines.append(attested(r, "treatment-response", ("improving", "stable", "worsening", "worsening"), 0, 1, 14))
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
        stands = f"items=transplant-referral status={r.choice(('active', 'completed', 'revoked'))}"
        lines.append(f"order referral-transplant @{ago(r, 2, 190, partial=0)} {stands}")
    if maybe(r, 0.06):
        virus = r.choice(("sars-cov-2-rna", "influenza-a-rna"))
        lines.append(f"test {virus} {r.choice(('positive', 'negative'))} @{ago(r, 5, 31, partial=0)}")
    if maybe(r, 0.05):
        stands = r.choice(("active", "completed"))
        lines.append(f"order order-ferritin @{hours(r, 3, 24)} items=ferritin status={stands}")
    lines += [f"unread {r.choice(ELEMENTS)} {r.choice(('fetch-failed', 'not-permitted'))}"] if maybe(r, 0.1) else []
    return lines


def drafts(r: Random) -> list[str]:
    """What is being signed."""
    if maybe(r, 0.45):
        return []
    how = r.choice(("", "", "", " route=intrathecal", " reason=malignancy", " refused=yes"))
    drug = f"draft drug {r.choice(DRAFTED)} mg=20{how}"
    orders = ("draft order ferritin items=ferritin", "draft order referral-transplant items=transplant-referral")
    return [drug] if maybe(r, 0.75) else [r.choice(orders)]
