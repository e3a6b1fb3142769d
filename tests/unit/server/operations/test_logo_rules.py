"""What can be a logo: PNG, WebP, and drawings that are nothing but shapes."""

import struct
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.errors import Invalid, TooLarge
from server.operations.institution import rules

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">'


def png(width: int = 2, height: int = 2) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    crc = struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + crc


def webp(chunk: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def extended(width: int, height: int) -> bytes:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return webp(b"VP8X" + struct.pack("<I", 10) + bytes(4) + sides)


def lossless(width: int, height: int) -> bytes:
    return webp(b"VP8L" + struct.pack("<IBI", 5, 0x2F, (width - 1) | (height - 1) << 14))


def lossy(width: int, height: int) -> bytes:
    return webp(
        b"VP8 " + struct.pack("<I", 10) + b"\x00\x00\x00\x9d\x01\x2a" + struct.pack("<HH", width, height)
    )


def drawing(inside: str) -> bytes:
    return f"{SVG}{inside}</svg>".encode()


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("logo.PNG", png(), "image/png"),
        ("logo.webp", extended(200, 100), "image/webp"),
        ("logo.webp", lossless(200, 100), "image/webp"),
        ("logo.webp", lossy(200, 100), "image/webp"),
        ("logo.svg", drawing('<path d="M0 0h9" fill="#036"/>'), "image/svg+xml"),
        ("logo.svg", b'<?xml version="1.0"?>\n<!-- made by hand -->' + drawing("<g/>"), "image/svg+xml"),
    ],
)
def test_accepted(name: str, data: bytes, kind: str) -> None:
    assert rules.judge(name, data) == kind


@pytest.mark.parametrize(
    "inside",
    [
        '<defs><linearGradient id="a"><stop offset="0" stop-color="red"/></linearGradient></defs>'
        '<rect width="9" height="9" fill="url(#a)"/>',
        '<style>.a { fill: url(\'#a\'); } /* url(https://x) */</style><path class="a" d="M0 0h9"/>',
        '<linearGradient id="a" xlink:href="#b"/>',
        '<metadata><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></metadata>',
        '<i:view xmlns:i="http://www.inkscape.org/namespaces/inkscape" i:zoom="2"/>',
        "<title>data: of the year</title>",
    ],
)
def test_plain_drawing(inside: str) -> None:
    assert rules.judge("logo.svg", drawing(inside)) == "image/svg+xml"


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<script href="/a.js"/>',
        '<path onload="alert(1)" d="M0 0"/>',
        '<path d="M0 0" OnClick="alert(1)"/>',
        '<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject>',
        '<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>',
        '<image href="https://elsewhere.example/a.png"/>',
        '<a href="javascript:alert(1)"><path d="M0 0"/></a>',
        '<use href="#a"/>',
        '<animate attributeName="href" to="javascript:alert(1)"/>',
        '<set attributeName="onmouseover" to="alert(1)"/>',
        '<linearGradient xlink:href="https://elsewhere.example/a.svg#g"/>',
        '<rect fill="url(https://elsewhere.example/a.svg#g)"/>',
        '<rect style="fill: url( //elsewhere.example/a )"/>',
        '<rect style="fill: u\\72l(//elsewhere.example/a)"/>',
        "<style>@import '//elsewhere.example/a.css';</style>",
        "<style>@im/* */port '//elsewhere.example/a.css';</style>",
        "<style>rect { background: image-set('//elsewhere.example/a' 1x) }</style>",
        '<rect xml:base="https://elsewhere.example/"/>',
        '<filter id="f"><feImage href="https://elsewhere.example/a.png"/></filter>',
        '<?xml-stylesheet href="//elsewhere.example/a.css"?>',
    ],
)
def test_drawing_with_more_than_shapes_is_refused(inside: str) -> None:
    with pytest.raises(Invalid, match="plain SVG"):
        rules.judge("logo.svg", drawing(inside))


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE svg [<!ENTITY a "x">]>' + drawing("<title>&a;</title>"),
        b"<html><body>x</body></html>",
        b"<svg/>",
        b"plain",
        b"\x00\x01",
        drawing("<g>"),
        drawing("<g/>" * 6000),
    ],
)
def test_not_a_drawing(data: bytes) -> None:
    with pytest.raises(Invalid):
        rules.judge("logo.svg", data)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("logo.jpg", b"\xff\xd8\xff\xe0"),
        ("logo.png", b"GIF89a"),
        ("logo.png", png(5000, 10)),
        ("logo.png", png(0, 10)),
        ("logo.png", b"\x89PNG\r\n\x1a\n"),
        ("logo.webp", extended(5000, 10)),
        ("logo.webp", lossless(5000, 10)),
        ("logo.webp", webp(b"????")),
        ("logo.png", b""),
        ("logo", png()),
        ("", b""),
    ],
)
def test_refused(name: str, data: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        rules.judge(name, data)
    assert set(caught.value.fields) == {"file"}


def test_too_large() -> None:
    with pytest.raises(TooLarge):
        rules.judge("logo.png", png() + bytes(rules.MOST_BYTES))


@given(st.binary(max_size=400), st.sampled_from(["a.svg", "a.png", "a.webp"]))
def test_any_bytes_are_judged(data: bytes, name: str) -> None:
    with suppress(Invalid):
        rules.judge(name, data)
