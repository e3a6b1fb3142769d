"""Rows of the demo, written by the steps of the product. Safe to run twice."""
