"""Objects of a finished revision, by the jobs that stored them. Pure."""

from collections.abc import Mapping

import msgspec

from storage.objects import keys
from transcoder.media import AudioResult, ChunkResult, RenditionPart
from transcoder.planning.plan import TILES_IN_SHEET, Plan

Part = tuple[str, int]  # a job's kind and number


class Parts(msgspec.Struct, frozen=True):
    """Results of all jobs before the finish job."""

    chunks: tuple[ChunkResult, ...]
    audio: AudioResult | None


def needed_by(video_id: str, parts: Parts) -> dict[str, tuple[Part, int | None]]:
    """Job and size, where known, of each object needed for playback or the storyboard, by key.

    The first part's init segment serves the whole rendition.
    """
    found: dict[str, tuple[Part, int | None]] = {}
    for number, chunk in enumerate(parts.chunks):
        for part in chunk.parts:
            found |= _rendition(video_id, part, ("chunk", number), header=number == 0)
        found |= {keys.tile(video_id, tile, chunk.attempt): (("chunk", number), None) for tile in chunk.tiles}
    if parts.audio:
        found |= _rendition(video_id, parts.audio.part, ("audio", 0), header=True)
    return found


def lost(video_id: str, parts: Parts, there: Mapping[str, int]) -> set[Part]:
    """Jobs with an object that is missing or has another size. `there`: sizes in bytes, by key."""
    return {
        part
        for key, (part, size) in needed_by(video_id, parts).items()
        if key not in there or size not in (None, there[key])
    }


def unreferenced(video_id: str, plan: Plan, parts: Parts, there: Mapping[str, int]) -> list[str]:
    """Unreferenced objects: leftovers of superseded attempts, and intermediate files."""
    tiles = keys.tiles(video_id)
    named = {keys.poster(video_id), keys.thumbnail(video_id), keys.storyboard_index(video_id)}
    named |= needed_by(video_id, parts).keys()
    named |= {keys.storyboard_sheet(video_id, sheet) for sheet in range(sheet_count(plan))}
    single = [key for key in there if key not in named and not key.startswith(tiles)]
    return [tiles, *single] if plan.storyboard else single


def sheet_count(plan: Plan) -> int:
    return -(-plan.storyboard.tiles // TILES_IN_SHEET) if plan.storyboard else 0


def _rendition(
    video_id: str, part: RenditionPart, owner: Part, *, header: bool
) -> dict[str, tuple[Part, int | None]]:
    segments: dict[str, tuple[Part, int | None]] = {
        keys.segment(video_id, part.rendition, segment.number, part.attempt): (owner, segment.bytes)
        for segment in part.segments
    }
    if header:
        segments[keys.init(video_id, part.rendition, part.attempt)] = (owner, None)
    return segments
