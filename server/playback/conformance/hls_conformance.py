"""The playlists of one lecture against the clauses that spec section 5 takes from Apple. Pure.

Reads the text that players get, not the values it was made from, so that a mistake in the making
shows. Numbers in brackets are those of the HLS authoring specification for Apple devices.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from transcoder.packaging.verify import Finding

MASTER = "master.m3u8"
NOMINAL_SECONDS = 6.0
OVER_TARGET = 0.5  # seconds (7.7)
TOLERANCE = 0.10  # of the declared bandwidths, Apple's own
ALIGNED_SECONDS = 0.001  # EXTINF is written in microseconds; rungs have one timescale
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)')


class Entry(NamedTuple):
    """A URI line, or an attribute list that carries its own URI."""

    tag: str
    attributes: dict[str, str]
    uri: str


class Piece(NamedTuple):
    seconds: float
    uri: str


def violations(texts: Mapping[str, str], sizes: Mapping[str, int]) -> list[Finding]:
    """`texts`: playlists by path; `sizes`: bytes of every other object by path. Empty when all is well."""
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


def pieces(text: str) -> list[Piece]:
    """Segments in order."""
    found, seconds = [], 0.0
    for line in text.splitlines():
        if line.startswith("#EXTINF:"):
            seconds = float(line.removeprefix("#EXTINF:").split(",")[0])
        elif line and not line.startswith("#"):
            found.append(Piece(seconds, line))
    return found


def _head(path: str, text: str) -> Iterator[Finding]:
    if not text.startswith("#EXTM3U\n"):
        yield Finding(path, "does not begin with #EXTM3U")
    if "\n#EXT-X-INDEPENDENT-SEGMENTS\n" not in text:
        yield Finding(path, "does not say that its segments are independent (8.10)")
    if re.search(r"^[^#\n]*:|^/", text, re.MULTILINE) or re.search(r'URI="(?:/|[a-z]+:)', text):
        yield Finding(path, "has an address that is not relative: one token would not cover it")


NEEDED = {
    "EXT-X-MEDIA": ("GROUP-ID", "NAME", "LANGUAGE"),
    "EXT-X-STREAM-INF": ("BANDWIDTH", "CODECS"),
    "EXT-X-I-FRAME-STREAM-INF": ("BANDWIDTH", "CODECS", "RESOLUTION"),
}
OF_PICTURES = ("AVERAGE-BANDWIDTH", "FRAME-RATE")


def _master(entries: list[Entry], known: set[str]) -> Iterator[Finding]:
    variants = [entry for entry in entries if entry.tag == "EXT-X-STREAM-INF"]
    groups = {entry.attributes.get("GROUP-ID") for entry in entries if entry.tag == "EXT-X-MEDIA"}
    if not variants:
        yield Finding(MASTER, "names no variant")
    for entry in entries:
        if entry.uri not in known:
            yield Finding(entry.uri or entry.tag, "is named in the master playlist and does not exist")
        yield from _attributes(entry)
        if (group := entry.attributes.get("AUDIO")) and group not in groups:
            yield Finding(entry.uri, f"names a sound group {group} that is not there")
    pictures = sum(_has_picture(entry) for entry in variants)
    scanning = sum(entry.tag == "EXT-X-I-FRAME-STREAM-INF" for entry in entries)
    if scanning != pictures:
        yield Finding(MASTER, f"has {scanning} I-frame playlists for {pictures} rungs (6.1)")


def _attributes(entry: Entry) -> Iterator[Finding]:
    for attribute in NEEDED[entry.tag] + (OF_PICTURES if _has_picture(entry) else ()):
        if not entry.attributes.get(attribute):
            yield Finding(entry.uri or entry.tag, f"has no {attribute} (9)")


def _has_picture(entry: Entry) -> bool:
    return entry.tag == "EXT-X-STREAM-INF" and "RESOLUTION" in entry.attributes


def _media(path: str, text: str, sizes: Mapping[str, int]) -> Iterator[Finding]:
    folder = path.rpartition("/")[0]
    target = re.search(r"^#EXT-X-TARGETDURATION:(\d+)$", text, re.MULTILINE)
    header = re.search(r'^#EXT-X-MAP:URI="([^"]+)"', text, re.MULTILINE)
    if not header or f"{folder}/{header[1]}" not in sizes:
        yield Finding(path, "has no header, or one that does not exist")
    if not target:
        yield Finding(path, "has no target duration")
        return
    segments = pieces(text)
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
    if len(ranges) != len(pieces(text)):
        yield Finding(path, "has pictures without a byte range (6.1)")
    for length, offset, uri in ranges:
        if int(offset) + int(length) > sizes.get(f"{folder}/{uri}", 0):
            yield Finding(path, f"points beyond the end of {uri} (6.1)")


def _bandwidth(
    variant: Entry, entries: list[Entry], texts: Mapping[str, str], sizes: Mapping[str, int]
) -> Iterator[Finding]:
    """What is declared holds what a player has to load: the rung and the sound that goes with it."""
    group = variant.attributes.get("AUDIO")
    sound = [entry.uri for entry in entries if group and entry.attributes.get("GROUP-ID") == group]
    rates = [_rates(path, texts[path], sizes) for path in [variant.uri, *sound] if path in texts]
    measured = {
        "BANDWIDTH": sum(max(peaks, default=0.0) for peaks, _ in rates),
        "AVERAGE-BANDWIDTH": sum(average for _, average in rates),
    }
    for attribute, bits in measured.items():
        declared = int(variant.attributes.get(attribute) or 0)
        if bits > declared * (1 + TOLERANCE):
            yield Finding(variant.uri, f"needs {bits:.0f} bit/s and declares {attribute}={declared} (9)")


def _rates(path: str, text: str, sizes: Mapping[str, int]) -> tuple[list[float], float]:
    """Bit/s of each segment that is not a rest, and of the whole."""
    folder = path.rpartition("/")[0]
    known = [(sizes.get(f"{folder}/{s.uri}", 0) * 8, s.seconds) for s in pieces(text) if s.seconds > 0]
    longest = max((seconds for _, seconds in known), default=0.0)
    peaks = [bits / seconds for bits, seconds in known if seconds >= longest / 2]
    total = sum(seconds for _, seconds in known)
    return peaks, sum(bits for bits, _ in known) / total if total else 0.0


def _aligned(paths: list[str], texts: Mapping[str, str]) -> Iterator[Finding]:
    """A player that changes the rung goes on with the next segment (8.2)."""
    if not paths:
        return
    first = [piece.seconds for piece in pieces(texts[paths[0]])]
    for path in paths[1:]:
        other = [piece.seconds for piece in pieces(texts[path])]
        same = len(first) == len(other) and all(
            abs(a - b) < ALIGNED_SECONDS for a, b in zip(first, other, strict=True)
        )
        if not same:
            yield Finding(path, f"is not on the grid of {paths[0]} (8.2)")
