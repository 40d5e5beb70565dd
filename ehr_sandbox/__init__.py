"""A demo EHR, as if from another vendor: FHIR R4 server, chart page, CDS Hooks client; synthetic patients only."""
