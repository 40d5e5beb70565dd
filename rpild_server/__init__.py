"""The running program: wiring, settings, servers and the command line. Wall clock and randomness live here."""
