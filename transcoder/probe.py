"""Look at an upload: ffprobe in the sandbox, then a Source, or a sentence that says what is wrong."""

import math
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from transcoder import headers, packets, process
from transcoder.headers import Chosen, Headers, Stream
from transcoder.media import AudioStream, Source, Unusable, VideoStream
from transcoder.packets import Measured
from transcoder.process import Command, Limits, ProcessFailed
from transcoder.rates import nominal_rate
from transcoder.tools import Tools
from transcoder.whitelists import input_options

LIMITS = Limits(seconds=30, output_bytes=2**20)

# A header that promises more than this beyond what is there: part of the lecture is lost.
MISSING_SECONDS, MISSING_PART = 1.0, 0.02
# Sound that begins or ends this close to the picture is padding of its encoder.
PADDING = 0.1

NOT_MEDIA = f"This is not a video or sound file that can be read. {headers.ACCEPTED}"
CUT_OFF = (
    "The file is cut off: the index that belongs at its end is missing. "
    "Was the recording or the copy ended early? Export or copy it again, then upload it."
)
OUR_FAULTS = ("No such file or directory", "Permission denied", "Operation not permitted")
MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")


async def inspect(tools: Tools, path: Path) -> Source:
    """Starts two short processes. Raises Unusable; ProcessFailed when the fault is ours.

    Where `seekable` is false the duration is what the header says, 0 if it says nothing: only the
    normalised copy can be measured.
    """
    path = path.absolute()  # ffprobe runs in a folder of its own
    size = path.stat().st_size
    if size == 0:
        raise Unusable("The file is empty: it has zero bytes. Upload it again.")
    with TemporaryDirectory(prefix="probe-") as name:
        found = await _headers(tools, path, Path(name))
        chosen = headers.choose(found)
        claimed = _claimed_end(found, chosen)
        measured = None
        if claimed is not None and found.container not in headers.NOT_SEEKABLE:
            measured = await _measure(tools, path, Path(name), _aim(found.container, claimed))
    return _source(found, chosen, size, claimed, measured)


async def _headers(tools: Tools, path: Path, folder: Path) -> Headers:
    answer = await _ask(tools, path, folder, "headers", headers.ENTRIES, "json")
    try:
        return msgspec.json.decode(answer, type=Headers)
    except msgspec.DecodeError:
        raise Unusable(NOT_MEDIA) from None


def _aim(container: str, claimed: float) -> float:
    """Where to read from: just before the end. ffprobe guesses the length of an MP3: read all of it."""
    return 0.0 if container in headers.GUESSED else max(0.0, claimed - packets.TAIL_SECONDS)


async def _measure(tools: Tools, path: Path, folder: Path, aim: float) -> Measured | None:
    """None when the file does not let itself be measured in time."""
    interval = ("-read_intervals", packets.intervals(aim))
    try:
        answer = await _ask(tools, path, folder, "packets", packets.ENTRIES, "csv=p=0", *interval)
    except Unusable:
        return None
    return packets.read(answer.decode(errors="replace"))


async def _ask(
    tools: Tools, path: Path, folder: Path, purpose: str, entries: str, form: str, *more: str
) -> bytes:
    options = [word for name, value in input_options().items() for word in (f"-{name}", value)]
    argv = (str(tools.ffprobe), "-hide_banner", "-v", "error", *options, *more)
    argv += ("-show_entries", entries, "-of", form, "-i", str(path))
    command = Command(argv=argv, purpose=f"probe {purpose}", reports=False)
    try:
        return (await process.run(command, folder, LIMITS)).stdout
    except ProcessFailed as failed:
        if failed.returncode in (125, 126, 127) or any(fault in failed.stderr for fault in OUR_FAULTS):
            raise
        raise Unusable(_what_is_wrong(failed, path)) from failed


def _what_is_wrong(failed: ProcessFailed, path: Path) -> str:
    if failed.kind == "timeout":
        return f"The file could not be understood within {LIMITS.seconds:.0f} seconds: it may be damaged."
    if failed.kind != "exit" or "Cannot allocate memory" in failed.stderr:
        return "The file asks for more memory than any lecture needs: it is damaged or no lecture."
    if "max_streams" in failed.stderr:
        return (
            f"The file holds more than {headers.MOST_STREAMS} streams. Export the lecture with one picture."
        )
    with path.open("rb") as file:
        start = file.read(8)
    return CUT_OFF if start[4:] in MP4_BOXES else NOT_MEDIA


def _claimed_end(found: Headers, chosen: Chosen) -> float | None:
    """By the chosen streams where they say it, for others (subtitles) may last longer."""
    ends = [headers.claimed_end(stream) for stream in (chosen.video, chosen.audio) if stream]
    known = [end for end in ends if end is not None]
    if known:
        return max(known)
    length = headers.seconds(found.format.duration)
    return (headers.seconds(found.format.start_time) or 0.0) + length if length else None


def _source(
    found: Headers, chosen: Chosen, size: int, claimed: float | None, measured: Measured | None
) -> Source:
    rate = _rate(chosen.video, measured) if chosen.video else Fraction(1)
    start = _start(chosen, rate)
    end = _end(chosen, claimed or 0.0, measured, rate)
    if claimed and measured and found.container not in headers.GUESSED:
        _check_whole(claimed - start, end - start)
    _check_length(end - start)
    return Source(
        container=found.container,
        bytes=size,
        duration=round(max(0.0, end - start), 6),
        start=round(start, 6),
        seekable=measured is not None and measured.lands(_aim(found.container, claimed or 0.0)),
        video=_video(chosen.video, rate, start) if chosen.video else None,
        audio=_audio(chosen.audio, start) if chosen.audio else None,
    )


def _rate(video: Stream, measured: Measured | None) -> Fraction:
    times = measured.times(video.index) if measured else ()
    rate = nominal_rate(video.r_frame_rate, video.avg_frame_rate, times, interlaced=headers.interlaced(video))
    if rate is None:
        raise Unusable(
            "It cannot be told how many pictures a second the file has: it is damaged or holds no film. "
            "Export the lecture again."
        )
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
    said = headers.claimed_end(stream)
    return seen if seen is not None else said


def _check_whole(claimed: float, measured: float) -> None:
    if claimed - measured > max(MISSING_SECONDS, claimed * MISSING_PART):
        raise Unusable(
            f"The file says that it lasts {_clock(claimed)}, but it ends after {_clock(measured)}: "
            "part of it is missing. Export or copy it again, then upload it."
        )


def _check_length(duration: float) -> None:
    if duration > headers.LONGEST:
        raise Unusable(
            f"The lecture lasts {_clock(duration)}; at most {headers.LONGEST // 3600} hours can be taken. "
            "Cut it into parts."
        )


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
        color_space=stream.color_space if stream.color_space not in ("", "unknown") else None,
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


def _clock(duration: float) -> str:
    minutes, rest = divmod(round(duration), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
