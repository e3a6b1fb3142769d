"""Figures of the institution, its courses and instructors, from facts alone (docs/metrics.md)."""
