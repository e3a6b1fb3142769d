"""Frame sizes at places all over a video, because a larger picture may join later. Pure.

Browsers record a camera or a window in the size that it has at the moment, and the header tells the first.
"""

from collections.abc import Iterator

import msgspec

from transcoder.planning.ladder import LADDER
from transcoder.source import headers, rejections, source_timing
from transcoder.source.headers import Headers, Stream

PLACES = 16
ENTRIES = "frame=width,height,sample_aspect_ratio"


def places(found: Headers, video: Stream) -> str | None:
    """Argument of ffprobe's -read_intervals for ENTRIES; None where no other size matters or no seek can."""
    shape = headers.shape(video)
    if min(shape.width, shape.height) >= LADDER[0].short_side or headers.interlaced(video):
        return None
    start, duration = source_timing.span(found, video)
    if found.container in (*headers.NOT_SEEKABLE, *headers.UNTIMED) or not duration:
        return None
    step = duration / PLACES
    return ",".join(f"{start + step * (n + 0.5):.3f}%+#1" for n in range(PLACES))


def largest(csv: str, first: Stream) -> Stream:
    """The stream with the size of its largest frame, of those that are nowhere smaller than the first.

    `csv`: ffprobe's `-of csv=p=0` output of ENTRIES.
    """
    best = first
    for frame in _frames(csv, first):
        beside, above = headers.shape(frame), headers.shape(best)
        if beside.width >= above.width and beside.height >= above.height:
            best = frame
    return best


def _frames(csv: str, first: Stream) -> Iterator[Stream]:
    for line in csv.splitlines():
        width, height, aspect = (*line.split(","), "", "")[:3]
        if not (width.isdigit() and height.isdigit()):
            continue
        if max(int(width), int(height)) <= rejections.LONGEST_SIDE:
            yield msgspec.structs.replace(
                first, width=int(width), height=int(height), sample_aspect_ratio=aspect
            )
