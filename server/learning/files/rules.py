"""Kinds of files that a lesson may have, by name and content, and the header of their download. Pure."""

from enum import Enum, auto
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import quote

from server.core.errors import Invalid
from storage.messages import N_, message
from storage.states import FileKind

HEAD_BYTES = 4096  # of a file, that its content is judged by
OCTETS = "application/octet-stream"
PLAIN = "text/plain; charset=utf-8"
_EXT_VALUE = "!#$&+-.^_`|~"  # unreserved in RFC 8187, besides letters and digits
_OPENXML = "application/vnd.openxmlformats-officedocument."
_OPENDOCUMENT = "application/vnd.oasis.opendocument."


class Content(Enum):
    """What the first bytes of a file show."""

    PDF = auto()
    ZIP = auto()
    OLE = auto()  # Office before 2007
    RTF = auto()
    GZIP = auto()
    SEVEN_ZIP = auto()
    PNG = auto()
    JPEG = auto()
    GIF = auto()
    WEBP = auto()
    AVIF = auto()
    MP3 = auto()
    MP4 = auto()
    OGG = auto()
    WAV = auto()
    FLAC = auto()
    MATROSKA = auto()
    TEXT = auto()
    WEB_PAGE = auto()
    PROGRAM = auto()
    UNKNOWN = auto()


class FileType(NamedTuple):
    content: Content
    media_type: str


PICTURES = {
    "png": FileType(Content.PNG, "image/png"),
    "jpg": FileType(Content.JPEG, "image/jpeg"),
    "jpeg": FileType(Content.JPEG, "image/jpeg"),
    "gif": FileType(Content.GIF, "image/gif"),
    "webp": FileType(Content.WEBP, "image/webp"),
    "avif": FileType(Content.AVIF, "image/avif"),
}
_TEXTS = "txt md csv tsv tex bib json yaml yml srt vtt ipynb py r m jl java c h cpp hpp sql f90 hs rs go ts"
ATTACHMENTS = {
    **PICTURES,
    "pdf": FileType(Content.PDF, "application/pdf"),
    "docx": FileType(Content.ZIP, _OPENXML + "wordprocessingml.document"),
    "xlsx": FileType(Content.ZIP, _OPENXML + "spreadsheetml.sheet"),
    "pptx": FileType(Content.ZIP, _OPENXML + "presentationml.presentation"),
    "odt": FileType(Content.ZIP, _OPENDOCUMENT + "text"),
    "ods": FileType(Content.ZIP, _OPENDOCUMENT + "spreadsheet"),
    "odp": FileType(Content.ZIP, _OPENDOCUMENT + "presentation"),
    "epub": FileType(Content.ZIP, "application/epub+zip"),
    "zip": FileType(Content.ZIP, "application/zip"),
    "doc": FileType(Content.OLE, "application/msword"),
    "xls": FileType(Content.OLE, "application/vnd.ms-excel"),
    "ppt": FileType(Content.OLE, "application/vnd.ms-powerpoint"),
    "rtf": FileType(Content.RTF, "application/rtf"),
    "gz": FileType(Content.GZIP, "application/gzip"),
    "tgz": FileType(Content.GZIP, "application/gzip"),
    "7z": FileType(Content.SEVEN_ZIP, "application/x-7z-compressed"),
    "mp3": FileType(Content.MP3, "audio/mpeg"),
    "m4a": FileType(Content.MP4, "audio/mp4"),
    "mp4": FileType(Content.MP4, "video/mp4"),
    "ogg": FileType(Content.OGG, "audio/ogg"),
    "wav": FileType(Content.WAV, "audio/wav"),
    "flac": FileType(Content.FLAC, "audio/flac"),
    "webm": FileType(Content.MATROSKA, "video/webm"),
    **{suffix: FileType(Content.TEXT, PLAIN) for suffix in _TEXTS.split()},
}
TYPES = {FileKind.PICTURE: PICTURES, FileKind.ATTACHMENT: ATTACHMENTS}

_SIGNATURES = (
    (b"MZ", Content.PROGRAM),  # Windows
    (b"\x7fELF", Content.PROGRAM),
    (b"\xfe\xed\xfa\xce", Content.PROGRAM),  # macOS, of either word size and byte order
    (b"\xfe\xed\xfa\xcf", Content.PROGRAM),
    (b"\xce\xfa\xed\xfe", Content.PROGRAM),
    (b"\xcf\xfa\xed\xfe", Content.PROGRAM),
    (b"\xca\xfe\xba\xbe", Content.PROGRAM),  # also Java
    (b"dex\n", Content.PROGRAM),
    (b"PK\x03\x04", Content.ZIP),
    (b"PK\x05\x06", Content.ZIP),  # an empty one
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Content.OLE),
    (b"{\\rtf", Content.RTF),
    (b"\x1f\x8b", Content.GZIP),
    (b"7z\xbc\xaf\x27\x1c", Content.SEVEN_ZIP),
    (b"\x89PNG\r\n\x1a\n", Content.PNG),
    (b"\xff\xd8\xff", Content.JPEG),
    (b"GIF87a", Content.GIF),
    (b"GIF89a", Content.GIF),
    (b"ID3", Content.MP3),
    (b"OggS", Content.OGG),
    (b"fLaC", Content.FLAC),
    (b"\x1a\x45\xdf\xa3", Content.MATROSKA),
)
_RIFF = {b"WEBP": Content.WEBP, b"WAVE": Content.WAV}
_MARKUP = (
    b"<!doctype html",
    b"<html",
    b"<head",
    b"<body",
    b"<script",
    b"<iframe",
    b"<svg",
    b"<?xml",
    b"<!--",
)
_CONTROLS = (frozenset(range(32)) - frozenset(b"\t\n\r\f\x1b")) | {0x7F}


def content_of(head: bytes) -> Content:
    """Content by the first HEAD_BYTES of a file."""
    found = next((content for signature, content in _SIGNATURES if head.startswith(signature)), None)
    if found is not None:  # a text may begin with MZ
        return Content.TEXT if found is not Content.RTF and _text_of(head) is Content.TEXT else found
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], Content.UNKNOWN)
    if head[4:8] == b"ftyp":
        return Content.AVIF if head[8:12] in (b"avif", b"avis") else Content.MP4
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 in (0xE2, 0xE4):  # MPEG audio, layer 3 or 2
        return Content.MP3
    if b"%PDF-" in head[:1024]:
        return Content.PDF
    return _text_of(head)


def _text_of(head: bytes) -> Content:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        plain = head.decode("utf-16", errors="replace").encode()
    else:
        plain = head.removeprefix(b"\xef\xbb\xbf")
    if plain.lstrip().lower().startswith(_MARKUP):
        return Content.WEB_PAGE
    return Content.UNKNOWN if _CONTROLS & set(plain) else Content.TEXT


def suffix_of(name: str) -> str:
    return PurePosixPath(name).suffix[1:].lower()


def judge(kind: FileKind, name: str, head: bytes) -> FileType:
    """Type of a file that is accepted, by its name and by what is in it. Raises Invalid."""
    suffix, content = suffix_of(name), content_of(head)
    known = TYPES[kind].get(suffix)
    if content is Content.PROGRAM:
        raise _refused(N_("This file is a program. Pack it into a ZIP file if learners need it."))
    if content is Content.WEB_PAGE:
        raise _refused(N_("This file is a web page or an SVG drawing. Pack it into a ZIP file, or use PDF."))
    if known is None and kind is FileKind.PICTURE:
        raise _refused(N_("This is not a picture that pages can show. Use PNG, JPEG, GIF, WebP or AVIF."))
    if known is None:
        sentence = N_("Files of the type “%(suffix)s” are not accepted. Use PDF, or pack it into a ZIP file.")
        told = message(sentence, suffix=suffix or name[-20:])
        raise Invalid(told, fields={"file": told})
    if content is not known.content:
        sentence = N_("The name of the file ends in .%(suffix)s, but what is in it is something else.")
        told = message(sentence, suffix=suffix)
        raise Invalid(told, fields={"file": told})
    return known


def _refused(sentence: str) -> Invalid:
    return Invalid(sentence, fields={"file": sentence})


def disposition(kind: FileKind, name: str) -> str:
    """Content-Disposition (RFC 6266): pictures are shown, everything else is only downloaded."""
    plain = "".join(c if " " <= c <= "~" and c not in '"\\%' else "_" for c in name)
    encoded = quote(name, safe=_EXT_VALUE, errors="replace")
    shown = "inline" if kind is FileKind.PICTURE else "attachment"
    return f"{shown}; filename=\"{plain}\"; filename*=UTF-8''{encoded}"


def address(file_id: str, name: str) -> str:
    """Path of a file, ending in its name, as it can stand in Markdown."""
    return f"/files/{file_id}/{quote(name, safe='', errors='replace')}"


def moved(ids: list[str], moving: str, steps: int) -> list[str]:
    """Order with one id moved down by `steps`, clamped to the ends."""
    rest = [other for other in ids if other != moving]
    place = max(0, min(ids.index(moving) + steps, len(rest)))
    return [*rest[:place], moving, *rest[place:]]
