"""A second evaluation of the clinical logic, written from the decision document alone and sharing no code with rpild_rules."""
