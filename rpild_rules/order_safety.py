"""The order being signed: which drafts are of concern, drugs not meant for induction (decisions sections 11, 12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rpild_rules.concepts import AVOIDED, MAA, MDA5_ORDERS, MSA, OXYGEN_SUPPORT, REFRACTORY_ONLY
from rpild_rules.facts import Order, PatientFacts, Treatment
from rpild_rules.findings import UNKNOWN
from rpild_rules.therapy import classes_of, systemic
from rpild_rules.when import gap

if TYPE_CHECKING:
    from rpild_rules.assessment import Situation

CLOSED = frozenset({"cancelled", "entered-in-error", "revoked", "stopped", "completed", "ended"})
PROPHYLAXIS = frozenset({"tmp-smx", "atovaquone", "dapsone", "pentamidine"})
OTHER_DRUGS = PROPHYLAXIS | {"antibiotic", "antiviral", "antifungal", "cni-interacting-drug"}
GASES = frozenset({"gas-panel-arterial", "order-abg", "pao2", "paco2", "ph-arterial", "pf-ratio", "aa-gradient"})
SPIROMETRY = frozenset({"pft-order", "fvc", "fvc-pct-pred", "fev1", "fev1-pct-pred", "fev1-fvc"})
LUNG_FUNCTION = SPIROMETRY | {"dlco", "dlco-hb-adj", "kco", "tlc"}
IMAGES = frozenset({"ct-chest", "cxr", "order-cxr"})
SUPPORTS = OXYGEN_SUPPORT | {"oxygen-device", "order-niv", "intubation"}
PROCEDURES = frozenset({"bronchoscopy", "bronchoscopy-cpt", "bal", "plasma-exchange", "polymyxin-hemoperfusion"})
REFERRALS = frozenset({"referral-pulmonology", "referral-rheumatology", "referral-transplant", "icu-admission"})
ORDERS_IN_SCOPE = GASES | LUNG_FUNCTION | IMAGES | SUPPORTS | PROCEDURES | REFERRALS | MSA | MAA | MDA5_ORDERS
ONCOLOGY = frozenset({"malignancy", "malignancy-high-risk", "malignancy-history"})
OBSTETRICS = frozenset({"ectopic-pregnancy", "pregnancy", "pregnancy-possible", "pregnancy-ended"})
REFRACTORY_PROCEDURES = {"plasma-exchange": "PLEX", "polymyxin-hemoperfusion": "PMX"}


def in_scope(facts: PatientFacts) -> bool:
    """Whether any draft is one that this plug-in speaks about."""
    return any(_drug_counts(t) for t in facts.drafted_treatments) or any(_order_counts(o) for o in facts.drafted_orders)


def _drug_counts(t: Treatment) -> bool:
    """A systemic drug of a class of section 7, or a drug of the lists (inhaled pentamidine too), being signed."""
    named = bool(t.ingredients & OTHER_DRUGS) or (bool(classes_of(t)) and systemic(t))
    return named and _alive(t.status, t.do_not_perform)


def _order_counts(o: Order) -> bool:
    return is_signed(o) and bool(o.concepts & ORDERS_IN_SCOPE or o.items)


def is_signed(o: Order) -> bool:
    """Whether a drafted order asks for something: neither closed nor a refusal."""
    return _alive(o.status, o.do_not_perform)


def _alive(status: str, refused: bool) -> bool:
    return status not in CLOSED and not refused


def signed(facts: PatientFacts, *classes: str) -> list[Treatment]:
    """In-scope drafts of some drug classes."""
    return [t for t in facts.drafted_treatments if _drug_counts(t) and systemic(t) and classes_of(t) & set(classes)]


def avoided(s: Situation) -> list[Treatment]:
    """S1: drafts of drugs not recommended for induction, where this patient may need induction."""
    if not s.in_context("confirmed", "suspected") or not (s.episode.met or (s.rp is UNKNOWN and s.risk)):
        return []
    return [t for t in signed(s.facts, *AVOIDED) if not _meant_otherwise(t) and (s.episode.met or not is_renewal(t, s))]


def _meant_otherwise(t: Treatment) -> bool:
    """Another route or indication, or the note of an older treatment."""
    return t.route == "intrathecal" or t.reported or bool(t.reasons & (ONCOLOGY | OBSTETRICS))


def is_renewal(t: Treatment, s: Situation) -> bool:
    """The same ingredient in use for longer than the renewal time, at the same dose and route.

    A dose that is not known on either side proves no lack of change: then it is judged as a new order.
    """
    uses = [
        use
        for chain in s.therapy.running(*classes_of(t))
        for use in chain.uses
        if use.treatment.ingredients == t.ingredients
    ]
    if not uses or gap(uses[0].start, s.now, True)[0] <= s.knowledge.window("renewal_days").span:
        return False
    last = max(uses, key=lambda use: (use.end.latest, use.start.latest, use.treatment.reference)).treatment
    known = t.mg_per_day is not None and last.mg_per_day == t.mg_per_day
    return known and (last.route or "systemic") == (t.route or "systemic")


def refractory_only(facts: PatientFacts) -> list[str]:
    """Names of drafts that are used in refractory disease only."""
    drugs = [t.printed for t in signed(facts, *REFRACTORY_ONLY)]
    orders = [o for o in facts.drafted_orders if is_signed(o)]
    return [*drugs, *(o.printed for o in orders if o.concepts & REFRACTORY_PROCEDURES.keys())]


def being_signed(facts: PatientFacts) -> frozenset[str]:
    """The drug classes of section 7 among the drafts."""
    drugs = {name for t in facts.drafted_treatments if _drug_counts(t) and systemic(t) for name in classes_of(t)}
    ordered = {concept for o in facts.drafted_orders if is_signed(o) for concept in o.concepts}
    return frozenset(drugs | {name for concept, name in REFRACTORY_PROCEDURES.items() if concept in ordered})
