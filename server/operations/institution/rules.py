"""Files that can be a logo: PNG, WebP, and drawings (SVG) that are nothing but shapes. Pure."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from xml.parsers import expat

from server.core.errors import Invalid, TooLarge
from server.learning.files.rules import HEAD_BYTES, Content, content_of
from storage.messages import N_, Message, byte_size, message

MOST_BYTES = 512_000
MOST_PIXELS = 4096  # a side
MOST_ELEMENTS = 5_000  # of a drawing
SVG = "http://www.w3.org/2000/svg"
TYPES = {"png": (Content.PNG, "image/png"), "webp": (Content.WEBP, "image/webp")}
SVG_TYPE = "image/svg+xml"
# Shapes, text and paint. `use` and `pattern` are left out: nested, they repeat a shape without limit.
SHAPES = frozenset(
    [
        "svg",
        "g",
        "defs",
        "title",
        "desc",
        "metadata",
        "path",
        "rect",
        "circle",
        "ellipse",
        "line",
        "polyline",
        "polygon",
        "text",
        "tspan",
        "linearGradient",
        "radialGradient",
        "stop",
        "clipPath",
        "mask",
        "style",
        "symbol",
    ]
)
# What drawing programs add about the drawing; browsers show nothing of it.
EDITORS = (
    "http://sodipodi.sourceforge.net/",
    "http://www.inkscape.org/",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "http://creativecommons.org/ns#",
    "http://web.resource.org/cc/",
    "http://purl.org/dc/",
    "http://www.bohemiancoding.com/sketch/",
)
_OUTSIDE = re.compile(r"""url\((?!["']?#)|@import|javascript:|data:|expression\(|image-set|src\(|\\""")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)

NOT_PLAIN = N_("This drawing contains “%(name)s”. Export it as a plain SVG of shapes alone, or use PNG.")
NOT_READ = N_("This drawing cannot be read: line %(line)s. Export it as a plain SVG, or use PNG.")
NO_LOGO = N_("A logo is a file in PNG, WebP or SVG.")


def judge(name: str, data: bytes) -> str:
    """Media type of a file that can be the logo. Raises Invalid, or TooLarge."""
    if len(data) > MOST_BYTES:
        told = message(
            N_("The file is larger than %(limit)s, which is the most."), limit=byte_size(MOST_BYTES)
        )
        raise TooLarge(told, fields={"file": told})
    suffix = PurePosixPath(name).suffix[1:].lower()
    if not data:
        raise _refused(Message(N_("Choose a file.")))
    if suffix == "svg":
        _Drawing().read(data)
        return SVG_TYPE
    if suffix not in TYPES:
        raise _refused(Message(NO_LOGO))
    content, media_type = TYPES[suffix]
    if content_of(data[:HEAD_BYTES]) is not content:
        sentence = N_("The name of the file ends in .%(suffix)s, but what is in it is something else.")
        raise _refused(message(sentence, suffix=suffix))
    size = _png_size(data) if content is Content.PNG else _webp_size(data)
    if not all(0 < side <= MOST_PIXELS for side in size):
        raise _refused(message(N_("The picture has more than %(count)s pixels a side."), count=MOST_PIXELS))
    return media_type


def _refused(told: Message) -> Invalid:
    return Invalid(told, fields={"file": told})


def _png_size(data: bytes) -> tuple[int, int]:
    """Width and height of the header chunk, which comes first (W3C PNG 11.2.1); 0 where there is none."""
    if data[12:16] != b"IHDR":
        return 0, 0
    return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])


def _webp_size(data: bytes) -> tuple[int, int]:
    """Width and height of the first chunk (RFC 9649 2.5 to 2.7); 0 where it is none of the three kinds."""
    match data[12:16]:
        case b"VP8X":
            return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 " if data[23:26] == b"\x9d\x01\x2a":
            width, height = (int.from_bytes(data[at : at + 2], "little") for at in (26, 28))
            return width & 0x3FFF, height & 0x3FFF
        case _:
            return 0, 0


class _Drawing:
    """Reading of an SVG file that stops at the first thing that is not plain."""

    def __init__(self) -> None:
        self._elements = 0
        self._styles: list[str] | None = None  # text of the style element that is open

    def read(self, data: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._doctype
        parser.ProcessingInstructionHandler = self._instruction
        parser.buffer_text = True
        try:
            parser.Parse(data, True)
        except expat.ExpatError as error:
            raise _refused(message(NOT_READ, line=error.lineno)) from None

    def _begin(self, name: str, attributes: Mapping[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        self._elements += 1
        if self._elements == 1 and (space, local) != (SVG, "svg"):
            raise _refused(Message(NO_LOGO))
        if self._elements > MOST_ELEMENTS:
            raise _refused(message(N_("The drawing has more than %(count)s shapes."), count=MOST_ELEMENTS))
        if not (local in SHAPES if space == SVG else space.startswith(EDITORS)):
            raise _not_plain(local)
        for attribute, value in attributes.items():
            self._attribute(attribute, value)
        if local == "style":
            self._styles = []

    def _attribute(self, name: str, value: str) -> None:
        local = name.rpartition(" ")[2].lower()
        if local.startswith("on") or local == "base":
            raise _not_plain(local)
        if local in ("href", "src") and not value.strip().startswith("#"):
            raise _not_plain(local)
        if local != "resource" and not name.startswith(EDITORS):  # rdf:resource is a name, not fetched
            _require_inside(value)

    def _end(self, _name: str) -> None:
        if self._styles is not None:
            _require_inside("".join(self._styles))
            self._styles = None

    def _text(self, text: str) -> None:
        if self._styles is not None:
            self._styles.append(text)

    def _doctype(self, *_declared: object) -> None:
        raise _not_plain("<!DOCTYPE")

    def _instruction(self, target: str, _data: str) -> None:
        raise _not_plain(f"<?{target}")


def _require_inside(style: str) -> None:
    """Nothing of another file: paint, masks and clips of this drawing alone."""
    plain = "".join(_COMMENT.sub("", style).lower().split())
    if found := _OUTSIDE.search(plain):
        raise _not_plain(found[0])


def _not_plain(name: str) -> Invalid:
    return _refused(message(NOT_PLAIN, name=name[:40]))
