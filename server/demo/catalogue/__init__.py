"""Courses of the demo: their texts, and lessons made of them. Pure."""
