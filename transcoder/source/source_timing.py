"""Start, end and seekability of a Source, from headers and packet timestamps. Pure."""

import math
from collections.abc import Sequence
from fractions import Fraction

from transcoder.media import AudioStream, Source, Unusable, VideoStream
from transcoder.source import headers, packet_scan, rejections
from transcoder.source.frame_rate import ALIKE, fastest, nominal_rate, parse
from transcoder.source.headers import Chosen, Headers, Stream
from transcoder.source.packet_scan import Measured

# A header that declares this much more than the packets have means that part of the file is missing.
MISSING_SECONDS, MISSING_PART = 1.0, 0.02
# Audio that begins or ends this close to the video is encoder padding.
PADDING = 0.1


def source(
    found: Headers,
    chosen: Chosen,
    size: int,
    measured: Measured | None,
    pace: Sequence[float] = (),
    cuts: tuple[tuple[float, float], ...] = (),
) -> Source:
    """Source of the chosen streams. Raises Unusable.

    `size` in bytes; `measured` None without a scan; `pace`: times of frames from all over the file;
    `cuts`: of the video's edit list, see VideoStream.
    """
    rate = Fraction(1)
    if chosen.video:
        declared = _rate(chosen.video, measured)
        rate = _quickened(declared, pace)
        if measured and rate != declared:
            measured = measured.without_default(chosen.video.index, float(1 / declared))
    claimed = _claimed_end(found, chosen)
    late = cuts[-1][1] if cuts else 0.0
    start = _start(chosen, rate)
    end = _end(chosen, claimed or 0.0, measured, rate, late)
    if claimed and measured and found.container not in headers.GUESSED:
        _check_whole(claimed - start, end - start)
    if measured and chosen.audio:
        measured = measured.without_stray(chosen.audio.index)
        end = _end(chosen, claimed or 0.0, measured, rate, late)
    if end - start > rejections.MAX_DURATION_SECONDS:
        raise Unusable(rejections.too_long(end - start))
    return Source(
        container=found.container,
        bytes=size,
        duration=round(max(0.0, end - start), 6),
        start=round(start, 6),
        seekable=_seekable(found, chosen, measured),
        video=_video(chosen.video, rate, start, cuts) if chosen.video else None,
        audio=_audio(chosen.audio, start) if chosen.audio else None,
    )


def seek_target(found: Headers, chosen: Chosen) -> float | None:
    """Time from which to scan the tail, in seconds; None where the file cannot be sought."""
    claimed = _claimed_end(found, chosen)
    if claimed is None or found.container in headers.NOT_SEEKABLE:
        return None
    return 0.0 if found.container in headers.GUESSED else max(0.0, claimed - packet_scan.TAIL_SECONDS)


def span(found: Headers, stream: Stream) -> tuple[float, float]:
    """Start and duration of a stream according to the headers, in seconds; 0 where they do not tell it."""
    begin = _begin(stream)
    return begin, max(0.0, (_claimed_end(found, Chosen(None, stream)) or 0.0) - begin)


def _seekable(found: Headers, chosen: Chosen, measured: Measured | None) -> bool:
    target = seek_target(found, chosen)
    if measured is None or target is None or found.container in headers.UNTIMED:
        return False
    return measured.seek_was_close(target)


def _claimed_end(found: Headers, chosen: Chosen) -> float | None:
    """End according to the headers: of the chosen streams where known, as subtitles may last longer.

    Not beyond the end of the whole file: a tool that cuts a file may leave the tags of its streams.
    """
    length = headers.seconds(found.format.duration)
    whole = (headers.seconds(found.format.start_time) or 0.0) + length if length else None
    ends = [headers.claimed_end(stream) for stream in (chosen.video, chosen.audio) if stream]
    known = [end for end in ends if end is not None]
    return min(max(known), whole or math.inf) if known else whole


def places(found: Headers, chosen: Chosen) -> str | None:
    """Intervals for `packet_scan.read_times`; None where the pace of the video is known, or no seek can.

    An MP4 tells the average of all its frames.
    """
    claimed = _claimed_end(found, chosen)
    video = chosen.video
    if video is None or claimed is None or found.container in (*headers.NOT_SEEKABLE, *headers.UNTIMED):
        return None
    if headers.interlaced(video) or (found.container == "mov" and _steady(video)):
        return None
    return packet_scan.places(_begin(video), claimed)


def _steady(video: Stream) -> bool:
    clock, mean = parse(video.r_frame_rate), parse(video.avg_frame_rate)
    return clock is not None and mean is not None and abs(clock / mean - 1) < ALIKE


def _quickened(declared: Fraction, pace: Sequence[float]) -> Fraction:
    quick = fastest(pace)
    return quick if quick and quick > declared * (1 + Fraction(ALIKE)) else declared


def _rate(video: Stream, measured: Measured | None) -> Fraction:
    times = measured.times(video.index) if measured else ()
    fields = headers.interlaced(video)
    rate = nominal_rate(video.r_frame_rate, video.avg_frame_rate, times, interlaced=fields)
    if rate is None:
        raise Unusable(rejections.NO_RATE)
    return rate


def _start(chosen: Chosen, rate: Fraction) -> float:
    """First timestamp, aligned to the frame grid: half a frame off, rounding would be ambiguous."""
    starts = [_begin(stream) for stream in (chosen.video, chosen.audio) if stream]
    if chosen.video is None or len(starts) == 1:
        return starts[0]
    video, audio = starts
    lead = video - audio
    return video - math.ceil(lead * rate) / float(rate) if lead > PADDING else video


def _begin(stream: Stream) -> float:
    return headers.seconds(stream.start_time) or 0.0


def _end(chosen: Chosen, claimed: float, measured: Measured | None, rate: Fraction, late: float) -> float:
    """End of the longer stream, ignoring padding in the last audio frame."""
    video = _stream_end(chosen.video, measured, float(1 / rate))
    audio = _stream_end(chosen.audio, measured, 0.0)
    if video is None:
        return claimed if audio is None or abs(audio - claimed) <= PADDING else audio
    video -= late
    return video if audio is None or audio - video <= PADDING else audio


def _stream_end(stream: Stream | None, measured: Measured | None, frame: float) -> float | None:
    """Measured end of a stream, else the header's. `frame`: default duration of the last packet, in s."""
    if stream is None:
        return None
    seen = measured.end(stream.index, frame) if measured else None
    return seen if seen is not None else headers.claimed_end(stream)


def _check_whole(claimed: float, measured: float) -> None:
    if claimed - measured > max(MISSING_SECONDS, claimed * MISSING_PART):
        raise Unusable(rejections.incomplete(claimed, measured))


def _video(
    stream: Stream, rate: Fraction, start: float, cuts: tuple[tuple[float, float], ...]
) -> VideoStream:
    shape = headers.shape(stream)
    return VideoStream(
        index=stream.index,
        codec=stream.codec_name,
        width=shape.width,
        height=shape.height,
        fps_num=rate.numerator,
        fps_den=rate.denominator,
        rotation=shape.rotation,
        mirrored=shape.mirrored,
        interlaced=headers.interlaced(stream),
        hdr=headers.hdr(stream),
        start=round(max(0.0, _begin(stream) - start), 6),
        color_space=headers.named(stream.color_space),
        color_range=headers.named(stream.color_range),
        primaries=headers.named(stream.color_primaries),
        transfer=headers.named(stream.color_transfer),
        pixels=stream.pix_fmt,
        cuts=cuts,
        coded_width=stream.width,
        coded_height=stream.height,
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
