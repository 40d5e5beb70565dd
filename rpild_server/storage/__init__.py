"""What outlives a call: decision records, audit log, switches, feedback, alert memory, used token ids."""
