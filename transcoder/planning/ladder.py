"""Bitrate ladder of a source. Pure; never upscales."""

from typing import NamedTuple

from transcoder.media import Rung, VideoStream


class Step(NamedTuple):
    short_side: int
    max_bitrate: int  # bit/s


# By the short side, so that a portrait video gets the same names as a landscape one.
# Constant quality with a maximum bitrate: slides stay far below it, sports footage is limited by it.
# The maxima suit a 1.5 Mbit/s DSL line, a busy campus Wi-Fi and a good line.
LADDER = (
    Step(1080, 4_500_000),
    Step(720, 2_500_000),
    Step(480, 1_000_000),
)
CRF = 22


def ladder(video: VideoStream) -> tuple[Rung, ...]:
    """Rungs, best first. A source below the last step gets one rung at its own size."""
    short = min(video.width, video.height)
    steps = [step for step in LADDER if step.short_side <= short]
    if not steps:
        own = Step(short, LADDER[-1].max_bitrate)
        return (_rung(video, own),)
    return tuple(_rung(video, step) for step in steps)


def _rung(video: VideoStream, step: Step) -> Rung:
    short, long = sorted((video.width, video.height))
    other = min(even(long * step.short_side / short), long)
    landscape = video.width >= video.height
    width, height = (other, step.short_side) if landscape else (step.short_side, other)
    return Rung(name=f"{step.short_side}p", width=width, height=height, crf=CRF, max_bitrate=step.max_bitrate)


def even(pixels: float) -> int:
    """Nearest even number, because yuv420p halves the chroma resolution in both directions."""
    return max(2, round(pixels / 2) * 2)
