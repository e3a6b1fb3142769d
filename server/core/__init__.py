"""Shared base of all features: clock, errors, security primitives. Imports no feature."""
