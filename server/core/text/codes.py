"""Codes that people read, type and dictate: no two characters look alike, and none is a vowel. Pure.

`server.core.security.new_code` draws them.
"""

ALPHABET = "CDFGHJKMNPQRTVWXY34679"  # without 0 O, 1 I L, 2 Z, 5 S, 8 B, U like V, and words
_LEFT_OUT = dict.fromkeys(map(ord, " \t\u00a0-\u2010\u2011\u2012\u2013\u2014_."))
_LONGEST = 100  # characters typed, with separators


def normal_code(text: str, length: int) -> str | None:
    """Code as stored, from one typed with or without hyphens, in any case; None when it cannot be one."""
    code = text[:_LONGEST].translate(_LEFT_OUT).upper()
    return code if len(code) == length and set(code) <= set(ALPHABET) else None


def grouped(code: str, size: int) -> str:
    """As it is shown: `grouped("CDFGHJKM", 4)` is CDFG-HJKM."""
    return "-".join(code[start : start + size] for start in range(0, len(code), size))
