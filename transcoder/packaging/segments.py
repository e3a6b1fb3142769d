"""Collection of an encoder's output: segments, object keys and the job's result."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from storage.objects import keys
from transcoder.ffmpeg.command import AUDIO_FILE, TILE_PATTERN
from transcoder.media import AudioResult, ChunkResult, RenditionPart, Rung, Segment
from transcoder.packaging import isobmff, segmenter
from transcoder.packaging.playlist import AUDIO
from transcoder.packaging.segmenter import NotAsPlanned, Track
from transcoder.planning.plan import AAC_FRAME, AudioPlan, Chunk, Plan, VideoPlan, chunk_tiles, require

Result = TypeVar("Result", ChunkResult, AudioResult)
Piece = tuple[Callable[[str], str], Path]  # from a video's id to the object's key; the file


@dataclass(frozen=True)
class Collected(Generic[Result]):
    """Result of a job, and the files to store before it is written."""

    result: Result
    pieces: tuple[Piece, ...]

    def files(self, video_id: str) -> dict[str, Path]:
        """Files by object key."""
        return {key(video_id): path for key, path in self.pieces}


def collect_chunk(folder: Path, plan: Plan, chunk: Chunk, attempt: int) -> Collected[ChunkResult]:
    """Result of the files that `command.chunk` wrote to the folder; deletes its MP4 files.

    Raises NotAsPlanned or isobmff.Malformed.
    """
    video = require(plan.video)
    parts: list[RenditionPart] = []
    pieces: list[Piece] = []
    for rung in video.rungs:
        file = folder / f"{rung.name}.mp4"
        part, made = _collect(file, video_track(video, rung, chunk, attempt), ())
        file.unlink()
        parts.append(part)
        pieces += made
    tiles = chunk_tiles(plan, chunk)
    pieces += [(partial(keys.tile, number=tile, attempt=attempt), _tile(folder, tile)) for tile in tiles]
    _check_frames(parts, chunk.frames)
    return Collected(ChunkResult(parts=tuple(parts), tiles=tiles, attempt=attempt), tuple(pieces))


def collect_audio(
    folder: Path, plan: Plan, attempt: int, known: RenditionPart | None = None, *, complete: bool
) -> Collected[AudioResult]:
    """Result of the complete segments in the folder's `audio.mp4`, which may still be written.

    `known`: the part that the previous call for the same file returned; only later segments are among
    the files. `complete`: the encoder has ended, and everything planned must be present. Before the
    first segment the part is empty: no header, no codecs. Raises as `collect_chunk`.
    """
    track = audio_track(require(plan.audio), attempt)
    part, pieces = _collect(folder / AUDIO_FILE, track, known.segments if known else ())
    if complete:
        _check_frames([part], track.frames)
    return Collected(AudioResult(part=part, complete=complete), tuple(pieces))


def _collect(file: Path, track: Track, known: tuple[Segment, ...]) -> tuple[RenditionPart, list[Piece]]:
    """Part with all segments, and the files of those not in `known`."""
    place = file.parent / track.rendition
    place.mkdir(exist_ok=True)
    if not file.exists():
        return _part(track, b"", ()), []
    with file.open("rb") as opened:
        header = segmenter.header(opened) or b""
        opened.seek(len(header) + sum(segment.bytes for segment in known))
        begin = len(known) * track.segment_frames
        made = tuple(segmenter.cut(opened, track, isobmff.edit(header), place, begin)) if header else ()
    pieces: list[Piece] = []
    if made and not known:
        init = place / keys.init_name(track.attempt)
        init.write_bytes(header)
        pieces.append((partial(keys.init, rendition=track.rendition, attempt=track.attempt), init))
    for segment in made:
        key = partial(keys.segment, rendition=track.rendition, number=segment.number, attempt=track.attempt)
        pieces.append((key, place / keys.segment_name(segment.number, track.attempt)))
    return _part(track, header, known + made), pieces


def _part(track: Track, header: bytes, segments: tuple[Segment, ...]) -> RenditionPart:
    if segments and (ticks := isobmff.timescale(header)) != track.timescale:
        raise NotAsPlanned(f"{track.rendition} has a timescale of {ticks} instead of {track.timescale}")
    return RenditionPart(
        rendition=track.rendition,
        attempt=track.attempt,
        timescale=track.timescale,
        init_sha256=hashlib.sha256(header).hexdigest() if segments else "",
        codecs=isobmff.codecs(header) if segments else "",
        frames=sum(segment.duration for segment in segments) // track.frame_ticks,
        segments=segments,
    )


def _check_frames(parts: list[RenditionPart], planned: int) -> None:
    for part in parts:
        if part.frames != planned:
            raise NotAsPlanned(f"{part.rendition} has {part.frames} frames where {planned} were planned")


def _tile(folder: Path, tile: int) -> Path:
    path = folder / (TILE_PATTERN % tile)
    if not path.exists():
        raise NotAsPlanned(f"storyboard frame {tile} is missing")
    return path


def video_track(video: VideoPlan, rung: Rung, chunk: Chunk, attempt: int) -> Track:
    return Track(
        rendition=rung.name,
        attempt=attempt,
        timescale=video.timescale,
        frame_ticks=video.frame_ticks,
        fragment_frames=video.gop_frames,
        segment_frames=video.segment_frames,
        segments=chunk.segments,
        first_frame=chunk.first_frame,
        frames=chunk.frames,
        is_video=True,
    )


def audio_track(audio: AudioPlan, attempt: int) -> Track:
    return Track(
        rendition=AUDIO,
        attempt=attempt,
        timescale=audio.sample_rate,
        frame_ticks=AAC_FRAME,
        fragment_frames=audio.segment_frames,
        segment_frames=audio.segment_frames,
        segments=audio.segment_count,
        first_frame=0,
        frames=audio.frames,
        is_video=False,
    )
