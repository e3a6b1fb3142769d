"""Probe of an upload: ffprobe in the sandbox, giving a Source or the reason for its rejection."""

import asyncio
import signal
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from transcoder.ffmpeg import command, process
from transcoder.ffmpeg.allowlists import input_options
from transcoder.ffmpeg.process import Command, Limits, ProcessFailed
from transcoder.ffmpeg.tools import Tools
from transcoder.media import Source, Unusable
from transcoder.planning import seeking
from transcoder.source import headers, packet_scan, rejections, source_timing
from transcoder.source.headers import Chosen, Headers
from transcoder.source.packet_scan import Measured

LIMITS = Limits(seconds=30, output_bytes=2**20)
KEYFRAME_LIMITS = Limits(seconds=2, output_bytes=2**20)  # delays the first segment
# Errors of the environment, not of the file: another attempt may succeed.
ENVIRONMENT_ERRORS = (
    "No such file or directory",
    "Permission denied",
    "Operation not permitted",
    "Resource temporarily unavailable",
)
LAUNCHER_FAILED = (125, 126, 127)


async def inspect(tools: Tools, path: Path, folder: Path | None = None) -> Source:
    """Source of a file, measured by short processes in a temporary folder inside `folder`.

    Raises Unusable; ProcessFailed for errors of the environment. Where `seekable` is false the duration
    is the header's, or 0: only the normalised copy can be measured.
    """
    path = path.absolute()  # ffprobe runs in another folder
    size = path.stat().st_size
    if size == 0:
        raise Unusable(rejections.EMPTY)
    with TemporaryDirectory(prefix="probe-", dir=folder) as name:
        found = await _headers(tools, path, Path(name))
        chosen = headers.choose(found)
        search = asyncio.create_task(_search(tools, path, Path(name), chosen))
        try:
            measured = await _measure(tools, path, Path(name), found, chosen)
            return _with_keyframes(source_timing.source(found, chosen, size, measured), await search)
        finally:
            search.cancel()
            await asyncio.wait({search})


async def _headers(tools: Tools, path: Path, folder: Path) -> Headers:
    answer = await _ask(tools, path, folder, "headers", headers.ENTRIES, "json")
    try:
        return msgspec.json.decode(answer, type=Headers)
    except msgspec.DecodeError:
        raise Unusable(rejections.NOT_MEDIA) from None


async def _measure(tools: Tools, path: Path, folder: Path, found: Headers, chosen: Chosen) -> Measured | None:
    """Packet scan of head and tail; None without a seek target, or when it fails or takes too long."""
    seek_target = source_timing.seek_target(found, chosen)
    if seek_target is None:
        return None
    interval = ("-read_intervals", packet_scan.intervals(seek_target))
    try:
        answer = await _ask(tools, path, folder, "packets", packet_scan.ENTRIES, "csv=p=0", *interval)
    except Unusable:
        return None
    return packet_scan.read(answer.decode(errors="replace"))


async def _search(tools: Tools, path: Path, folder: Path, chosen: Chosen) -> str:
    """Keyframes as framecrc output; empty when the search fails or takes too long."""
    if chosen.video is None:
        return ""
    try:
        finished = await process.run(
            command.keyframes(tools, path, chosen.video.index), folder, KEYFRAME_LIMITS
        )
    except ProcessFailed:
        return ""
    return finished.stdout.decode(errors="replace")


def _with_keyframes(source: Source, framecrc: str) -> Source:
    if source.video is None or not source.seekable:
        return source
    keyframes = seeking.read_keyframes(framecrc, source.start)
    return msgspec.structs.replace(source, video=msgspec.structs.replace(source.video, keyframes=keyframes))


async def _ask(
    tools: Tools, path: Path, folder: Path, purpose: str, entries: str, form: str, *more: str
) -> bytes:
    options = [word for name, value in input_options().items() for word in (f"-{name}", value)]
    argv = (str(tools.ffprobe), "-hide_banner", "-v", "error", *options, *more)
    argv += ("-show_entries", entries, "-of", form, "-i", str(path))
    question = Command(argv=argv, purpose=f"probe {purpose}", reports=False)
    try:
        finished = await process.run(question, folder, LIMITS)
    except ProcessFailed as failed:
        raise _rejection(failed, path) from failed
    if rejections.too_many_streams(finished.stderr):
        raise Unusable(rejections.TOO_MANY)
    return finished.stdout


def _rejection(failed: ProcessFailed, path: Path) -> Exception:
    if failed.returncode in (-signal.SIGKILL, *LAUNCHER_FAILED):
        return failed
    if any(fault in failed.stderr for fault in ENVIRONMENT_ERRORS):
        return failed
    if failed.kind == "timeout":
        return Unusable(rejections.too_slow(LIMITS.seconds))
    if failed.kind != "exit":
        return Unusable(rejections.DAMAGED)
    with path.open("rb") as file:
        return Unusable(rejections.from_ffprobe(failed.stderr, file.read(8)))
