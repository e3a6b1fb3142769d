"""QR code of an address, as the path of an inline SVG: no request, and as sharp as the printer."""

import msgspec
import segno

QUIET = 4  # modules that stay empty around it (ISO/IEC 18004, 6.3.8)


class QrCode(msgspec.Struct, frozen=True):
    side: int  # modules, with the quiet zone
    path: str  # dark modules, in runs of a row


def qr_code(text: str) -> QrCode:
    """Level M, which reads with 15 % of it damaged: a fold, a stamp."""
    matrix = segno.make_qr(text, error="m").matrix
    runs = [
        f"M{start + QUIET} {row + QUIET}h{length}v1h-{length}z"
        for row, modules in enumerate(matrix)
        for start, length in _runs(bytes(modules))
    ]
    return QrCode(len(matrix) + 2 * QUIET, "".join(runs))


def _runs(modules: bytes) -> list[tuple[int, int]]:
    """Start and length of each run of dark modules."""
    found, start = [], None
    for place, dark in enumerate((*modules, 0)):
        if dark and start is None:
            start = place
        elif not dark and start is not None:
            found.append((start, place - start))
            start = None
    return found
