"""Lecture encoded without database, queue or store: plan, chunks, audio, playlists."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from storage.objects import keys
from transcoder.ffmpeg import command, process
from transcoder.ffmpeg.process import Command, Limits
from transcoder.ffmpeg.tools import Tools
from transcoder.media import AudioResult, ChunkResult, Source
from transcoder.packaging import playlist, segments
from transcoder.packaging.playlist import AUDIO
from transcoder.planning.plan import Plan, make_plan
from transcoder.source.normalising import normalised
from transcoder.source.probe import hear, inspect

VIDEO, ATTEMPT = "lecture", 1
LIMITS = Limits(seconds=600)


@dataclass(frozen=True)
class Lecture:
    """Encoded lecture as the files that a player would load."""

    source: Source
    plan: Plan
    chunks: tuple[ChunkResult, ...]
    audio: AudioResult | None
    folder: Path
    complaints: tuple[str, ...]  # warnings of ffmpeg while encoding

    @property
    def master(self) -> Path:
        return self.folder / "master.m3u8"

    @property
    def renditions(self) -> list[str]:
        rungs = [rung.name for rung in self.plan.video.rungs] if self.plan.video else []
        return [*rungs, *([AUDIO] if self.audio else [])]

    def whole(self, rendition: str) -> Path:
        """Init segment and all segments in one file."""
        place = self.folder / rendition
        path = self.folder / f"{rendition}.mp4"
        with path.open("wb") as joined:
            for piece in [place / keys.init_name(ATTEMPT), *sorted(place.glob("*.m4s"))]:
                joined.write(piece.read_bytes())
        return path


async def make_lecture(tools: Tools, original: Path, folder: Path, *, quick_sound: bool = False) -> Lecture:
    """Raises Unusable, ProcessFailed, NotAsPlanned, Malformed."""
    source = await inspect(tools, original)
    if not source.seekable:
        original = await normalised(tools, original, source, folder, LIMITS)
        source = await inspect(tools, original)
    plan = make_plan(source)
    complaints: list[str] = []

    async def run(job: Command, name: str) -> Path:
        place = folder / name
        place.mkdir()
        complaints.append((await process.run(job, place, LIMITS)).stderr)
        return place

    chunks = []
    for chunk in plan.video.chunks if plan.video else ():
        encode = command.chunk(tools, original, source, plan, chunk, threads=1)
        place = await run(encode, f"chunk{chunk.number}")
        made = segments.collect_chunk(place, plan, chunk, ATTEMPT)
        _keep(made, folder)
        chunks.append(made.result)
    audio = None
    if plan.audio:
        heard = await hear(tools, original, source, folder)
        encode = command.audio(tools, original, source, plan, heard)
        place = await run(_quick(encode) if quick_sound else encode, "encoded_audio")
        collected = segments.collect_audio(place, plan, ATTEMPT, complete=True)
        _keep(collected, folder)
        audio = collected.result
    lecture = Lecture(source, plan, tuple(chunks), audio, folder, tuple(filter(None, complaints)))
    _write_playlists(lecture)
    return lecture


def _quick(encode: Command) -> Command:
    """The same with less work: a simple choice of quantisers."""
    argv = encode.argv
    at = argv.index("-b:a")
    return Command((*argv[:at], "-aac_coder", "fast", "-b:a", "24000", *argv[at + 2 :]), encode.purpose)


def _keep(made: segments.Collected[ChunkResult] | segments.Collected[AudioResult], folder: Path) -> None:
    for key, path in made.files(VIDEO).items():
        to = folder / key.removeprefix(keys.video(VIDEO))
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, to)


def _write_playlists(lecture: Lecture) -> None:
    plan, folder = lecture.plan, lecture.folder
    lecture.master.write_text(playlist.master(plan, lecture.chunks, lecture.audio))
    for rung in plan.video.rungs if plan.video else ():
        parts = playlist.rendition_parts(lecture.chunks, rung.name)
        (folder / rung.name / "index.m3u8").write_text(playlist.media(plan, rung.name, parts, True))
        (folder / rung.name / "iframes.m3u8").write_text(playlist.iframes(plan, rung.name, parts, True))
    if lecture.audio:
        text = playlist.media(plan, AUDIO, [lecture.audio.part], True)
        (folder / AUDIO / "index.m3u8").write_text(text)
