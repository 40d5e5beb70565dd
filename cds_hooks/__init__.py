"""The CDS Hooks service: a hook request in, cards out. Network, storage and clock are handed in."""
