"""Faults of a lecture's objects: what they mean to its viewers, and what has to be made again. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import groupby

import msgspec

from storage.messages import duration_text
from storage.objects import keys
from transcoder.media import AudioResult, ChunkResult, Digest, Mending, Part
from transcoder.packaging.inventory import Parts, needed_by, sheet_count
from transcoder.planning.plan import Plan

WITHOUT_ORIGINAL = (keys.THUMBNAIL, keys.STORYBOARD)  # made from the poster, and from the plan


class Fault(StrEnum):
    MISSING = "missing"
    EMPTY = "empty"
    CUT = "cut"
    LONGER = "longer than it was"
    ROTTEN = "rotten: its bytes are not those that were stored"
    UNREADABLE = "not readable"


class Place(msgspec.Struct, frozen=True):
    """What an object is to viewers. Times in seconds; None for images, which no time is about."""

    name: str
    start: float | None = None
    end: float | None = None


class Expected(msgspec.Struct, frozen=True):
    """An object as it was stored. What is not known is None."""

    path: str  # below the video's folder
    place: Place
    part: Part | None  # that makes it; None: an image
    bytes: int | None = None
    sha256: str | None = None
    optional: bool = False  # a lecture is whole without it


class Damaged(msgspec.Struct, frozen=True):
    expected: Expected
    fault: Fault
    bytes: int | None = None  # that are there


def expected(
    video_id: str,
    plan: Plan,
    chunks: Sequence[ChunkResult],
    audio: AudioResult | None,
    digests: Mapping[str, Digest],
) -> list[Expected]:
    """Objects of a ready lecture, segments in the order of each rendition, then images."""
    places = dict(_places(plan, chunks, audio))
    headers = dict(_headers(chunks, audio))
    found = []
    for key, (part, size) in needed_by(video_id, Parts(tuple(chunks), audio)).items():
        path = keys.path_in_video(key)
        if path in places:
            digest = digests.get(path)
            sha256 = digest.sha256 if digest else headers.get(path)
            known = digest.bytes if digest else size
            found.append(Expected(path, places[path], part, known, sha256))
    found.sort(key=lambda one: (one.place.name, one.place.start or 0.0, one.path))
    return found + [_image(path, name, digests) for path, name in _images(plan)]


def _image(path: str, name: str, digests: Mapping[str, Digest]) -> Expected:
    digest = digests.get(path)
    return Expected(
        path,
        Place(name),
        None,
        digest.bytes if digest else None,
        digest.sha256 if digest else None,
        optional=path == keys.THUMBNAIL and digest is None,  # lists show the poster instead
    )


def _images(plan: Plan) -> Iterator[tuple[str, str]]:
    if plan.video is None:
        return
    yield keys.POSTER, "poster"
    yield keys.THUMBNAIL, "thumbnail"
    if plan.storyboard is not None:
        yield keys.STORYBOARD, "storyboard's index"
        for sheet in range(sheet_count(plan)):
            yield keys.path_in_video(keys.storyboard_sheet("v", sheet)), f"storyboard's sheet {sheet + 1}"


def _places(
    plan: Plan, chunks: Sequence[ChunkResult], audio: AudioResult | None
) -> Iterator[tuple[str, Place]]:
    """Places of segments and init segments, by path."""
    reached: dict[str, float] = {}
    for part in [part for chunk in chunks for part in chunk.parts] + ([audio.part] if audio else []):
        if part.rendition not in reached:
            path = f"{part.rendition}/{keys.init_name(part.attempt)}"
            yield path, Place(f"{part.rendition}, init segment", 0.0, plan.duration)
        for segment in part.segments:
            start = reached.get(part.rendition, 0.0)
            reached[part.rendition] = end = start + segment.duration / part.timescale
            path = f"{part.rendition}/{keys.segment_name(segment.number, part.attempt)}"
            yield path, Place(part.rendition, start, end)


def _headers(chunks: Sequence[ChunkResult], audio: AudioResult | None) -> Iterator[tuple[str, str]]:
    """Hashes of the init segments, which results have always had."""
    for part in (*(chunks[0].parts if chunks else ()), *([audio.part] if audio else [])):
        yield f"{part.rendition}/{keys.init_name(part.attempt)}", part.init_sha256


def size_fault(wanted: Expected, size: int | None) -> Fault | None:
    """Fault that the size alone shows; `size`: bytes in the store, None when there is no such object."""
    if size is None:
        return None if wanted.optional else Fault.MISSING
    if size == 0:
        return Fault.EMPTY
    if wanted.bytes is None or size == wanted.bytes:
        return None
    return Fault.CUT if size < wanted.bytes else Fault.LONGER


def described(damaged: Iterable[Damaged]) -> list[str]:
    """A line for each run of objects with the same fault."""
    lines = []
    for (name, fault), found in groupby(damaged, key=lambda one: (one.expected.place.name, one.fault)):
        lines += [_described(name, fault, run) for run in _runs(list(found))]
    return lines


def _runs(found: Sequence[Damaged]) -> Iterator[list[Damaged]]:
    """Runs of objects that follow one another in time."""
    run: list[Damaged] = []
    for one in found:
        if run and one.expected.place.start != run[-1].expected.place.end:
            yield run
            run = []
        run.append(one)
    if run:
        yield run


def _described(name: str, fault: Fault, run: Sequence[Damaged]) -> str:
    first, last = run[0].expected.place, run[-1].expected.place
    one = run[0]
    files = one.expected.path if len(run) == 1 else f"{len(run)} segments from {one.expected.path} on"
    size = ""
    if fault in (Fault.CUT, Fault.LONGER) and len(run) == 1:
        size = f" ({one.bytes} bytes instead of {one.expected.bytes})"
    when = "" if first.start is None else f", from {_clock(first.start)} to {_clock(last.end)}"
    return f"{name}{when}: {fault}{size} ({files})"


def times(damaged: Iterable[Damaged]) -> str:
    """Times of the lecture that are damaged in any rendition: "0:18-0:24, 1:00-1:06"."""
    spans = sorted(
        (one.expected.place.start, one.expected.place.end or 0.0)
        for one in damaged
        if one.expected.place.start is not None
    )
    joined: list[tuple[float, float]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1] + 0.5:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return ", ".join(f"{_clock(start)}-{_clock(end)}" for start, end in joined)


def _clock(seconds: float | None) -> str:
    return duration_text(seconds or 0.0)


def wanted(damaged: Iterable[Damaged]) -> Mending:
    """What has to be made again."""
    damaged = list(damaged)
    parts = {one.expected.part for one in damaged if one.expected.part is not None}
    images = [one.expected.path for one in damaged if one.expected.part is None]
    return Mending(parts=tuple(sorted(parts)), images=tuple(images))


def without_original(mending: Mending) -> Mending:
    """What of it can be made without the original."""
    made_from = keys.POSTER not in mending.images
    images = [path for path in mending.images if path in WITHOUT_ORIGINAL]
    return Mending(images=tuple(path for path in images if made_from or path != keys.THUMBNAIL))


def is_nothing(mending: Mending) -> bool:
    return not mending.parts and not mending.images
