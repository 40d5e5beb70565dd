"""The running program: wiring, settings, servers and the command line. Wall clock and randomness live here."""

import gc

# Loading the program makes much and drops little, and a call leaves little in cycles: look for garbage rarely.
gc.set_threshold(50_000, 50, 100)
