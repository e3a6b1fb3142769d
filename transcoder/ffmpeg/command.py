"""From a plan to the argv of an ffmpeg. Pure: builds commands, starts none.

Frame n of the lecture is what the source shows at n / fps, counted from the source's first
timestamp. Every chunk reads the source's own timestamps (-copyts) onto that one grid, so it
picks the frames that a single pass over the file would pick, wherever its seek has landed.
"""

from pathlib import Path
from typing import Any

import ffmpeg
from ffmpeg.nodes import FilterableStream, InputNode, OutputStream

from transcoder.ffmpeg import video_filters
from transcoder.ffmpeg.allowlists import input_options
from transcoder.ffmpeg.process import Command
from transcoder.ffmpeg.tools import Tools
from transcoder.media import Rung, Source
from transcoder.planning import seeking
from transcoder.planning.ladder import even
from transcoder.planning.plan import (
    AAC_FRAME,
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
SHEET_FILE = "sheet.jpg"
NORMALISED_FILE = "normalised.mkv"
TILE_PATTERN = "%05d.jpg"  # numbered over the whole lecture

PRESET = "veryfast"
POSTER_WIDTH = 1280

POSTER_WINDOW = 30  # seconds from which the poster is chosen, by keyframes only

# One moof per keyframe, so that an I-frame playlist can point at it. Decoding begins before the
# first picture is shown, and an edit list in the header takes that off: every player reads it
# (the MSE byte stream format demands it). FFmpeg's own demuxer does not read the alternative,
# CMAF's negative offsets, as meant: it shows the picture two frames after the sound.
FRAGMENTED = "+frag_keyframe+delay_moov+default_base_moof"


def chunk(tools: Tools, original: Path, source: Source, plan: Plan, chunk: Chunk, *, threads: int) -> Command:
    """Writes `{rung}.mp4` for each rung and the storyboard frames of the chunk as `{tile:05d}.jpg`."""
    video, frames = require(source.video), require(plan.video)
    start = seconds(frames, chunk.first_frame)
    seek_target = seeking.seek_target(source, video, start)
    seek = {} if seek_target is None else {"ss": f"{source.start + seek_target:.6f}", "seek_timestamp": 1}
    file = _input(original, threads=threads, copyts=None, noautorotate=None, noaccurate_seek=None, **seek)
    stream = video_filters.progressive(file[str(video.index)], video)
    stream = video_filters.on_grid(stream, source.start, frames, chunk, from_start=seek_target is None)
    top = frames.rungs[0]
    pictures = video_filters.standard(video_filters.upright(stream, video), video, top.width, top.height)
    tiles = chunk_tiles(plan, chunk)
    outputs = []
    # Each rung is made from the one above it: two thirds of the pixels to read, and no worse to look at.
    for rung in frames.rungs:
        if rung is not top:
            pictures = video_filters.resized(pictures, rung.width, rung.height)
        shown = pictures
        if tiles or rung is not frames.rungs[-1]:
            copies = pictures.filter_multi_output("split", 2)
            shown, pictures = copies[0], copies[1]
        outputs.append(_rung(shown, rung, frames, threads=threads))
    if tiles:
        outputs.append(_tiles(pictures, plan, chunk, tiles))
    return _command(tools, f"chunk {chunk.number}", *outputs, filter_threads=threads)


def audio(tools: Tools, original: Path, source: Source, plan: Plan) -> Command:
    """Writes `audio.mp4`, fragment by fragment: `segments.collect_audio` may read it while it grows."""
    planned = require(plan.audio)
    rate = planned.sample_rate
    stream = _input(original, threads=1, copyts=None, vn=None)[str(require(source.audio).index)]
    stream = (
        stream.filter("asetpts", f"PTS-({source.start:.6f})/TB")
        # Silence where the source has gaps and before a late start: sound stays with the picture.
        .filter("aresample", rate, **{"async": 1, "first_pts": 0, "ochl": "stereo", "osf": "flt"})
        .filter("loudnorm", I=-16, TP=-1.5, LRA=11)
        .filter("aresample", rate)  # loudnorm gives 192 kHz
        .filter("asetpts", "N")  # and now and then a jump in the times, though it loses no sample
        .filter("apad")
        # The encoder puts 1024 samples of silence before the first. Leaving out as many of the
        # lecture keeps every later sample in its place without an edit list, which not all
        # players honour; what is lost are the first 21 ms.
        .filter("atrim", start_sample=AAC_FRAME, end_sample=planned.frames * AAC_FRAME)
    )
    output = ffmpeg.output(
        stream,
        AUDIO_FILE,
        format="mp4",
        movflags="+cmaf",
        # A microsecond less, for the muxer compares rounded times.
        frag_duration=planned.segment_frames * AAC_FRAME * 1_000_000 // rate - 1,
        flush_packets=1,
        **{"c:a": "aac", "b:a": planned.bitrate},
        **ANONYMOUS,
    )
    return _command(tools, "audio", output)


def poster(tools: Tools, original: Path, source: Source, *, at: float | None = None) -> Command:
    """Writes `poster.jpg`: the most telling keyframe of half a minute from `at` (a tenth of the way in)."""
    video = require(source.video)
    time = source.start + video.start + (source.duration * 0.1 if at is None else at)
    file = _input(
        original,
        ss=f"{time:.6f}",
        seek_timestamp=1,
        t=POSTER_WINDOW,
        skip_frame="nokey",
        noautorotate=None,
        noaccurate_seek=None,
    )
    width = min(POSTER_WIDTH, video.width)
    height = even(width * video.height / video.width)
    stream = video_filters.progressive(file[str(video.index)], video)
    stream = video_filters.standard(video_filters.upright(stream, video), video, width, height)
    output = ffmpeg.output(stream.filter("thumbnail", 30), POSTER_FILE, **JPEG, **ONE_PICTURE)
    return _command(tools, "poster", output)


def sheet(tools: Tools, number: int) -> Command:
    """Writes `sheet.jpg` from the tiles of that sheet, which lie in the folder as `{tile:05d}.jpg`."""
    first = number * TILES_IN_SHEET
    tiles = ffmpeg.input(TILE_PATTERN, format="image2", framerate=1, start_number=first)
    stream = tiles.filter("tile", f"{SHEET_COLUMNS}x{SHEET_ROWS}")
    output = ffmpeg.output(stream, SHEET_FILE, **JPEG, **ONE_PICTURE)
    return _command(tools, f"storyboard sheet {number}", output)


def keyframes(tools: Tools, original: Path, index: int) -> Command:
    """Prints when each keyframe of the stream is shown, for `seeking.read_keyframes`.

    An MP4 has a table of them: nothing else is read. Of other files all packets are.
    """
    file = _input(original, t=seeking.SEARCHED, copyts=None, **{"discard:v": "nokey"})
    only = {"c": "copy", "bsf:v": "noise=drop=not(key)"}
    return _command(tools, "keyframes", ffmpeg.output(file[str(index)], "pipe:1", format="framecrc", **only))


def normalise(tools: Tools, original: Path, source: Source) -> Command:
    """Writes `normalised.mkv`: the same packets with sound timestamps and an index.

    For a source with `seekable` false. What is then encoded is the normalised file; inspect it
    anew, for its times and stream numbers differ.
    """
    streams = [stream.index for stream in (source.video, source.audio) if stream]
    file = _input(original, fflags="+genpts")
    output = ffmpeg.output(
        *(file[str(index)] for index in streams), NORMALISED_FILE, format="matroska", c="copy", **ANONYMOUS
    )
    return _command(tools, "normalise", output)


# Nothing of the original but pictures and sound gets out: no title, no place, no chapters. Nor
# the version of the encoder, so that every worker writes the same header.
ANONYMOUS: dict[str, Any] = {"map_metadata": -1, "map_chapters": -1, "fflags": "+bitexact"}
JPEG: dict[str, Any] = {"format": "image2", "c:v": "mjpeg", "q:v": 4, "pix_fmt": "yuv420p", **ANONYMOUS}

# Passed through: the keyframe may lie before the point of the seek, at a time below zero.
ONE_PICTURE: dict[str, Any] = {"frames:v": 1, "update": 1, "fps_mode": "passthrough"}


def _rung(stream: FilterableStream, rung: Rung, plan: VideoPlan, *, threads: int) -> OutputStream:
    return ffmpeg.output(
        stream,
        f"{rung.name}.mp4",
        format="mp4",
        movflags=FRAGMENTED,
        video_track_timescale=plan.timescale,
        fps_mode="passthrough",  # `video_filters.on_grid` has placed every frame
        crf=rung.crf,
        maxrate=rung.max_bitrate,
        bufsize=2 * rung.max_bitrate,
        # Half full: with a full one at the start of every chunk, busy lectures took 5 % more bytes.
        rc_init_occupancy=rung.max_bitrate,
        # Keyframes on the grid and nowhere else, none referring beyond the one before it.
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
    stream = video_filters.resized(video_filters.only(stream, frames), board.width, board.height)
    return ffmpeg.output(stream, TILE_PATTERN, start_number=tiles[0], fps_mode="passthrough", **JPEG)


def _input(path: Path, **options: Any) -> InputNode:
    return ffmpeg.input(str(path), **input_options(), **options)


def _command(tools: Tools, purpose: str, *outputs: OutputStream, filter_threads: int = 1) -> Command:
    everything = ffmpeg.merge_outputs(*outputs) if len(outputs) > 1 else outputs[0]
    everything = everything.global_args("-nostdin", "-hide_banner", "-loglevel", "warning")
    everything = everything.global_args("-filter_complex_threads", str(filter_threads))
    argv = ffmpeg.compile(everything, cmd=str(tools.ffmpeg), overwrite_output=True)
    return Command(argv=tuple(argv), purpose=purpose)
