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
LONG_SIDE = 4096  # pixels that decoders take (H.264 level 5.1); stretched ones could make 16,384 of a source


def ladder(video: VideoStream) -> tuple[Rung, ...]:
    """Rungs, best first. A source below the last step gets one rung at its own size."""
    short = min(video.width, video.height)
    steps = [step for step in LADDER if step.short_side <= short]
    if not steps:
        own = Step(short, LADDER[-1].max_bitrate)
        return (_rung(video, own),)
    rungs = {rung.name: rung for rung in reversed([_rung(video, step) for step in steps])}
    return tuple(rungs.values())[
        ::-1
    ]  # of equal ones, of a very wide picture, only that of the least bit rate


def _rung(video: VideoStream, step: Step) -> Rung:
    """The short side is as long as the step says, unless the long side would pass LONG_SIDE."""
    short, long = sorted((video.width, video.height))
    own_short = min(step.short_side, even(short * LONG_SIDE / long))
    other = min(even(long * own_short / short), long, LONG_SIDE)
    landscape = video.width >= video.height
    width, height = (other, own_short) if landscape else (own_short, other)
    return Rung(name=f"{own_short}p", width=width, height=height, crf=CRF, max_bitrate=step.max_bitrate)


def even(pixels: float) -> int:
    """Nearest even number, because yuv420p halves the chroma resolution in both directions."""
    return max(2, round(pixels / 2) * 2)
