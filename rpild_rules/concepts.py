"""Names that rules group: diagnoses, antibodies, drugs, breathing support. Codes live in fhir_mappings/codes."""

from __future__ import annotations

ILD_GROUP = frozenset({"ild", "ild-in-ctd", "aip", "drug-ild", "hypersensitivity-pneumonitis", "radiation-pneumonitis"})
MYOSITIS_PROVEN = frozenset({"dermatomyositis", "amyopathic-dm", "polymyositis", "antisynthetase"})
MYOSITIS_VAGUE = frozenset({"myositis-nos"})  # D89.89 stands with it: a local convention, no diagnosis of its own
SKIN_SIGNS = frozenset({"gottron", "heliotrope", "mechanics-hands", "skin-ulcer", "digital-ulcer"})
SKIN_SIGNS_OF_DM = frozenset({"gottron", "heliotrope", "mechanics-hands", "digital-ulcer"})
SYMPTOMS = frozenset({"dyspnea", "cough", "fever"})
ONSET_CONCEPTS = frozenset({"dyspnea", "acute-resp-failure", "hypoxemia", "ards"})
EPISODE_CONCEPTS = frozenset({"acute-resp-failure", "hypoxemia", "ards"})
DYSPNOEA_CONCEPTS = frozenset({"dyspnea", "acute-resp-failure", "ards"})
RECORDED_CONCEPTS = frozenset({"o2-dependence"})  # count by the date of their record, not by their onset (C1)
STAY_REASONS = ONSET_CONCEPTS | ILD_GROUP | {"pneumonia", "pjp", "covid-19", "pneumomediastinum", "pneumothorax"}

MDA5 = frozenset({"anti-mda5-qual", "anti-mda5-quant"})
OTHER_MSA = frozenset(
    {
        "anti-jo1",
        "anti-pl7",
        "anti-pl12",
        "anti-ej",
        "anti-oj",
        "anti-srp",
        "anti-mi2",
        "anti-tif1g",
        "anti-nxp2",
        "anti-sae1",
    }
)
MSA = MDA5 | OTHER_MSA
MAA = frozenset({"anti-ro52", "anti-pmscl", "anti-ku", "anti-rnp"})
PANEL = frozenset({"myositis-panel"})
MDA5_ORDERS = MDA5 | PANEL | {"order-myositis-antibody"}

DRUG_CLASSES: dict[str, frozenset[str]] = {
    "GC": frozenset({"prednisone", "prednisolone", "methylprednisolone", "dexamethasone", "hydrocortisone"}),
    "CNI": frozenset({"tacrolimus", "cyclosporine"}),
    "CYC": frozenset({"cyclophosphamide"}),
    "RTX": frozenset({"rituximab"}),
    "MMF": frozenset({"mycophenolate-mofetil", "mycophenolic-acid"}),
    "JAKi": frozenset({"tofacitinib", "baricitinib", "upadacitinib", "ruxolitinib"}),
    "IVIG": frozenset({"ivig"}),
    "TCZ": frozenset({"tocilizumab"}),
    "PLEX": frozenset({"plasma-exchange"}),
    "PMX": frozenset({"polymyxin-hemoperfusion"}),
    "MTX": frozenset({"methotrexate"}),
    "LEF": frozenset({"leflunomide"}),
    "AZA": frozenset({"azathioprine"}),
    "TNFi": frozenset({"adalimumab", "etanercept", "infliximab", "certolizumab", "golimumab"}),
    "antifibrotic": frozenset({"pirfenidone", "nintedanib"}),
    "other": frozenset({"abatacept", "basiliximab"}),
}
CLASS_OF = {ingredient: name for name, members in DRUG_CLASSES.items() for ingredient in members}
SECOND_DRUGS = ("CNI", "CYC", "RTX", "MMF", "JAKi")
AVOIDED = ("MTX", "LEF", "AZA", "TNFi")
IMMUNOSUPPRESSANTS = (*SECOND_DRUGS, "TCZ", *AVOIDED, "other")
REFRACTORY_ONLY = ("TCZ", "PLEX", "PMX", "antifibrotic")

MECHANICAL = frozenset({"hfnc", "niv", "invasive-ventilation"})
OXYGEN_SUPPORT = MECHANICAL | {"ecmo", "oxygen-therapy"}
LOW_FLOW = frozenset({"nasal-cannula", "simple-mask", "non-rebreather"})
MECHANISMS = LOW_FLOW | MECHANICAL | {"venturi"}
