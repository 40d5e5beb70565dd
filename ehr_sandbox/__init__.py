"""A demo EHR, as if from another vendor: FHIR R4 server, chart page and CDS Hooks client, with synthetic patients only."""
