"""Rules about the order being signed: which drafts are of concern, and drugs not meant for induction (decisions sections 11 and 12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rpild_rules.concepts import AVOIDED, CLASS_OF, REFRACTORY_ONLY
from rpild_rules.facts import Order, PatientFacts, Treatment
from rpild_rules.findings import UNKNOWN
from rpild_rules.therapy import classes_of, systemic
from rpild_rules.when import gap

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation

CLOSED = frozenset({"cancelled", "entered-in-error", "revoked", "stopped", "completed", "ended"})
PROPHYLAXIS = frozenset({"tmp-smx", "atovaquone", "dapsone", "pentamidine"})
DRUGS_IN_SCOPE = frozenset(CLASS_OF) | PROPHYLAXIS | {"antibiotic", "antiviral", "antifungal", "cni-interacting-drug"}
ORDERS_IN_SCOPE = frozenset(
    {"gas-panel-arterial", "order-abg", "pao2", "pft-order", "fvc", "dlco", "ct-chest", "cxr", "oxygen-therapy", "hfnc", "niv",
     "invasive-ventilation", "order-niv", "order-cxr", "bronchoscopy", "bronchoscopy-cpt", "bal", "ecmo", "order-ecmo-consult",
     "plasma-exchange", "polymyxin-hemoperfusion", "referral-pulmonology", "referral-rheumatology", "referral-transplant",
     "icu-admission", "order-myositis-antibody", "anti-mda5-qual", "anti-mda5-quant"}
)  # fmt: skip
OTHER_INDICATIONS = frozenset({"malignancy", "malignancy-history", "ectopic-pregnancy", "pregnancy"})


def in_scope(facts: PatientFacts) -> bool:
    """Whether any draft is one that this plug-in speaks about."""
    return any(_drug_counts(t) for t in facts.drafted_treatments) or any(_order_counts(o) for o in facts.drafted_orders)


def _drug_counts(t: Treatment) -> bool:
    return bool(t.ingredients & DRUGS_IN_SCOPE) and _alive(t.status, t.do_not_perform) and systemic(t)


def _order_counts(o: Order) -> bool:
    return bool(o.concepts & ORDERS_IN_SCOPE or o.items) and _alive(o.status, o.do_not_perform)


def _alive(status: str, refused: bool) -> bool:
    return status not in CLOSED and not refused


def signed(facts: PatientFacts, *classes: str) -> list[Treatment]:
    """In-scope drafts of some drug classes."""
    return [t for t in facts.drafted_treatments if _drug_counts(t) and classes_of(t) & set(classes)]


def avoided(s: Situation) -> list[Treatment]:
    """S1: drafts of drugs not recommended for induction, where this patient may need induction."""
    if not s.in_context("confirmed", "suspected") or not (s.episode.met or (s.rp is UNKNOWN and s.risk)):
        return []
    return [t for t in signed(s.facts, *AVOIDED) if not _meant_otherwise(t) and (s.episode.met or not is_renewal(t, s))]


def _meant_otherwise(t: Treatment) -> bool:
    return t.route == "intrathecal" or bool(t.reasons & OTHER_INDICATIONS)


def is_renewal(t: Treatment, s: Situation) -> bool:
    """The same ingredient in use for longer than the renewal time, at the same dose and route."""
    limit = s.knowledge.window("renewal_days").span
    return any(
        use.treatment.ingredients == t.ingredients
        and use.treatment.mg_per_day == t.mg_per_day
        and use.treatment.route == t.route
        and gap(use.start, s.now, True)[0] > limit
        for chain in s.therapy.running(*classes_of(t))
        for use in chain.uses
    )


def refractory_only(facts: PatientFacts) -> list[str]:
    """Names of drafts that are used in refractory disease only."""
    return [t.printed for t in signed(facts, *REFRACTORY_ONLY)]


def being_signed(facts: PatientFacts) -> list[str]:
    """The drug classes of section 7 among the drafts."""
    return sorted({name for t in facts.drafted_treatments if _drug_counts(t) for name in classes_of(t)})
