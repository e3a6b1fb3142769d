"""HLS playlists and the storyboard index as text. Pure.

Playlists are not stored: the server renders them from the rows on every request, so they grow
with the finished chunks and cannot disagree with them. All URIs are relative, so that one path
token covers everything.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from math import ceil

import msgspec

from storage.objects import keys
from transcoder.media import AudioResult, ChunkResult, RenditionPart, Rung, Segment
from transcoder.planning.plan import AAC_FRAME, SHEET_COLUMNS, TILES_IN_SHEET, Plan, VideoPlan

VERSION = 7
AUDIO = "audio"  # the rendition's folder and the group's name

# Before the last chunk is done the peak bitrate is unknown. With a decoder buffer of two seconds
# at max_bitrate, a six-second segment can exceed max_bitrate by a third.
PEAK_OVER_CEILING = 4 / 3


class PlaylistError(ValueError):
    """Parts that do not form one rendition."""


class Subtitles(msgspec.Struct, frozen=True):
    language: str  # BCP 47
    name: str
    uri: str  # of the media playlist, relative to the master playlist
    default: bool = False


class Bandwidth(msgspec.Struct, frozen=True):
    """Peak and average bitrate in bit/s, measured from the segments' sizes."""

    peak: int
    average: int

    def __add__(self, other: "Bandwidth") -> "Bandwidth":
        return Bandwidth(self.peak + other.peak, self.average + other.average)


def master(
    plan: Plan,
    chunk_results: Sequence[ChunkResult],
    audio: AudioResult | None,
    *,
    audio_name: str = "Audio",
    subtitles: Sequence[Subtitles] = (),
) -> str:
    """Master playlist. `chunk_results`: of the finished chunks, from chunk 0 without a gap."""
    audio_part = audio.part if audio and audio.part.segments else None
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    if plan.video is None:
        return _text([*lines, *(_audio_only(audio_part) if audio_part else [])])
    lines += [_audio_rendition(plan, audio_part, audio_name)] if audio_part else []
    lines += [_subtitles_rendition(track) for track in subtitles]
    variants: list[str] = []
    iframe_variants: list[str] = []
    for rung in plan.video.rungs:
        parts = rendition_parts(chunk_results, rung.name)
        if not parts:
            continue
        shape = f"RESOLUTION={rung.width}x{rung.height}"
        attributes = [
            _bandwidth(_variant_bandwidth(plan.video, rung, parts, audio_part)),
            f'CODECS="{",".join([parts[0].codecs, *([audio_part.codecs] if audio_part else [])])}"',
            shape,
            f"FRAME-RATE={plan.video.fps_num / plan.video.fps_den:.3f}",
            *([f'AUDIO="{AUDIO}"'] if audio_part else []),
            *(['SUBTITLES="subtitles"'] if subtitles else []),
            "CLOSED-CAPTIONS=NONE",
        ]
        variants += [f"#EXT-X-STREAM-INF:{','.join(attributes)}", f"{rung.name}/index.m3u8"]
        iframe_variants.append(_iframe_variant(rung, parts, shape))
    return _text([*lines, *variants, *iframe_variants])


def _variant_bandwidth(
    video: VideoPlan, rung: Rung, parts: Sequence[RenditionPart], audio: RenditionPart | None
) -> Bandwidth:
    """Measured; while segments are missing, at least what the rung's ceiling allows."""
    bandwidth = measure(segment_rates(parts))
    if sum(part.frames for part in parts) < video.frames:
        ceiling = round(rung.max_bitrate * PEAK_OVER_CEILING)
        bandwidth = Bandwidth(max(bandwidth.peak, ceiling), bandwidth.average)
    return bandwidth + measure(segment_rates([audio])) if audio else bandwidth


def _iframe_variant(rung: Rung, parts: Sequence[RenditionPart], shape: str) -> str:
    attributes = [
        _bandwidth(measure(keyframe_rates(parts))),
        f'CODECS="{parts[0].codecs}"',
        shape,
        f'URI="{rung.name}/iframes.m3u8"',
    ]
    return f"#EXT-X-I-FRAME-STREAM-INF:{','.join(attributes)}"


def media(plan: Plan, rendition: str, parts: Sequence[RenditionPart], ended: bool) -> str:
    """Media playlist of `parts`, from segment 0 without a gap. EVENT while encoding, VOD when `ended`."""
    lines = _head(plan, parts, rendition, ended)
    for part in parts:
        for segment in part.segments:
            lines.append(f"#EXTINF:{segment.duration / part.timescale:.6f},")
            lines.append(keys.segment_name(segment.number, part.attempt))
    return _text([*lines, *(["#EXT-X-ENDLIST"] if ended else [])])


def iframes(plan: Plan, rendition: str, parts: Sequence[RenditionPart], ended: bool) -> str:
    """I-frame playlist for scrubbing: one byte range per keyframe, from its moof to the end of its frame."""
    lines = _head(plan, parts, rendition, ended)
    lines.insert(2, "#EXT-X-I-FRAMES-ONLY")
    for part in parts:
        for segment in part.segments:
            for (offset, size, _), ticks in zip(segment.keyframes, keyframe_ticks(segment), strict=True):
                lines.append(f"#EXTINF:{ticks / part.timescale:.6f},")
                lines.append(f"#EXT-X-BYTERANGE:{size}@{offset}")
                lines.append(keys.segment_name(segment.number, part.attempt))
    return _text([*lines, *(["#EXT-X-ENDLIST"] if ended else [])])


def storyboard(plan: Plan) -> str:
    """WebVTT index of the storyboard: each cue is an area of a sheet, with a URI relative to the index."""
    board = plan.storyboard
    if board is None:
        return "WEBVTT\n"
    cues = ["WEBVTT\n"]
    for tile in range(board.tiles):
        sheet, place = divmod(tile, TILES_IN_SHEET)
        row, column = divmod(place, SHEET_COLUMNS)
        start, end = tile * board.interval, min((tile + 1) * board.interval, plan.duration)
        name = keys.storyboard_sheet("", sheet).rpartition("/")[2]
        area = f"{column * board.width},{row * board.height},{board.width},{board.height}"
        cues.append(f"{_clock(start)} --> {_clock(end)}\n{name}#xywh={area}\n")
    return "\n".join(cues)


def rendition_parts(chunk_results: Sequence[ChunkResult], rendition: str) -> tuple[RenditionPart, ...]:
    return tuple(part for result in chunk_results for part in result.parts if part.rendition == rendition)


def target_duration(plan: Plan) -> int:
    """EXT-X-TARGETDURATION in seconds, from the plan, so that it is constant while the playlist grows."""
    longest = plan.segment_seconds
    if (video := plan.video) is not None:
        rest = video.frames - (video.segment_count - 1) * video.segment_frames
        longest = max(longest, rest * video.fps_den / video.fps_num)
    if (audio := plan.audio) is not None:
        rest = audio.frames - (audio.segment_count - 1) * audio.segment_frames
        longest = max(longest, max(rest, audio.segment_frames) * AAC_FRAME / audio.sample_rate)
    return max(1, int(longest + 0.5))


def segment_rates(parts: Iterable[RenditionPart]) -> Iterator[tuple[int, float]]:
    """(bytes, seconds) of each segment."""
    return ((s.bytes, s.duration / part.timescale) for part in parts for s in part.segments)


def keyframe_rates(parts: Iterable[RenditionPart]) -> Iterator[tuple[int, float]]:
    """(bytes, seconds until the next one) of each keyframe."""
    for part in parts:
        for segment in part.segments:
            for keyframe, ticks in zip(segment.keyframes, keyframe_ticks(segment), strict=True):
                yield keyframe[1], ticks / part.timescale


def keyframe_ticks(segment: Segment) -> list[int]:
    """Ticks from each keyframe to the next, or to the end of the segment."""
    times = [time for _, _, time in segment.keyframes]
    return [after - time for time, after in zip(times, [*times[1:], segment.duration], strict=True)]


def measure(rates: Iterable[tuple[int, float]]) -> Bandwidth:
    """Average bitrate, and peak bitrate as defined by RFC 8216bis 4.4.6.2.

    That is the highest rate of any run of segments between half and one and a half target
    durations, so that a last segment of a few frames does not count by itself.
    """
    known = [(size, time) for size, time in rates if time > 0]
    if not known:
        return Bandwidth(0, 0)
    longest = max(time for _, time in known)
    average = sum(size for size, _ in known) * 8 / sum(time for _, time in known)
    peak = max(chain([average], _run_rates(known, 0.5 * longest, 1.5 * longest)))
    return Bandwidth(ceil(peak), ceil(average))


def _run_rates(known: list[tuple[int, float]], shortest: float, longest: float) -> Iterator[float]:
    for first in range(len(known)):
        size, time = 0, 0.0
        for index in range(first, len(known)):
            size, time = size + known[index][0], time + known[index][1]
            if time > longest:
                break
            if time >= shortest:
                yield size * 8 / time


def _head(plan: Plan, parts: Sequence[RenditionPart], rendition: str, ended: bool) -> list[str]:
    _check(parts, rendition)
    return [
        "#EXTM3U",
        f"#EXT-X-VERSION:{VERSION}",
        f"#EXT-X-TARGETDURATION:{target_duration(plan)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        f"#EXT-X-PLAYLIST-TYPE:{'VOD' if ended else 'EVENT'}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        # A playlist without EXT-X-ENDLIST would otherwise start three segments from its end, like a live one.
        *([] if ended else ["#EXT-X-START:TIME-OFFSET=0,PRECISE=YES"]),
        *([f'#EXT-X-MAP:URI="{keys.init_name(parts[0].attempt)}"'] if parts else []),
    ]


def _check(parts: Sequence[RenditionPart], rendition: str) -> None:
    """Require one init segment for all parts: a second EXT-X-MAP needs a discontinuity, a visible jump."""
    expected = 0
    for part in parts:
        if part.rendition != rendition:
            raise PlaylistError(f"A part of {part.rendition} does not belong to {rendition}.")
        if part.init_sha256 != parts[0].init_sha256 or part.timescale != parts[0].timescale:
            raise PlaylistError(
                f"Attempt {part.attempt} of {rendition} has another header than the first part."
            )
        for segment in part.segments:
            if segment.number != expected:
                raise PlaylistError(f"{rendition} has segment {segment.number} where {expected} belongs.")
            expected += 1


def _audio_only(audio_part: RenditionPart) -> list[str]:
    bandwidth = _bandwidth(measure(segment_rates([audio_part])))
    return [f'#EXT-X-STREAM-INF:{bandwidth},CODECS="{audio_part.codecs}"', f"{AUDIO}/index.m3u8"]


def _audio_rendition(plan: Plan, audio_part: RenditionPart, name: str) -> str:
    language = plan.audio.language if plan.audio else None
    attributes = [
        "TYPE=AUDIO",
        f'GROUP-ID="{AUDIO}"',
        f'NAME="{_quoted(name)}"',
        # "und" (undetermined), because Apple requires a language on every audio rendition.
        f'LANGUAGE="{_quoted(language or "und")}"',
        "DEFAULT=YES,AUTOSELECT=YES",
        'CHANNELS="2"',
        f'URI="{audio_part.rendition}/index.m3u8"',
    ]
    return f"#EXT-X-MEDIA:{','.join(attributes)}"


def _subtitles_rendition(track: Subtitles) -> str:
    default = "YES" if track.default else "NO"
    return (
        f'#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="{_quoted(track.name)}",'
        f'LANGUAGE="{_quoted(track.language)}",DEFAULT={default},AUTOSELECT=YES,FORCED=NO,URI="{track.uri}"'
    )


def _bandwidth(bandwidth: Bandwidth) -> str:
    return f"BANDWIDTH={bandwidth.peak},AVERAGE-BANDWIDTH={bandwidth.average}"


def _quoted(text: str) -> str:
    """Text for a quoted attribute, which can contain neither quotes nor line breaks and has no escapes."""
    return "".join("'" if c == '"' else c for c in text if c.isprintable())


def _clock(time: float) -> str:
    minutes, milliseconds = divmod(round(time * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{milliseconds // 1000:02d}.{milliseconds % 1000:03d}"


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"
