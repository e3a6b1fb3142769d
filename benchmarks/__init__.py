"""Benchmarks of docs/benchmarks.md, one command each."""
