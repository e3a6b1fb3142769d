"""Learners of a course with their progress, for those who teach it."""
