"""Clinical knowledge: facts in, findings and recommendations out. Standard library only; no FHIR, no web, no clock."""
