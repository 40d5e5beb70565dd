"""A second evaluation of the clinical logic, from the decision document alone; no code of rpild_rules."""
