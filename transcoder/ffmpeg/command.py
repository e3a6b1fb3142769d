"""FFmpeg command lines built from a plan. Pure: starts no process.

Frame n of the lecture is the source frame at n / fps, counted from the source's first timestamp.
Every chunk maps the source's own timestamps (-copyts) onto that grid, so it selects the frames
that a single pass over the file would select, wherever its seek landed.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ffmpeg
from ffmpeg.nodes import FilterableStream, InputNode, OutputStream

from transcoder.ffmpeg import audio_filters, video_filters
from transcoder.ffmpeg.allowlists import input_options
from transcoder.ffmpeg.process import Command
from transcoder.ffmpeg.tools import Tools
from transcoder.media import Heard, Rung, Source, VideoStream
from transcoder.planning import seeking, transfers
from transcoder.planning.ladder import even
from transcoder.planning.plan import (
    AAC_FRAME,
    SAMPLE_RATE,
    SHEET_COLUMNS,
    SHEET_ROWS,
    TILES_IN_SHEET,
    Chunk,
    Plan,
    VideoPlan,
    chunk_tiles,
    require,
    seconds,
    tile_frame,
)

AUDIO_FILE = "audio.mp4"
POSTER_FILE = "poster.jpg"
THUMBNAIL_FILE = "thumbnail.jpg"
SHEET_FILE = "sheet.jpg"
NORMALISED_FILE = "normalised.mkv"
TILE_PATTERN = "%05d.jpg"  # tile number, counted over the whole lecture

PRESET = "veryfast"
POSTER_WIDTH = 1280

LOOPBACK = "loopback"  # placeholder for the decoder of what the same command has encoded
POSTER_WINDOW = 30  # seconds; the poster is chosen from the keyframes in it

# One moof per keyframe, so that an I-frame playlist can point at it. With B-frames, decoding begins
# before the first frame is presented; an edit list in the header removes that delay, and every player
# reads it (the MSE byte stream format requires it). FFmpeg's own demuxer misreads the alternative,
# CMAF's negative composition offsets: it presents the video two frames after the audio.
FRAGMENTED = "+frag_keyframe+delay_moov+default_base_moof"


def chunk(tools: Tools, original: Path, source: Source, plan: Plan, chunk: Chunk, *, threads: int) -> Command:
    """Encoding of one chunk: writes `{rung}.mp4` for each rung and its storyboard tiles, `{tile:05d}.jpg`."""
    frames = require(plan.video)
    top = frames.rungs[0]
    scaled = _top_rung(original, source, frames, chunk, threads=threads)
    numbers = chunk_tiles(plan, chunk)
    outputs = []
    # Each rung is scaled from the one above it: two thirds of the pixels to read, at no visible loss.
    for rung in frames.rungs:
        if rung is not top:
            scaled = video_filters.resized(scaled, rung.width, rung.height)
        output = scaled
        if numbers or rung is not frames.rungs[-1]:
            copies = scaled.filter_multi_output("split", 2)
            output, scaled = copies[0], copies[1]
        outputs.append(_rung(output, rung, frames, threads=threads))
    if numbers:
        outputs.append(_tiles(scaled, plan, chunk, numbers))
    return _command(tools, f"chunk {chunk.number}", *outputs, filter_threads=threads)


def tiles(tools: Tools, original: Path, source: Source, plan: Plan, chunk: Chunk) -> Command:
    """Storyboard tiles of one chunk alone: writes `{tile:05d}.jpg`."""
    top = _top_rung(original, source, require(plan.video), chunk, threads=1)
    output = _tiles(top, plan, chunk, chunk_tiles(plan, chunk))
    return _command(tools, f"tiles of chunk {chunk.number}", output)


def audio(tools: Tools, original: Path, source: Source, plan: Plan, heard: Heard) -> Command:
    """Audio encoding: writes `audio.mp4` by fragments; `segments.collect_audio` may read it meanwhile.

    What the decoder gives is brought to one format first, by filters that are made anew when it changes; the
    others, which count samples, must not be.
    """
    planned, recorded = require(plan.audio), require(source.audio)
    rate, mono = planned.sample_rate, recorded.channels == 1
    decoded = ffmpeg.output(
        _input(original, threads=1, copyts=None, vn=None)[str(recorded.index)],
        "-",
        format="null",
        af=audio_filters.one_format(rate, mono=mono),
        **{"c:a": "pcm_f32le"},
    )
    output = ffmpeg.output(
        audio_filters.levelled(ffmpeg.input(LOOPBACK)["0"], source.start, planned, heard, mono=mono),
        AUDIO_FILE,
        format="mp4",
        movflags="+cmaf",
        # One microsecond less, because the muxer compares rounded times.
        frag_duration=planned.segment_frames * AAC_FRAME * 1_000_000 // rate - 1,
        flush_packets=1,
        **{"c:a": "aac", "b:a": planned.bitrate},
        **ANONYMOUS,
    )
    first, second = _command(tools, "audio", decoded), _command(tools, "audio", output)
    later = [word.replace("[0:0]", "[dec:0]") for word in second.argv[1:]]
    at = later.index("-i")
    return Command(argv=(*first.argv, "-dec", "0:0", *later[:at], *later[at + 2 :]), purpose="audio")


def hearing(tools: Tools, original: Path, index: int, places: Sequence[tuple[float, float]]) -> Command:
    """Loudness of a stream: prints that of the places, (begin, length) in seconds, for `hearing.read`. One
    process: twenty of them took longer to start than to listen."""
    files = [
        _input(original, threads=1, vn=None, ss=f"{begin:.3f}", seek_timestamp=1, t=f"{length:.3f}")
        for begin, length in places
    ]
    stream = audio_filters.described([file[str(index)] for file in files], SAMPLE_RATE)
    return _command(tools, "hearing", ffmpeg.output(stream, "-", format="null"))


def poster(tools: Tools, original: Path, source: Source, *, at: float | None = None) -> Command:
    """Poster selection: writes `poster.jpg`, the most representative keyframe of POSTER_WINDOW from `at`.

    `at` in seconds; by default a tenth of the duration.
    """
    video = require(source.video)
    time = source.start + video.start + (source.duration * 0.1 if at is None else at)
    file = _input(
        original,
        ss=f"{time:.6f}",
        seek_timestamp=1,
        t=POSTER_WINDOW,
        skip_frame="nokey",
        noaccurate_seek=None,
        **_as_stored(video),
    )
    width = min(POSTER_WIDTH, video.width)
    height = even(width * video.height / video.width)
    stream = video_filters.deinterlaced(file[str(video.index)], video)
    stream = video_filters.standard(stream, video, width, height)
    output = ffmpeg.output(stream.filter("thumbnail", 30), POSTER_FILE, **JPEG, **ONE_IMAGE)
    return _command(tools, "poster", output)


def thumbnail(tools: Tools, side: int, quality: int) -> Command:
    """Small poster: writes `thumbnail.jpg` from `poster.jpg` in the folder.

    `side`: of its longer edge, in pixels, at most; `quality`: 2 (best) to 31.
    """
    image = ffmpeg.input(POSTER_FILE, format="image2")
    box = {"w": f"min({side},iw)", "h": f"min({side},ih)"}
    stream = image.filter("scale", **box, force_original_aspect_ratio="decrease", flags="lanczos")
    output = ffmpeg.output(stream, THUMBNAIL_FILE, **{**JPEG, "q:v": quality}, **ONE_IMAGE)
    return _command(tools, "thumbnail", output)


def sheet(tools: Tools, number: int) -> Command:
    """Storyboard sheet: writes `sheet.jpg` from the sheet's tiles in the folder, `{tile:05d}.jpg`."""
    first = number * TILES_IN_SHEET
    tiles = ffmpeg.input(TILE_PATTERN, format="image2", framerate=1, start_number=first)
    stream = tiles.filter("tile", f"{SHEET_COLUMNS}x{SHEET_ROWS}")
    output = ffmpeg.output(stream, SHEET_FILE, **JPEG, **ONE_IMAGE)
    return _command(tools, f"storyboard sheet {number}", output)


def keyframes(tools: Tools, original: Path, index: int) -> Command:
    """Keyframe list: prints the times of a stream's keyframes, for `seeking.read_keyframes`.

    Of an MP4 only its sync sample table is read; of other files, all packets.
    """
    file = _input(original, t=seeking.SEARCHED, copyts=None, **{"discard:v": "nokey"})
    only = {"c": "copy", "bsf:v": "noise=drop=not(key)"}
    return _command(tools, "keyframes", ffmpeg.output(file[str(index)], "pipe:1", format="framecrc", **only))


def brightness(tools: Tools, original: Path, index: int) -> Command:
    """Brightest luma of keyframes, without specks: printed for `transfers.brightest`."""
    file = _input(original, t=seeking.SEARCHED, skip_frame="nokey")
    stream = file[str(index)].filter("scale", 160, 90, flags="area").filter("format", "yuv420p10le")
    stream = stream.filter("signalstats").filter("metadata", mode="print", key=transfers.LUMA, file="-")
    only = {"frames:v": transfers.FRAMES, "fps_mode": "passthrough"}
    return _command(tools, "brightness", ffmpeg.output(stream, "-", format="null", **only))


def normalise(tools: Tools, original: Path, source: Source) -> Command:
    """Remux to `normalised.mkv`: the same packets with valid timestamps and an index.

    For a source with `seekable` false. The normalised file is then encoded; inspect it again,
    because its times and stream numbers differ.
    """
    streams = [stream.index for stream in (source.video, source.audio) if stream]
    file = _input(original, fflags="+genpts")
    only: dict[str, Any] = {"c": "copy"}
    if source.pieces and source.audio and source.audio.codec in TABLES_IN_HEADER:
        only |= {"c:a": "flac", "ar": SAMPLE_RATE, "ac": 2, "sample_fmt": "s16", "frame_size": 4608}
    if source.container == "matroska":
        only["bsf"] = ONWARD
    output = ffmpeg.output(
        *(file[str(index)] for index in streams), NORMALISED_FILE, format="matroska", **only, **ANONYMOUS
    )
    return _command(tools, "normalise", output)


def join(tools: Tools, listed: Path) -> Command:
    """Copies one after the other: writes `normalised.mkv` from the files in a list of ours."""
    only = {**input_options(), "format_whitelist": "concat,matroska"}
    file = ffmpeg.input(str(listed), **only, format="concat", safe=0)
    output = ffmpeg.output(file, NORMALISED_FILE, format="matroska", map=0, c="copy", **ANONYMOUS)
    return _command(tools, "join", output)


# What decodes a packet stands in the header: another one in each of several recordings in a file.
TABLES_IN_HEADER = ("vorbis",)
# Timestamps that never go back. FFmpeg loses those of Matroska blocks before zero, guesses them from zero on,
# and begins again at zero with the first block after it.
ONWARD = "setts=ts='TS+if(N,if(lt(DTS,PREV_INDTS),PREV_OUTDTS+PREV_INDURATION-DTS,PREV_OUTDTS-PREV_INDTS),0)'"

# Output carries only video and audio of the original: no title, no location, no chapters. Nor does it
# name the encoder's version, so that every worker writes the same header.
ANONYMOUS: dict[str, Any] = {"map_metadata": -1, "map_chapters": -1, "fflags": "+bitexact"}
JPEG: dict[str, Any] = {"format": "image2", "c:v": "mjpeg", "q:v": 4, "pix_fmt": "yuv420p", **ANONYMOUS}

# Passthrough, because the keyframe may lie before the seek point, at a negative time.
ONE_IMAGE: dict[str, Any] = {"frames:v": 1, "update": 1, "fps_mode": "passthrough"}


def _top_rung(
    original: Path, source: Source, plan: VideoPlan, chunk: Chunk, *, threads: int
) -> FilterableStream:
    """Frames of a chunk, on the grid, in the size of the best rung."""
    video, start = require(source.video), seconds(plan, chunk.first_frame)
    seek_target = seeking.seek_target(source, video, start)
    seek = {} if seek_target is None else {"ss": f"{source.start + seek_target:.6f}", "seek_timestamp": 1}
    file = _input(original, threads=threads, copyts=None, noaccurate_seek=None, **_as_stored(video), **seek)
    stream = video_filters.deinterlaced(file[str(video.index)], video)
    stream = video_filters.on_grid(stream, source.start, video, plan, chunk, from_start=seek_target is None)
    return video_filters.standard(stream, video, plan.rungs[0].width, plan.rungs[0].height)


def _rung(stream: FilterableStream, rung: Rung, plan: VideoPlan, *, threads: int) -> OutputStream:
    return ffmpeg.output(
        stream,
        f"{rung.name}.mp4",
        format="mp4",
        movflags=FRAGMENTED,
        video_track_timescale=plan.timescale,
        fps_mode="passthrough",  # `video_filters.on_grid` has set every timestamp
        crf=rung.crf,
        maxrate=rung.max_bitrate,
        bufsize=2 * rung.max_bitrate,
        # VBV buffer half full: starting every chunk with a full one took 5 % more bytes in busy lectures.
        rc_init_occupancy=rung.max_bitrate,
        # Keyframes on the grid only, and closed GOPs.
        g=plan.gop_frames,
        keyint_min=plan.gop_frames,
        sc_threshold=0,
        flags="+cgop+bitexact",
        preset=PRESET,
        threads=threads,
        **{"c:v": "libx264", "profile:v": "high"},
        **ANONYMOUS,
    )


def _tiles(stream: FilterableStream, plan: Plan, chunk: Chunk, tiles: tuple[int, ...]) -> OutputStream:
    board, total = require(plan.storyboard), require(plan.video).frames
    frames = tuple(tile_frame(board, total, tile) - chunk.first_frame for tile in tiles)
    stream = video_filters.resized(video_filters.select_frames(stream, frames), board.width, board.height)
    return ffmpeg.output(stream, TILE_PATTERN, start_number=tiles[0], fps_mode="passthrough", **JPEG)


def _as_stored(video: VideoStream) -> dict[str, Any]:
    """Input options for frames as they are: `video_filters` rotates them, and takes changes in mid-stream.

    Filters made anew at a change would count the chunk's frames from zero again.
    """
    fixed = video.interlaced and not video.coded_width
    return {"noautorotate": None, **({} if fixed else {"reinit_filter": 0})}


def _input(path: Path, **options: Any) -> InputNode:
    return ffmpeg.input(str(path), **input_options(), **options)


def _command(tools: Tools, purpose: str, *outputs: OutputStream, filter_threads: int = 1) -> Command:
    everything = ffmpeg.merge_outputs(*outputs) if len(outputs) > 1 else outputs[0]
    everything = everything.global_args("-nostdin", "-hide_banner", "-loglevel", "warning")
    everything = everything.global_args("-filter_complex_threads", str(filter_threads))
    argv = ffmpeg.compile(everything, cmd=str(tools.ffmpeg), overwrite_output=True)
    return Command(argv=tuple(argv), purpose=purpose)
