"""Uploads that must be rejected: damaged, inconsistent or malicious. Each writer makes one file."""

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.fixtures.canary import Canary
from tests.fixtures.media import Sources

Writer = Callable[[Sources, Canary, Path], None]
SIDE = 32_000  # pixels


def zero_bytes(_: Sources, canary: Canary, path: Path) -> None:
    path.write_bytes(b"")


def text(_: Sources, canary: Canary, path: Path) -> None:
    path.write_text("Dear students,\nthe lecture of today is on the blackboard.\n" * 200)


def half(name: str) -> Writer:
    def write(sources: Sources, canary: Canary, path: Path) -> None:
        whole = sources.path(name).read_bytes()
        path.write_bytes(whole[: len(whole) // 2])

    return write


def hls(_: Sources, canary: Canary, path: Path) -> None:
    body = "".join(f"#EXTINF:2,\n{address}\n" for address in canary.addresses)
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n{body}#EXT-X-ENDLIST\n")


def hls_master(_: Sources, canary: Canary, path: Path) -> None:
    body = "".join(f"#EXT-X-STREAM-INF:BANDWIDTH=1\n{address}\n" for address in canary.addresses)
    path.write_text(f"#EXTM3U\n{body}")


def concat(_: Sources, canary: Canary, path: Path) -> None:
    path.write_text("ffconcat version 1.0\n" + "".join(f"file '{where}'\n" for where in canary.addresses))


def dash(_: Sources, canary: Canary, path: Path) -> None:
    sets = "".join(
        f'<AdaptationSet mimeType="video/mp4"><Representation id="{number}" bandwidth="1">'
        f"<BaseURL>{address}</BaseURL></Representation></AdaptationSet>"
        for number, address in enumerate(canary.addresses)
    )
    path.write_text(
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        f'mediaPresentationDuration="PT9S"><Period>{sets}</Period></MPD>'
    )


def svg(_: Sources, canary: Canary, path: Path) -> None:
    images = "".join(f'<image href="{address}"/>' for address in canary.addresses)
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64">{images}</svg>')


def sdp(_: Sources, canary: Canary, path: Path) -> None:
    port = canary.addresses[-1].rpartition(":")[2].partition("/")[0]
    path.write_text(
        f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {port} RTP/AVP 96\n"
    )


def pdf(_: Sources, canary: Canary, path: Path) -> None:
    links = "".join(f"<</Type/Action/S/URI/URI({address})>>\n" for address in canary.addresses)
    path.write_text(f"%PDF-1.7\n1 0 obj\n{links}endobj\n%%EOF\n")


def enormous(sources: Sources, canary: Canary, path: Path) -> None:
    """JPEG frames that declare 32000 × 32000 pixels: 3 GB each when decoded."""
    _make(sources, path, "-f", "avi", "-i", "testsrc2=s=320x176:r=5:d=2", "-c:v", "mjpeg")
    data = path.read_bytes()
    data = data.replace(struct.pack(">HH", 176, 320) + b"\x03", struct.pack(">HH", SIDE, SIDE) + b"\x03")
    path.write_bytes(data.replace(struct.pack("<II", 320, 176), struct.pack("<II", SIDE, SIDE)))


def many_streams(kind: str) -> Writer:
    def write(sources: Sources, canary: Canary, path: Path) -> None:
        maps = ["-map", "0:v"] * 500
        _make(sources, path, "-f", kind, "-i", "color=s=64x64:r=5:d=1", *maps, "-c:v", "mpeg4")

    return write


def lasts_ten_hours(sources: Sources, canary: Canary, path: Path) -> None:
    _patch_lengths(sources.path("late_start").read_bytes(), path, b"09:59:59.", 36e6)


def lasts_for_ever(sources: Sources, canary: Canary, path: Path) -> None:
    _patch_lengths(sources.path("late_start").read_bytes(), path, b"99:59:59.", float("inf"))


def lasts_for_years(sources: Sources, canary: Canary, path: Path) -> None:
    """MP4 with frames of the maximum duration: no frame rate can be determined."""
    _make(
        sources, path, "-f", "mp4", "-i", "testsrc2=s=320x180:r=25:d=2",
        "-c:v", "libx264", "-bf", "0", "-video_track_timescale", "25",
    )  # fmt: skip
    data = bytearray(path.read_bytes())
    table = data.index(b"stts") + 4
    # One run of 50 frames of one tick: replaced by frames of the maximum duration.
    assert struct.unpack_from(">III", data, table + 4) == (1, 50, 1)
    struct.pack_into(">I", data, table + 12, 0x7FFFFFFF // 50)
    path.write_bytes(data)


def no_streams(sources: Sources, canary: Canary, path: Path) -> None:
    """Captions only."""
    captions = path.with_suffix(".srt")
    captions.write_text("1\n00:00:00,000 --> 00:00:02,000\nHello\n")
    subprocess.run(
        [str(sources.tools.ffmpeg), "-v", "error", "-i", str(captions), "-f", "matroska", str(path)],
        check=True,
    )
    captions.unlink()


BAD: dict[str, tuple[Writer, str]] = {
    "zero bytes": (zero_bytes, "zero bytes"),
    "text": (text, "not a readable video or audio file"),
    "half, index at the end": (half("index_at_end"), "cut off"),
    "half, index at the start": (half("small"), "part of it is missing"),
    "half a Matroska file": (half("late_start"), "part of it is missing"),
    "HLS": (hls, "playlist"),
    "HLS of playlists": (hls_master, "playlist"),
    "concat": (concat, "playlist"),
    "DASH": (dash, "not a readable video or audio file"),
    "SVG": (svg, "cannot become a lecture"),
    "SDP": (sdp, "playlist"),
    "PDF": (pdf, "not a readable video or audio file"),
    "32000 × 32000": (enormous, "pixels"),
    "500 streams in MP4": (many_streams("mp4"), "more than 32 streams"),
    "500 streams in Matroska": (many_streams("matroska"), "more than 32 streams"),
    "seven seconds declared as ten hours": (lasts_ten_hours, "part of it is missing"),
    "endless duration": (lasts_for_ever, "part of it is missing"),
    "0/0 frames a second": (lasts_for_years, "frame rate of the file cannot be determined"),
    "captions only": (no_streams, "neither a video nor an audio stream"),
}


def _make(sources: Sources, path: Path, *words: str) -> None:
    """`words`: -f KIND -i GRAPH, then options."""
    kind, graph, options = words[1], words[3], words[4:]
    argv = [str(sources.tools.ffmpeg), "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", graph]
    subprocess.run([*argv, *options, "-f", kind, str(path)], check=True)


def _patch_lengths(matroska: bytes, path: Path, tag: bytes, milliseconds: float) -> None:
    """Overwrite the durations in the streams' tags and in the segment's Duration, an eight-byte float."""
    at = matroska.index(b"\x44\x89\x88") + 3
    matroska = matroska[:at] + struct.pack(">d", milliseconds) + matroska[at + 8 :]
    path.write_bytes(matroska.replace(b"00:00:19.", tag))
