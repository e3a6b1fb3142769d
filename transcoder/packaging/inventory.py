"""Objects of a finished revision, by the jobs that stored them. Pure."""

from collections.abc import Mapping

import msgspec

from storage.objects import keys
from transcoder.media import AudioResult, ChunkResult, Digest, Part, RenditionPart
from transcoder.planning.plan import TILES_IN_SHEET, Plan


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


def lost(video_id: str, parts: Parts, there: Mapping[str, int], *, with_tiles: bool = True) -> set[Part]:
    """Jobs with an object that is missing or has another size. `there`: sizes in bytes, by key."""
    tiles = keys.tiles(video_id)
    return {
        part
        for key, (part, size) in needed_by(video_id, parts).items()
        if (key not in there or size not in (None, there[key])) and (with_tiles or not key.startswith(tiles))
    }


def unreferenced(video_id: str, plan: Plan, parts: Parts, there: Mapping[str, int]) -> list[str]:
    """Unreferenced objects: leftovers of superseded attempts, and intermediate files."""
    tiles, named = keys.tiles(video_id), published_by(video_id, plan, parts)
    single = [key for key in there if key not in named and not key.startswith(tiles)]
    return [tiles, *single] if plan.storyboard else single


def published_by(video_id: str, plan: Plan, parts: Parts) -> set[str]:
    """Keys of the objects that players may ask for."""
    tiles = keys.tiles(video_id)
    return {
        keys.poster(video_id),
        keys.thumbnail(video_id),
        keys.storyboard_index(video_id),
        *(key for key in needed_by(video_id, parts) if not key.startswith(tiles)),
        *(keys.storyboard_sheet(video_id, sheet) for sheet in range(sheet_count(plan))),
    }


def kept_digests(video_id: str, plan: Plan, parts: Parts, digests: Mapping[str, Digest]) -> dict[str, Digest]:
    """Digests of the published objects, by path below the video's folder."""
    paths = {keys.path_in_video(key) for key in published_by(video_id, plan, parts)}
    return {path: digest for path, digest in digests.items() if path in paths}


def sheet_count(plan: Plan) -> int:
    return -(-plan.storyboard.tiles // TILES_IN_SHEET) if plan.storyboard else 0


def sheet_tiles(plan: Plan, sheet: int) -> range:
    """Numbers of the tiles on a sheet."""
    first = sheet * TILES_IN_SHEET
    return range(first, min(first + TILES_IN_SHEET, plan.storyboard.tiles if plan.storyboard else 0))


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
