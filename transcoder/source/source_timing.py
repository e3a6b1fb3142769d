"""A Source out of what the headers claim and the packets show: where it starts, where it ends. Pure."""

import math
from fractions import Fraction

from transcoder.media import AudioStream, Source, Unusable, VideoStream
from transcoder.source import headers, packet_scan, rejections
from transcoder.source.frame_rate import nominal_rate
from transcoder.source.headers import Chosen, Headers, Stream
from transcoder.source.packet_scan import Measured

# A header that promises more than this beyond what is there: part of the lecture is lost.
MISSING_SECONDS, MISSING_PART = 1.0, 0.02
# Sound that begins or ends this close to the picture is padding of its encoder.
PADDING = 0.1


def source(found: Headers, chosen: Chosen, size: int, measured: Measured | None) -> Source:
    """`size` in bytes; `measured` None where it could not be. Raises Unusable."""
    rate = _rate(chosen.video, measured) if chosen.video else Fraction(1)
    claimed = _claimed_end(found, chosen)
    start = _start(chosen, rate)
    end = _end(chosen, claimed or 0.0, measured, rate)
    if claimed and measured and found.container not in headers.GUESSED:
        _check_whole(claimed - start, end - start)
    if end - start > rejections.MAX_DURATION_SECONDS:
        raise Unusable(rejections.too_long(end - start))
    return Source(
        container=found.container,
        bytes=size,
        duration=round(max(0.0, end - start), 6),
        start=round(start, 6),
        seekable=_seekable(found, chosen, measured),
        video=_video(chosen.video, rate, start) if chosen.video else None,
        audio=_audio(chosen.audio, start) if chosen.audio else None,
    )


def seek_target(found: Headers, chosen: Chosen) -> float | None:
    """From where to read in order to see the end; None where a seek would find nothing."""
    claimed = _claimed_end(found, chosen)
    if claimed is None or found.container in headers.NOT_SEEKABLE:
        return None
    return 0.0 if found.container in headers.GUESSED else max(0.0, claimed - packet_scan.TAIL_SECONDS)


def _seekable(found: Headers, chosen: Chosen, measured: Measured | None) -> bool:
    target = seek_target(found, chosen)
    if measured is None or target is None or found.container in headers.UNTIMED:
        return False
    return measured.seek_was_close(target)


def _claimed_end(found: Headers, chosen: Chosen) -> float | None:
    """By the chosen streams where they say it, for others (subtitles) may last longer."""
    ends = [headers.claimed_end(stream) for stream in (chosen.video, chosen.audio) if stream]
    known = [end for end in ends if end is not None]
    if known:
        return max(known)
    length = headers.seconds(found.format.duration)
    return (headers.seconds(found.format.start_time) or 0.0) + length if length else None


def _rate(video: Stream, measured: Measured | None) -> Fraction:
    times = measured.times(video.index) if measured else ()
    fields = headers.interlaced(video)
    rate = nominal_rate(video.r_frame_rate, video.avg_frame_rate, times, interlaced=fields)
    if rate is None:
        raise Unusable(rejections.NO_RATE)
    return rate


def _start(chosen: Chosen, rate: Fraction) -> float:
    """The first timestamp, put on the grid of the frames: half a frame beside it, rounding would decide."""
    starts = [_begin(stream) for stream in (chosen.video, chosen.audio) if stream]
    if chosen.video is None or len(starts) == 1:
        return starts[0]
    picture, sound = starts
    lead = picture - sound
    return picture - math.ceil(lead * rate) / float(rate) if lead > PADDING else picture


def _begin(stream: Stream) -> float:
    return headers.seconds(stream.start_time) or 0.0


def _end(chosen: Chosen, claimed: float, measured: Measured | None, rate: Fraction) -> float:
    """Of whatever lasts longer; but sound outlasts the picture by the padding of its last frame."""
    picture = _stream_end(chosen.video, measured, float(1 / rate))
    sound = _stream_end(chosen.audio, measured, 0.0)
    if picture is None:
        return claimed if sound is None or abs(sound - claimed) <= PADDING else sound
    return picture if sound is None or sound - picture <= PADDING else sound


def _stream_end(stream: Stream | None, measured: Measured | None, frame: float) -> float | None:
    """`frame`: seconds that the last packet lasts if nobody says how long."""
    if stream is None:
        return None
    seen = measured.end(stream.index, frame) if measured else None
    return seen if seen is not None else headers.claimed_end(stream)


def _check_whole(claimed: float, measured: float) -> None:
    if claimed - measured > max(MISSING_SECONDS, claimed * MISSING_PART):
        raise Unusable(rejections.incomplete(claimed, measured))


def _video(stream: Stream, rate: Fraction, start: float) -> VideoStream:
    shape = headers.shape(stream)
    return VideoStream(
        index=stream.index,
        codec=stream.codec_name,
        width=shape.width,
        height=shape.height,
        fps_num=rate.numerator,
        fps_den=rate.denominator,
        rotation=shape.rotation,
        interlaced=headers.interlaced(stream),
        hdr=headers.hdr(stream),
        start=round(max(0.0, _begin(stream) - start), 6),
        color_space=headers.named(stream.color_space),
        color_range=headers.named(stream.color_range),
        pixels=stream.pix_fmt,
    )


def _audio(stream: Stream, start: float) -> AudioStream:
    return AudioStream(
        index=stream.index,
        codec=stream.codec_name,
        channels=stream.channels,
        sample_rate=int(headers.seconds(stream.sample_rate) or 0),
        language=headers.language(stream),
        start=round(max(0.0, _begin(stream) - start), 6),
    )
