"""Recordings as people's recorders make them: changed in mid-stream, mirrored, with gaps. None is in git.

Numbers, flashes and beeps are those of `tests.media.sources`.
"""

import struct
import subprocess
from pathlib import Path

from tests.media.sources import AAC, SMALL, X264, Options, audio_graph, video_graph
from transcoder.ffmpeg.tools import Tools

FPS = 25
PART = 2  # seconds
PARTS = 2
SECONDS = float(PART * PARTS)
VP8 = ("-c:v", "libvpx", "-b:v", "1M", "-deadline", "realtime", "-cpu-used", "8")
AC3 = ("-c:a", "ac3")
SURROUND = "pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0"

# (suffix; video filters, audio filters and codecs of each of two parts): what changes after two seconds.
CHANGES: dict[str, tuple[str, tuple[tuple[str, str, tuple[str, ...]], ...]]] = {
    "larger": (".ts", (("null", "anull", (*X264, *AAC)), ("scale=640:360", "anull", (*X264, *AAC)))),
    "smaller": (".mkv", (("scale=640:360", "anull", (*VP8, *AAC)), ("null", "anull", (*VP8, *AAC)))),
    "square": (".ts", (("null", "anull", (*X264, *AAC)), ("scale=180:180,setsar=1", "anull", (*X264, *AAC)))),
    "range": (
        ".ts",
        (
            ("scale=out_range=limited", "anull", (*X264, *AAC)),
            ("scale=out_range=full", "anull", (*X264, "-color_range", "pc", *AAC)),
        ),
    ),
    "channels": (
        ".ts",
        (("null", "pan=stereo|c0=c0|c1=c0", (*X264, *AC3)), ("null", SURROUND, (*X264, *AC3))),
    ),
    "sample_rate": (
        ".ts",
        (
            ("null", "aresample=44100", (*X264, *AC3)),
            ("null", "pan=stereo|c0=c0|c1=c0,aresample=48000", (*X264, *AC3)),
        ),
    ),
}


def changed(tools: Tools, folder: Path, change: str) -> Path:
    """Recording whose format changes after PART seconds."""
    suffix, parts = CHANGES[change]
    pieces = [folder / f"{n}{suffix}" for n in range(len(parts))]
    for n, (piece, (video, audio, codecs)) in enumerate(zip(pieces, parts, strict=True)):
        begin, end = n * PART, (n + 1) * PART
        shown = video_graph(
            *SMALL, str(FPS), SECONDS, then=f",trim={begin}:{end},setpts=PTS-STARTPTS,{video}"
        )
        heard = audio_graph(SECONDS, then=f",atrim={begin}:{end},asetpts=PTS-STARTPTS,{audio}")
        run(tools, "-f", "lavfi", "-i", shown, "-f", "lavfi", "-i", heard, *codecs, str(piece))
    return joined(tools, folder, pieces)


def joined(tools: Tools, folder: Path, pieces: list[Path]) -> Path:
    """The pieces' packets, one after the other."""
    listed, path = folder / "pieces.txt", folder / f"joined{pieces[0].suffix}"
    listed.write_text("".join(f"file '{piece}'\nduration {PART}\n" for piece in pieces))
    run(tools, "-f", "concat", "-safe", "0", "-i", str(listed), "-map", "0", "-c", "copy", str(path))
    return path


PATCHES = ("red", "lime", "blue", "white")  # left and right above, left and right below
MATRICES = {  # (a, b, c, d): a point at (x, y) is shown at (a x + c y, b x + d y), y downwards
    "as stored": (1, 0, 0, 1),
    "left and right exchanged": (-1, 0, 0, 1),
    "upside down mirrored": (1, 0, 0, -1),
    "half a turn": (-1, 0, 0, -1),
    "clockwise": (0, 1, -1, 0),
    "anticlockwise": (0, -1, 1, 0),
    "transposed": (0, 1, 1, 0),
    "transposed the other way": (0, -1, -1, 0),
}


def oriented(tools: Tools, folder: Path, matrix: tuple[int, int, int, int]) -> Path:
    """Four patches in an MP4 with this display matrix."""
    path = folder / "oriented.mp4"
    rows = [f"color={left}:s=120x90[{n}l];color={right}:s=120x90[{n}r];[{n}l][{n}r]hstack[{n}]"
            for n, (left, right) in enumerate((PATCHES[:2], PATCHES[2:]))]  # fmt: skip
    graph = f"{';'.join(rows)};[0][1]vstack,format=yuv420p,trim=end_frame=25"
    run(tools, "-f", "lavfi", "-i", graph, *X264, "-colorspace", "bt709", str(path))
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    a, b, c, d = (number * 0x1_0000 for number in matrix)
    struct.pack_into(">9i", data, at, a, b, 0, c, d, 0, 0, 0, 0x4000_0000)
    path.write_bytes(data)
    return path


DEFAULT_DURATION = b"\x23\xe3\x83\x84"  # element of a Matroska track, of four bytes
STILL = 24  # more than what ffprobe analyses


def still_then_moving(tools: Tools, folder: Path) -> Path:
    """WebM of a frame a second for STILL seconds, then of thirty, which its header does not tell."""
    path = folder / "moving.webm"
    shown = video_graph(
        *SMALL, "30", STILL + 3, then=rf",select='gte(t\,{STILL})+not(mod(n\,30))',settb=1/1000"
    )
    run(tools, "-f", "lavfi", "-i", shown, *VP8, "-fps_mode", "passthrough", str(path))
    data = bytearray(path.read_bytes())
    at = data.index(DEFAULT_DURATION) + len(DEFAULT_DURATION)
    struct.pack_into(">I", data, at, 10**9)  # nanoseconds
    path.write_bytes(data)
    return path


def with_lost_packets(tools: Tools, folder: Path) -> Path:
    """Matroska whose audio lacks four packets of AAC, 85 ms, after two seconds."""
    path = folder / "lost.mkv"
    lost = ("-bsf:a", r"noise=drop='between(n\,94\,97)'")
    return _encoded(tools, path, 4, *lost)


def with_slow_clock(tools: Tools, folder: Path) -> Path:
    """Matroska whose audio packets are a hundredth farther apart than their samples say."""
    return _encoded(tools, folder / "slow.mkv", 6, "-bsf:a", "setts=ts=TS*1.01")


def silence_first(tools: Tools, folder: Path) -> Path:
    """Audio of six seconds of silence, then of an even tone."""
    path = folder / "silence.m4a"
    tone = r"aevalsrc='0.05*sin(2*PI*300*t)*gte(t\,6)':s=48000:d=14"
    run(tools, "-f", "lavfi", "-i", tone, *AAC, str(path))
    return path


def one_sided(tools: Tools, folder: Path) -> Path:
    """Audio with the voice on the left only."""
    path = folder / "left.m4a"
    run(tools, "-f", "lavfi", "-i", audio_graph(4, then=",pan=stereo|c0=c0|c1=0*c0"), *AAC, str(path))
    return path


def silent_track_first(tools: Tools, folder: Path) -> Path:
    """MOV with two mono tracks, the first of them silent."""
    path = folder / "tracks.mov"
    inputs = (
        "-f",
        "lavfi",
        "-i",
        video_graph(*SMALL, str(FPS), 4),
        "-f",
        "lavfi",
        "-i",
        "anullsrc=cl=mono:d=4",
    )
    voice = ("-f", "lavfi", "-i", audio_graph(4), "-map", "0", "-map", "1", "-map", "2", "-t", "4")
    run(tools, *inputs, *voice, *X264, "-c:a", "pcm_s16le", str(path))
    return path


def two_languages(tools: Tools, folder: Path) -> Path:
    """Matroska with German and English audio, of which the second is the default."""
    path = folder / "languages.mkv"
    inputs = ("-f", "lavfi", "-i", video_graph(*SMALL, str(FPS), 2), "-f", "lavfi", "-i", audio_graph(2))
    tags = ("-metadata:s:a:0", "language=ger", "-metadata:s:a:1", "language=eng")
    default = ("-disposition:a:0", "0", "-disposition:a:1", "default")
    run(tools, *inputs, "-map", "0", "-map", "1", "-map", "1", *X264, *AAC, *tags, *default, str(path))
    return path


def with_strangers(tools: Tools, folder: Path) -> Path:
    """Matroska with a second audio track and a cover in codecs that are not accepted."""
    path, cover = folder / "strangers.mkv", folder / "cover.gif"
    run(tools, "-f", "lavfi", "-i", "color=red:s=32x32:d=0.1", str(cover))
    inputs = ("-f", "lavfi", "-i", video_graph(*SMALL, str(FPS), 2), "-f", "lavfi", "-i", audio_graph(2))
    maps = (
        "-map",
        "0",
        "-map",
        "1",
        "-map",
        "1",
        "-attach",
        str(cover),
        "-metadata:s:t",
        "mimetype=image/gif",
    )
    run(tools, *inputs, *maps, *X264, "-c:a:0", "aac", "-c:a:1", "truehd", "-strict", "-2", str(path))
    return path


def with_stale_tags(tools: Tools, folder: Path) -> Path:
    """Matroska whose tags tell the duration of the longer file that it was cut from."""
    path = _encoded(tools, folder / "stale.mkv", 4)
    data = path.read_bytes()
    assert data.count(b"00:00:04.") == 2
    path.write_bytes(data.replace(b"00:00:04.", b"00:15:04."))
    return path


def chained(tools: Tools, folder: Path, suffix: str, *options: str) -> Path:
    """Two recordings in one file, each of which begins at zero."""
    path, whole = folder / f"part{suffix}", folder / f"chained{suffix}"
    heard = ("-f", "lavfi", "-i", audio_graph(2))
    shown = ("-f", "lavfi", "-i", video_graph(*SMALL, str(FPS), 2)) if suffix == ".webm" else ()
    run(tools, *shown, *heard, *(VP8 if shown else ()), "-c:a", "libopus", *options, str(path))
    whole.write_bytes(path.read_bytes() * 2)
    return whole


def chained_with_other_headers(tools: Tools, folder: Path) -> Path:
    """Two Ogg recordings of other channels, sample rate and quality in one file; each begins at zero."""
    first, second, whole = (folder / f"{name}.ogg" for name in ("first", "second", "chained"))
    for path, then, quality in ((first, "", "3"), (second, ",pan=stereo|c0=c0|c1=c0,aresample=44100", "7")):
        heard = ("-f", "lavfi", "-i", audio_graph(2, then=then))
        run(tools, *heard, "-c:a", "libvorbis", "-q:a", quality, str(path))
    whole.write_bytes(first.read_bytes() + second.read_bytes())
    return whole


def before_zero(tools: Tools, folder: Path) -> Path:
    """Matroska without an index, whose blocks of the first two seconds lie before zero."""
    path, cluster = folder / "negative.mkv", b"\x1f\x43\xb6\x75"
    whole: Options = (
        "-live",
        "1",
        "-cluster_time_limit",
        "20000",
        "-cluster_size_limit",
        "8000000",
        "-g",
        "999",
    )
    whole += ("-c:v", "mpeg4", "-q:v", "3")
    data = bytearray(_encoded(tools, path, 4, *whole).read_bytes())
    assert data.count(cluster) == 1
    kind, at = 0xA0, data.index(cluster) + 3
    while at < len(data):
        length = 9 - data[at + 1].bit_length()
        size = int.from_bytes(data[at + 1 : at + 1 + length], "big") & ((1 << 7 * length) - 1)
        at += 1 + length
        if kind in (0xA1, 0xA3):  # a block: its track, and its time in milliseconds
            time = struct.unpack_from(">h", data, at + 1)[0]
            struct.pack_into(">h", data, at + 1, time - 2000)
        at += 0 if kind == 0xA0 else size  # a group begins with its block
        kind = data[at] if at < len(data) else 0
    path.write_bytes(data)
    return path


def cut_twice(tools: Tools, folder: Path) -> Path:
    """MP4 of six seconds, with B-frames, whose edit list shows the first two and the last two."""
    path = _encoded(tools, folder / "cut.mp4", 6, "-preset", "medium", "-bf", "2", "-g", "150")
    made, at = bytearray(path.read_bytes()), 0
    two = 2 * struct.unpack_from(">I", made, made.index(b"mvhd") + 16)[0]  # seconds, in the movie's timescale
    for timescale in (FPS * 512, 48_000):  # of the video, of the audio
        at = made.index(b"elst", at) + 4
        begin = struct.unpack_from(">i", made, at + 12)[0]
        edits = struct.pack(">IIiIIiI", 2, two, begin, 1 << 16, two, begin + 4 * timescale, 1 << 16)
        made[at + 4 : at + 20] = edits
        for kind in (b"elst", b"edts", b"trak", b"moov"):
            size = made.rindex(kind, 0, at) - 4
            struct.pack_into(">I", made, size, struct.unpack_from(">I", made, size)[0] + 12)
    path.write_bytes(made)
    return path


def _encoded(tools: Tools, path: Path, seconds: int, *options: str) -> Path:
    inputs = (
        "-f",
        "lavfi",
        "-i",
        video_graph(*SMALL, str(FPS), seconds),
        "-f",
        "lavfi",
        "-i",
        audio_graph(seconds),
    )
    codecs = options if "-c:v" in options else (*X264, *options)
    run(tools, *inputs, *AAC, *codecs, str(path))
    return path


def run(tools: Tools, *argv: str) -> None:
    command = [str(tools.ffmpeg), "-nostdin", "-v", "error", "-y", *argv]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
