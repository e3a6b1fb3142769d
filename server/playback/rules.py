"""Allowed media paths, and parsing of Range headers. Pure."""

import re
from typing import NamedTuple

_PATHS = (
    (re.compile(r"master\.m3u8"), "application/vnd.apple.mpegurl"),
    (re.compile(r"[a-z0-9]+/(?:index|iframes)\.m3u8"), "application/vnd.apple.mpegurl"),
    (re.compile(r"audio/(?:init\.\d+\.mp4|\d{5}\.\d+\.m4s)"), "audio/mp4"),
    (re.compile(r"[a-z0-9]+/(?:init\.\d+\.mp4|\d{5}\.\d+\.m4s)"), "video/mp4"),
    (re.compile(r"(?:poster|thumbnail)\.jpg|storyboard/\d{3}\.jpg"), "image/jpeg"),
    (re.compile(r"storyboard/storyboard\.vtt"), "text/vtt; charset=utf-8"),
)


def content_type(path: str) -> str | None:
    """Content type of a published file. None for any other path, which is not looked up at all."""
    return next((kind for pattern, kind in _PATHS if pattern.fullmatch(path)), None)


def is_playlist(path: str) -> bool:
    return path.endswith(".m3u8")


_SEGMENT = re.compile(r"([a-z0-9]+)/(\d{5})\.\d+\.m4s")


class SegmentPath(NamedTuple):
    rendition: str
    number: int


def segment(path: str) -> SegmentPath | None:
    """Rendition and number of a media segment's path."""
    match = _SEGMENT.fullmatch(path)
    return SegmentPath(match[1], int(match[2])) if match else None


class Span(NamedTuple):
    start: int
    length: int


POSITION_DIGITS = 19


class Unsatisfiable(Exception):
    """Range outside the file (RFC 9110 14.1.2): 416."""


def span(header: str | None, size: int) -> Span | None:
    """Requested byte range; None to send the whole file.

    Several ranges, other units and malformed headers may be ignored (RFC 9110 14.2).
    """
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", (header or "").strip())
    if match is None or match.group() == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, size - _position(last)), size - 1
    else:
        start, end = _position(first), min(_position(last), size - 1) if last else size - 1
        if last and _position(last) < start:
            return None
    if start >= size or (not first and _position(last) == 0):
        raise Unsatisfiable
    return Span(start, end - start + 1)


def _position(digits: str) -> int:
    """Number as given, or one beyond every file: Python reads no number of more than 4300 digits."""
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= POSITION_DIGITS else 10**POSITION_DIGITS
