"""Normalisation of single-line text fields. Pure."""

import unicodedata

# Joiners are kept: Persian and emoji are spelled with them. Bidirectional controls are removed: they
# change the direction of all following text and do not belong in a title or a name.
_BIDI_CONTROLS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def one_line(text: str) -> str:
    """NFC, with single spaces and trimmed."""
    return " ".join(unicodedata.normalize("NFC", text.translate(_BIDI_CONTROLS)).split())
