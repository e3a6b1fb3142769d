"""HLS conformance of one lecture's playlists to the clauses that spec section 5 takes from Apple. Pure.

Reads the text that players get, not the values it was rendered from, so that rendering errors
show. Numbers in brackets are clauses of the HLS authoring specification for Apple devices.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from transcoder.packaging.verify import Finding

MASTER = "master.m3u8"
NOMINAL_SECONDS = 6.0
OVER_TARGET = 0.5  # seconds (7.7)
TOLERANCE = 0.10  # of the declared bandwidths, Apple's own value
ALIGNED_SECONDS = 0.001  # EXTINF is written in microseconds; rungs have one timescale
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)')


class Entry(NamedTuple):
    """Master playlist entry: a URI line, or an attribute list that contains its own URI."""

    tag: str
    attributes: dict[str, str]
    uri: str


class MediaSegment(NamedTuple):
    seconds: float
    uri: str


def violations(texts: Mapping[str, str], sizes: Mapping[str, int]) -> list[Finding]:
    """Findings, empty when the lecture conforms. `texts`: playlists by path; `sizes`: bytes of every other
    object by path."""
    if MASTER not in texts:
        return [Finding(MASTER, "is missing")]
    entries = master_entries(texts[MASTER])
    found = list(_head(MASTER, texts[MASTER])) + list(_master(entries, set(texts)))
    variants = [entry for entry in entries if entry.tag == "EXT-X-STREAM-INF"]
    media = [entry.uri for entry in entries if entry.uri in texts and not entry.uri.endswith("iframes.m3u8")]
    for path in media:
        found += [*_head(path, texts[path]), *_media(path, texts[path], sizes)]
    for entry in entries:
        if entry.tag == "EXT-X-I-FRAME-STREAM-INF" and entry.uri in texts:
            found += [*_head(entry.uri, texts[entry.uri]), *_iframes(entry.uri, texts[entry.uri], sizes)]
    for entry in variants:
        found += _bandwidth(entry, entries, texts, sizes)
    return found + list(_aligned([entry.uri for entry in variants if entry.uri in texts], texts))


def master_entries(text: str) -> list[Entry]:
    entries, lines = [], text.splitlines()
    for line, after in pairwise([*lines, ""]):
        tag, _, rest = line.removeprefix("#").partition(":")
        if tag in NEEDED:
            attributes = {name: value.strip('"') for name, value in _ATTRIBUTE.findall(rest)}
            entries.append(Entry(tag, attributes, attributes.get("URI", after)))
    return entries


def media_segments(text: str) -> list[MediaSegment]:
    """Segments of a media playlist, in order."""
    found, seconds = [], 0.0
    for line in text.splitlines():
        if line.startswith("#EXTINF:"):
            seconds = float(line.removeprefix("#EXTINF:").split(",")[0])
        elif line and not line.startswith("#"):
            found.append(MediaSegment(seconds, line))
    return found


def _head(path: str, text: str) -> Iterator[Finding]:
    if not text.startswith("#EXTM3U\n"):
        yield Finding(path, "does not begin with #EXTM3U")
    if "\n#EXT-X-INDEPENDENT-SEGMENTS\n" not in text:
        yield Finding(path, "does not say that its segments are independent (8.10)")
    if re.search(r"^[^#\n]*:|^/", text, re.MULTILINE) or re.search(r'URI="(?:/|[a-z]+:)', text):
        yield Finding(path, "has a URI that is not relative: one token would not cover it")


NEEDED = {
    "EXT-X-MEDIA": ("GROUP-ID", "NAME", "LANGUAGE"),
    "EXT-X-STREAM-INF": ("BANDWIDTH", "CODECS"),
    "EXT-X-I-FRAME-STREAM-INF": ("BANDWIDTH", "CODECS", "RESOLUTION"),
}
OF_VIDEO = ("AVERAGE-BANDWIDTH", "FRAME-RATE")


def _master(entries: list[Entry], known: set[str]) -> Iterator[Finding]:
    variants = [entry for entry in entries if entry.tag == "EXT-X-STREAM-INF"]
    groups = {entry.attributes.get("GROUP-ID") for entry in entries if entry.tag == "EXT-X-MEDIA"}
    if not variants:
        yield Finding(MASTER, "lists no variant")
    for entry in entries:
        if entry.uri not in known:
            yield Finding(entry.uri or entry.tag, "is listed in the master playlist and does not exist")
        yield from _attributes(entry)
        if (group := entry.attributes.get("AUDIO")) and group not in groups:
            yield Finding(entry.uri, f"names an audio group {group} that does not exist")
    video_variants = sum(_has_video(entry) for entry in variants)
    iframe_playlists = sum(entry.tag == "EXT-X-I-FRAME-STREAM-INF" for entry in entries)
    if iframe_playlists != video_variants:
        yield Finding(MASTER, f"has {iframe_playlists} I-frame playlists for {video_variants} rungs (6.1)")


def _attributes(entry: Entry) -> Iterator[Finding]:
    for attribute in NEEDED[entry.tag] + (OF_VIDEO if _has_video(entry) else ()):
        if not entry.attributes.get(attribute):
            yield Finding(entry.uri or entry.tag, f"has no {attribute} (9)")


def _has_video(entry: Entry) -> bool:
    return entry.tag == "EXT-X-STREAM-INF" and "RESOLUTION" in entry.attributes


def _media(path: str, text: str, sizes: Mapping[str, int]) -> Iterator[Finding]:
    folder = path.rpartition("/")[0]
    target = re.search(r"^#EXT-X-TARGETDURATION:(\d+)$", text, re.MULTILINE)
    header = re.search(r'^#EXT-X-MAP:URI="([^"]+)"', text, re.MULTILINE)
    if not header or f"{folder}/{header[1]}" not in sizes:
        yield Finding(path, "has no EXT-X-MAP, or one whose file does not exist")
    if not target:
        yield Finding(path, "has no target duration")
        return
    segments = media_segments(text)
    for number, segment in enumerate(segments):
        if segment.seconds > int(target[1]) + OVER_TARGET:
            yield Finding(
                path, f"segment {number} lasts {segment.seconds:.3f} s, longer than announced (7.7)"
            )
        if number < len(segments) - 1 and abs(segment.seconds - NOMINAL_SECONDS) > OVER_TARGET:
            yield Finding(path, f"segment {number} lasts {segment.seconds:.3f} s instead of six (7.6)")
        if not sizes.get(f"{folder}/{segment.uri}"):
            yield Finding(path, f"segment {number} is missing or empty")
    if not text.endswith("#EXT-X-ENDLIST\n") and "#EXT-X-PLAYLIST-TYPE:EVENT" not in text:
        yield Finding(path, "is neither finished nor growing")


def _iframes(path: str, text: str, sizes: Mapping[str, int]) -> Iterator[Finding]:
    folder = path.rpartition("/")[0]
    if "\n#EXT-X-I-FRAMES-ONLY\n" not in text:
        yield Finding(path, "does not say that it holds I-frames only (6.1)")
    ranges = re.findall(r"^#EXT-X-BYTERANGE:(\d+)@(\d+)\n(.+)$", text, re.MULTILINE)
    if len(ranges) != len(media_segments(text)):
        yield Finding(path, "has I-frames without a byte range (6.1)")
    for length, offset, uri in ranges:
        if int(offset) + int(length) > sizes.get(f"{folder}/{uri}", 0):
            yield Finding(path, f"points beyond the end of {uri} (6.1)")


def _bandwidth(
    variant: Entry, entries: list[Entry], texts: Mapping[str, str], sizes: Mapping[str, int]
) -> Iterator[Finding]:
    """Declared bandwidth covers what a player has to load: the rung and its audio."""
    group = variant.attributes.get("AUDIO")
    audio = [entry.uri for entry in entries if group and entry.attributes.get("GROUP-ID") == group]
    rates = [_rates(path, texts[path], sizes) for path in [variant.uri, *audio] if path in texts]
    measured = {
        "BANDWIDTH": sum(max(peaks, default=0.0) for peaks, _ in rates),
        "AVERAGE-BANDWIDTH": sum(average for _, average in rates),
    }
    for attribute, bits in measured.items():
        declared = int(variant.attributes.get(attribute) or 0)
        if bits > declared * (1 + TOLERANCE):
            yield Finding(variant.uri, f"needs {bits:.0f} bit/s and declares {attribute}={declared} (9)")


def _rates(path: str, text: str, sizes: Mapping[str, int]) -> tuple[list[float], float]:
    """Bit/s of each segment but a short last one, and of the whole."""
    folder = path.rpartition("/")[0]
    known = [
        (sizes.get(f"{folder}/{s.uri}", 0) * 8, s.seconds) for s in media_segments(text) if s.seconds > 0
    ]
    longest = max((seconds for _, seconds in known), default=0.0)
    peaks = [bits / seconds for bits, seconds in known if seconds >= longest / 2]
    total = sum(seconds for _, seconds in known)
    return peaks, sum(bits for bits, _ in known) / total if total else 0.0


def _aligned(paths: list[str], texts: Mapping[str, str]) -> Iterator[Finding]:
    """Segments aligned across rungs: a player that switches continues with the next segment (8.2)."""
    if not paths:
        return
    first = [segment.seconds for segment in media_segments(texts[paths[0]])]
    for path in paths[1:]:
        other = [segment.seconds for segment in media_segments(texts[path])]
        same = len(first) == len(other) and all(
            abs(a - b) < ALIGNED_SECONDS for a, b in zip(first, other, strict=True)
        )
        if not same:
            yield Finding(path, f"is not aligned with {paths[0]} (8.2)")
