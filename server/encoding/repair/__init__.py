"""Damaged and missing objects of a lecture: found, told, and made again from the original."""
