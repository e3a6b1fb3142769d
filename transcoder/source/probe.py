"""Probe of an upload: ffprobe in the sandbox, giving a Source or the reason for its rejection."""

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from transcoder.ffmpeg import command, process
from transcoder.ffmpeg.allowlists import DECODERS, input_options
from transcoder.ffmpeg.process import Command, Limits, ProcessFailed
from transcoder.ffmpeg.tools import Tools
from transcoder.media import Heard, Source, Unusable
from transcoder.planning import hearing, seeking, transfers
from transcoder.source import chains, edits, headers, packet_scan, rejections, sizes, source_timing
from transcoder.source.headers import Chosen, Headers, Stream
from transcoder.source.packet_scan import Measured

LIMITS = Limits(seconds=30, output_bytes=2**20)
QUICK_LIMITS = Limits(seconds=2, output_bytes=2**20)  # of what delays the first segment and can be missing
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
        probe, found = await _headers(_Probe(tools, path, Path(name)))
        chosen = await probe.with_transfer(headers.choose(found))
        # Later it would take processor time from the encoders, and audio would be missing when they are done.
        listening = asyncio.create_task(probe.voice(found, chosen))
        keyframes = asyncio.create_task(probe.keyframes(chosen))
        pace = asyncio.create_task(probe.pace(found, chosen))
        largest = asyncio.create_task(probe.largest(found, chosen))
        searches = (listening, keyframes, pace, largest)
        try:
            measured = await probe.measure(found, chosen)
            pieces = await asyncio.to_thread(chains.beginnings, path, found.container)
            if pieces:
                measured = None  # the first piece's
            times, cuts = packet_scan.read_times(await pace), await probe.cuts(found, chosen)
            voice, heard = await listening
            chosen = msgspec.structs.replace(chosen, audio=voice)
            source = source_timing.source(found, chosen, size, measured, times, cuts)
            source = msgspec.structs.replace(source, pieces=pieces)
            source = _with_size(source, await largest)
            return _with_hearing(_with_keyframes(source, await keyframes), heard)
        finally:
            for search in searches:
                search.cancel()
            await asyncio.wait(searches)


async def hear(tools: Tools, path: Path, source: Source, folder: Path) -> Heard:
    """Loudness of the source's audio; nothing changed where it cannot be heard.

    Known from the probe, but where that took too long: each place is sought for, and in a file without an
    index that reads it from the beginning.
    """
    if source.audio is None:
        return Heard()
    if source.audio.heard is not None:
        return source.audio.heard
    places = hearing.places(source.start, source.duration)
    limits = msgspec.structs.replace(LIMITS, seconds=LIMITS.seconds * len(places))
    return await _listen(tools, path.absolute(), source.audio.index, places, folder, limits) or Heard()


class _Probe(msgspec.Struct, frozen=True):
    """Questions to the tools about a file."""

    tools: Tools
    path: Path
    folder: Path
    strangers: tuple[str, ...] = ()  # decoders beyond DECODERS that ffprobe opens, but never uses

    async def measure(self, found: Headers, chosen: Chosen) -> Measured | None:
        """Packet scan of head and tail; None without a seek target, or when it fails or takes too long."""
        seek_target = source_timing.seek_target(found, chosen)
        if seek_target is None:
            return None
        interval = ("-read_intervals", packet_scan.intervals(seek_target))
        try:
            answer = await self.ask("packets", packet_scan.ENTRIES, "csv=p=0", *interval)
        except Unusable:
            return None
        return packet_scan.read(answer.decode(errors="replace"))

    async def keyframes(self, chosen: Chosen) -> str:
        """Keyframes as framecrc output; empty when the search fails or takes too long."""
        if chosen.video is None:
            return ""
        find = command.keyframes(self.tools, self.path, chosen.video.index)
        return await _search(find, self.folder)

    async def pace(self, found: Headers, chosen: Chosen) -> str:
        """Times of frames from all over the file; empty where it does not matter, and as `keyframes`."""
        places = source_timing.places(found, chosen)
        if places is None or chosen.video is None:
            return ""
        only = ("-select_streams", str(chosen.video.index), "-read_intervals", places)
        return await _search(self.question("pace", packet_scan.PACE_ENTRIES, "csv=p=0", *only), self.folder)

    async def largest(self, found: Headers, chosen: Chosen) -> Stream | None:
        """The video stream with the size of its largest frame; as `keyframes`, that of the header."""
        places = sizes.places(found, chosen.video) if chosen.video else None
        if chosen.video is None or places is None:
            return chosen.video
        only = ("-select_streams", str(chosen.video.index), "-read_intervals", places)
        look = self.question("sizes", sizes.ENTRIES, "csv=p=0", *only)
        return sizes.largest(await _search(look, self.folder), chosen.video)

    async def cuts(self, found: Headers, chosen: Chosen) -> tuple[tuple[float, float], ...]:
        """Cuts of the video's edit list after which its timestamps are late."""
        if found.container != "mov" or chosen.video is None:
            return ()
        cuts = await asyncio.to_thread(edits.cuts, self.path, chosen.video.index)
        if not cuts:
            return ()
        only = ("-select_streams", str(chosen.video.index), "-read_intervals", packet_scan.around(cuts))
        look = self.question("cuts", packet_scan.ENTRIES, "csv=p=0", *only)
        return packet_scan.late(await _search(look, self.folder, LIMITS), cuts)

    async def with_transfer(self, chosen: Chosen) -> Chosen:
        """Streams with the likely transfer of video that does not name its own."""
        if chosen.video is None or not headers.untold_transfer(chosen.video):
            return chosen
        look = command.brightness(self.tools, self.path, chosen.video.index)
        guessed = transfers.guess(transfers.brightest(await _search(look, self.folder, LIMITS)))
        video = msgspec.structs.replace(chosen.video, color_transfer=guessed or chosen.video.color_transfer)
        return Chosen(video, chosen.audio)

    async def voice(self, found: Headers, chosen: Chosen) -> tuple[Stream | None, Heard | None]:
        """Audio stream and its loudness, None where that is not known.

        Another stream than the chosen one, when that is silent all over: a microphone left off.
        """
        others = headers.other_audio(found, chosen)
        seekable = source_timing.seek_target(found, chosen) is not None
        if chosen.audio is None or not (others or seekable):  # the normalised copy is heard
            return chosen.audio, None
        first = await self._heard(found, chosen.audio, LIMITS if others else QUICK_LIMITS)
        if first is not None and first.silent:
            for stream in others:
                heard = await self._heard(found, stream, LIMITS)
                if heard is not None and not heard.silent:
                    return stream, heard
        return chosen.audio, first

    async def _heard(self, found: Headers, stream: Stream, limits: Limits) -> Heard | None:
        places = hearing.places(*source_timing.span(found, stream))
        return await _listen(self.tools, self.path, stream.index, places, self.folder, limits)

    def question(self, purpose: str, entries: str, form: str, *more: str) -> Command:
        options = [word for name, value in input_options().items() for word in (f"-{name}", value)]
        if self.strangers:
            # For the decoders that ffprobe itself opens; those that analyse the streams stay as they are.
            listed = ",".join((*DECODERS, *self.strangers))
            options += [word for kind in "vas" for word in (f"-codec_whitelist:{kind}", listed)]
        argv = (str(self.tools.ffprobe), "-hide_banner", "-v", "error", *options, *more)
        argv += ("-show_entries", entries, "-of", form, "-i", str(self.path))
        return Command(argv=argv, purpose=f"probe {purpose}", reports=False)

    async def ask(self, purpose: str, entries: str, form: str, *more: str) -> bytes:
        try:
            finished = await process.run(self.question(purpose, entries, form, *more), self.folder, LIMITS)
        except ProcessFailed as failed:
            raise _rejection(failed, self.path) from failed
        if rejections.too_many_streams(finished.stderr):
            raise Unusable(rejections.TOO_MANY)
        return finished.stdout


async def _headers(probe: _Probe) -> tuple[_Probe, Headers]:
    """Headers, also of a file with streams that cannot be decoded; `headers.choose` does without them."""
    try:
        answer = await probe.ask("headers", headers.ENTRIES, "json")
    except Unusable as refused:
        failed = refused.__cause__
        strangers = rejections.strangers(failed.stderr) if isinstance(failed, ProcessFailed) else ()
        if not strangers:
            raise
        probe = msgspec.structs.replace(probe, strangers=strangers)
        answer = await probe.ask("headers", headers.ENTRIES, "json")
    try:
        return probe, msgspec.json.decode(answer, type=Headers)
    except msgspec.DecodeError:
        raise Unusable(rejections.NOT_MEDIA) from None


async def _listen(
    tools: Tools,
    path: Path,
    index: int,
    places: Sequence[tuple[float, float]],
    folder: Path,
    limits: Limits,
) -> Heard | None:
    printed = await _search(command.hearing(tools, path, index, places), folder, limits)
    return hearing.judge(hearing.read(printed))


async def _search(command: Command, folder: Path, limits: Limits = QUICK_LIMITS) -> str:
    try:
        finished = await process.run(command, folder, limits)
    except ProcessFailed:
        return ""
    return finished.stdout.decode(errors="replace")


def _with_keyframes(source: Source, framecrc: str) -> Source:
    if source.video is None or not source.seekable:
        return source
    keyframes = seeking.read_keyframes(framecrc, source.start)
    return msgspec.structs.replace(source, video=msgspec.structs.replace(source.video, keyframes=keyframes))


def _with_size(source: Source, largest: Stream | None) -> Source:
    if source.video is None or largest is None:
        return source
    shape = headers.shape(largest)
    video = msgspec.structs.replace(source.video, width=shape.width, height=shape.height)
    return msgspec.structs.replace(source, video=video)


def _with_hearing(source: Source, heard: Heard | None) -> Source:
    if source.audio is None or not source.seekable:
        return source
    return msgspec.structs.replace(source, audio=msgspec.structs.replace(source.audio, heard=heard))


def _rejection(failed: ProcessFailed, path: Path) -> Exception:
    if failed.returncode in (-signal.SIGKILL, *LAUNCHER_FAILED):
        return failed
    unseekable = rejections.unseekable(failed.stderr)
    if not unseekable and any(fault in failed.stderr for fault in rejections.ENVIRONMENT_ERRORS):
        return failed
    if failed.kind == "timeout":
        return Unusable(rejections.too_slow(LIMITS.seconds))
    if failed.kind != "exit":
        return Unusable(rejections.DAMAGED)
    with path.open("rb") as file:
        return Unusable(rejections.from_ffprobe(failed.stderr, file.read(8)))
