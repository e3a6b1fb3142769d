"""Transfer characteristics of wide-gamut video that does not name them, guessed from its white. Pure.

Encoders lose the name easily, and players then show HDR as if it were not: grey. Paper white is at 58 % of
the signal in PQ, at 75 % in HLG (ITU-R BT.2408) and at 100 % otherwise.
"""

import re

LUMA = "lavfi.signalstats.YMAX"
FRAMES = 60  # keyframes that are looked at
BLACK, WHITE = 64, 940  # codes of limited range, 10 bit
PQ_WHITE, HLG_WHITE = 0.66, 0.85  # above all paper, below that of the next


def brightest(metadata: str) -> float | None:
    """Brightest luma as a signal between 0 and 1, from the output of `metadata=print`."""
    found = [float(value) for value in re.findall(rf"^{re.escape(LUMA)}=([\d.]+)$", metadata, re.M)]
    return (max(found) - BLACK) / (WHITE - BLACK) if found else None


def guess(signal: float | None) -> str:
    """FFmpeg's name of the transfer with which the brightest signal is white; empty for one without HDR."""
    if signal is None or signal >= HLG_WHITE:
        return ""
    return "smpte2084" if signal < PQ_WHITE else "arib-std-b67"
