"""Privacy: the audit log, erasure and export of one person, how long data is kept."""
