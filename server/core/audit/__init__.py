"""Audit log: what administrators did."""
