"""Talking to EHRs: the only room with a network. It reads what the EHR lets it read, within a budget."""
