"""Where to seek to before a chunk, and how much is decoded for nothing on the way to it. Pure.

A decoder can begin at keyframes only; what lies between one and the chunk is decoded and thrown
away, in some lectures a tenth of all work. So chunks begin soon after a keyframe where that is
known, and seeks aim right at it.
"""

from bisect import bisect_right

from transcoder.media import Source, VideoStream

# So much of a lecture is searched for keyframes: it reads each of them while the first picture waits.
SEARCHED = 600.0  # seconds
DENSE = 1.0  # a second: with more of them little is decoded for nothing, wherever a chunk begins

# Where nothing better is known a seek aims this much before the chunk: a keyframe is decoded up to
# 16 frames before it is shown, and the pictures that lead an open GOP are lost after a seek into it.
MARGIN = 1.0  # seconds


def seek_target(source: Source, video: VideoStream, start: float) -> float | None:
    """For a decoder that is to show everything from `start` on; both in seconds after Source.start.

    None: from the file's beginning.
    """
    if start <= video.start + MARGIN:
        return None
    keyframe = _exact(source, video, start)
    return start - MARGIN if keyframe is None else keyframe + _rounding(video)


def wasted_seconds(source: Source, video: VideoStream, start: float) -> float | None:
    """Seconds between `start` and the keyframe that the seek finds; None when not known."""
    if not _known(video, start):
        return None
    if start <= video.start + MARGIN:
        return start
    keyframe = _exact(source, video, start)
    return start - (_last(video, start - MARGIN) if keyframe is None else keyframe)


def read_keyframes(framecrc: str, start: float) -> tuple[float, ...]:
    """Of what FFmpeg's framecrc muxer writes about keyframes alone; `start` is Source.start.

    Empty where they lie so dense that it does not matter.
    """
    lines = framecrc.splitlines()
    bases = [line.rpartition(" ")[2] for line in lines if line.startswith("#tb 0:")]
    if not bases:
        return ()
    ticks, seconds = map(int, bases[0].split("/"))
    packets = [tuple(map(int, line.split(",")[1:3])) for line in lines if line[:1] == "0"]
    if not packets or len(packets) > DENSE * SEARCHED:
        return ()
    # While FFmpeg's mov demuxer leaves out packets it loses count of how much later than decoded
    # they are shown: only the first one's is right.
    later = packets[0][1] - packets[0][0]
    shown = sorted((decoded + later) * ticks / seconds - start for decoded, _ in packets)
    return tuple(round(time, 6) for time in shown)


def _exact(source: Source, video: VideoStream, start: float) -> float | None:
    """The keyframe that a seek to its own time finds, whose pictures from `start` on are whole.

    FFmpeg's mov demuxer counts a seek in the time of showing, others in the time of decoding. A filter
    that makes whole pictures of fields looks back. A second keyframe soon after `start` could be
    decoded before it.
    """
    if source.container != "mov" or video.interlaced or not _known(video, start):
        return None
    after = bisect_right(video.keyframes, start + _rounding(video))
    followed = after < len(video.keyframes) and video.keyframes[after] <= start + MARGIN
    return video.keyframes[after - 1] if after and not followed else None


def _known(video: VideoStream, start: float) -> bool:
    return bool(video.keyframes) and start < SEARCHED - MARGIN


def _last(video: VideoStream, start: float) -> float:
    before = bisect_right(video.keyframes, start)
    return video.keyframes[before - 1] if before else 0.0


def _rounding(video: VideoStream) -> float:
    """A quarter of a frame: a file rounds its times, and a frame's place has half a frame of room."""
    return video.fps_den / video.fps_num / 4
