"""Figures of a course for those who teach it: hardest moments, questions, and who may need help."""
