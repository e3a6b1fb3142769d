"""Figures of docs/benchmarks.md, each made by one command."""
