"""Erasure of one person, in steps."""
