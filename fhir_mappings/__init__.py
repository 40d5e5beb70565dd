"""FHIR R4 to facts and back: code tables, lenient reading, queries, and the resources we write."""
