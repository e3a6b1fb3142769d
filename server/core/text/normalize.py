"""What people type into a field of one line. Pure."""

import unicodedata

# Joiners stay: Persian is spelled with them, and so are emoji. What turns the direction of all that
# follows does not belong in a title or a name and is left out.
_TURNS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def one_line(text: str) -> str:
    """NFC, with single spaces and none around it."""
    return " ".join(unicodedata.normalize("NFC", text.translate(_TURNS)).split())
