"""A strict SMART authorization server on Authlib's server classes: who may read which chart, and for how long."""
