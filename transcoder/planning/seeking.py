"""Seek targets of chunks, and the decoding wasted between keyframe and chunk. Pure.

Decoding can start at keyframes only; frames between the keyframe and the chunk are decoded and
discarded, in some lectures a tenth of all work. So chunks begin soon after a keyframe where
keyframes are known, and seeks target it exactly.
"""

from bisect import bisect_right

from transcoder.media import Source, VideoStream

# Length searched for keyframes: the search reads each of them and delays the first segment.
SEARCHED = 600.0  # seconds
DENSE = 1.0  # keyframes per second; with more of them little decoding is wasted wherever a chunk begins

# Without an exact keyframe a seek targets this much before the chunk: a keyframe is decoded up to 16
# frames before it is presented, and the leading frames of an open GOP are lost after a seek into it.
MARGIN = 1.0  # seconds


def seek_target(source: Source, video: VideoStream, start: float) -> float | None:
    """Seek target from which all frames from `start` on decode; both in seconds after Source.start.

    None: decode from the beginning of the file.
    """
    if start <= video.start + MARGIN:
        return None
    keyframe = _exact(source, video, start)
    return start - MARGIN if keyframe is None else keyframe + _rounding(video)


def wasted_seconds(source: Source, video: VideoStream, start: float) -> float | None:
    """Seconds from the keyframe that the seek finds to `start`; None when not known."""
    if not _known(video, start):
        return None
    if start <= video.start + MARGIN:
        return start
    keyframe = _exact(source, video, start)
    return start - (_last(video, start - MARGIN) if keyframe is None else keyframe)


def read_keyframes(framecrc: str, start: float) -> tuple[float, ...]:
    """Keyframe times, parsed from framecrc output of keyframes only; `start` is Source.start.

    Empty when keyframes are so dense that their times do not matter.
    """
    lines = framecrc.splitlines()
    bases = [line.rpartition(" ")[2] for line in lines if line.startswith("#tb 0:")]
    if not bases:
        return ()
    ticks, seconds = map(int, bases[0].split("/"))
    packets = [tuple(map(int, line.split(",")[1:3])) for line in lines if line[:1] == "0"]
    if not packets or len(packets) > DENSE * SEARCHED:
        return ()
    # When FFmpeg's mov demuxer discards packets, its composition offsets become wrong: only that of the
    # first packet is right.
    later = packets[0][1] - packets[0][0]
    shown = sorted((decoded + later) * ticks / seconds - start for decoded, _ in packets)
    return tuple(round(time, 6) for time in shown)


def _exact(source: Source, video: VideoStream, start: float) -> float | None:
    """Keyframe that can be targeted exactly, from which all frames from `start` on decode.

    FFmpeg's mov demuxer seeks by presentation time, others by decode time. A deinterlacing filter
    needs earlier frames. A second keyframe soon after `start` could be decoded before it.
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
    """Seek tolerance of a quarter frame: files round timestamps, and the grid tolerates half a frame."""
    return video.fps_den / video.fps_num / 4
