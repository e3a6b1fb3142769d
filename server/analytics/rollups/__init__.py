"""Daily rows: which days are dirty, computing them, and checking them against the facts."""
