"""Choice of streams from ffprobe's JSON."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.messages import Message
from transcoder.media import Unusable
from transcoder.source import headers, rejections
from transcoder.source.headers import Headers, SideData, Stream


def read(*streams: dict[str, object], container: str = "mov,mp4,m4a,3gp,3g2,mj2") -> Headers:
    numbered = [{"index": index, **stream} for index, stream in enumerate(streams)]
    answer = {"programs": [], "streams": numbered, "format": {"format_name": container}}
    return msgspec.json.decode(json.dumps(answer), type=Headers)


VIDEO: dict[str, object] = {"codec_type": "video", "codec_name": "h264", "width": 1920, "height": 1080}
AUDIO: dict[str, object] = {"codec_type": "audio", "codec_name": "aac", "channels": 2, "sample_rate": "48000"}
COVER: dict[str, object] = {**VIDEO, "codec_name": "mjpeg", "disposition": {"attached_pic": 1}}
CAPTIONS: dict[str, object] = {"codec_type": "subtitle", "codec_name": "mov_text"}


def test_video_and_audio_are_chosen() -> None:
    chosen = headers.choose(read(CAPTIONS, VIDEO, AUDIO))
    assert chosen.video is not None
    assert chosen.audio is not None
    assert (chosen.video.index, chosen.audio.index) == (1, 2)


def test_cover_art_is_not_video() -> None:
    assert headers.choose(read(COVER, AUDIO)).video is None
    after_cover = headers.choose(read(COVER, VIDEO)).video
    assert after_cover is not None
    assert after_cover.index == 1


def test_default_audio_is_chosen() -> None:
    chosen = headers.choose(read(VIDEO, AUDIO, {**AUDIO, "disposition": {"default": 1}}))
    assert chosen.audio is not None
    assert chosen.audio.index == 2


def test_decodable_audio_precedes_the_default() -> None:
    spatial = {**AUDIO, "codec_name": "apac", "disposition": {"default": 1}}
    chosen = headers.choose(read(VIDEO, spatial, AUDIO))
    assert chosen.audio is not None
    assert chosen.audio.index == 2


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (read(CAPTIONS), rejections.NEITHER),
        (read(), rejections.NEITHER),
        (read(VIDEO, container="hls"), rejections.unknown_kind("hls")),
        (read(VIDEO, container="h264"), rejections.unknown_kind("h264")),
        (read(*[VIDEO] * 33), rejections.TOO_MANY),
        (read({**VIDEO, "codec_name": "vc1"}), rejections.undecodable("video", "vc1")),
        (read(VIDEO, {**AUDIO, "codec_name": "wmav2"}), rejections.undecodable("audio", "wmav2")),
        (read({**VIDEO, "codec_tag_string": "encv"}), rejections.ENCRYPTED),
        (read({**VIDEO, "width": 32000, "height": 32000}), rejections.too_large(32000, 32000)),
        (read({**VIDEO, "width": 4098}), rejections.too_large(4098, 1080)),
        (read({**VIDEO, "width": 0, "height": 0}), rejections.too_small(0, 0)),
    ],
)
def test_unusable_headers_are_refused(found: Headers, sentence: Message) -> None:
    with pytest.raises(Unusable) as refused:
        headers.choose(found)
    assert refused.value.message == sentence
    assert str(sentence).endswith(".")


def stream(width: int, height: int, aspect: str = "1:1", rotated: float | None = None) -> Stream:
    sides = () if rotated is None else (SideData(), SideData(rotation=rotated))
    return Stream(0, "video", "h264", "", width, height, aspect, side_data_list=sides)


@pytest.mark.parametrize(
    ("stream", "shown"),
    [
        (stream(1920, 1080), (1920, 1080, 0)),
        (stream(853, 481), (852, 480, 0)),
        (stream(720, 576, "16:15"), (768, 576, 0)),
        (stream(1440, 1080, "4:3"), (1920, 1080, 0)),
        (stream(1920, 1080, rotated=-90), (1080, 1920, 90)),
        (stream(1920, 1080, rotated=90), (1080, 1920, 270)),
        (stream(1920, 1080, rotated=180), (1920, 1080, 180)),
        (stream(1920, 1080, rotated=-89.6), (1080, 1920, 90)),
        (stream(1920, 1080, rotated=float("nan")), (1920, 1080, 0)),
        (stream(1920, 1080, "0:1"), (1920, 1080, 0)),
        (stream(1920, 1080, "1:0"), (1920, 1080, 0)),
        (stream(1920, 1080, "1:9000"), (1920, 1080, 0)),
        (stream(1920, 1080, "N/A"), (1920, 1080, 0)),
    ],
)
def test_shape(stream: Stream, shown: tuple[int, int, int]) -> None:
    shape = headers.shape(stream)
    assert (shape.width, shape.height, shape.rotation) == shown


@given(
    st.integers(16, 4096), st.integers(16, 4096), st.integers(1, 64), st.integers(1, 64), st.floats(-360, 360)
)
def test_shapes_are_even_and_bounded(width: int, height: int, across: int, down: int, rotated: float) -> None:
    shape = headers.shape(stream(width, height, f"{across}:{down}", rotated))
    assert shape.width % 2 == shape.height % 2 == 0
    assert min(shape.width, shape.height) >= 2
    assert max(shape.width, shape.height) <= 4 * max(width, height)
    assert shape.rotation in (0, 90, 180, 270)


@pytest.mark.parametrize(
    ("tag", "language"),
    [("eng", "en"), ("ger", "de"), ("deu", "de"), ("de-AT", "de-at"), ("gsw", "gsw")]
    + [(none, None) for none in ("", "und", "mul", "zxx", "<script>", "ünd", "e" * 36)],
)
def test_language(tag: str, language: str | None) -> None:
    assert headers.language(Stream(0, tags={"language": tag})) == language


@pytest.mark.parametrize(
    ("stream", "end"),
    [
        (Stream(0, start_time="1.500000", duration="10.000000"), 11.5),
        (Stream(0, duration="10.000000"), 10.0),
        (Stream(0, start_time="N/A", duration="N/A"), None),
        (Stream(0, tags={"DURATION": "01:00:01.500000000"}), 3601.5),
        (Stream(0, tags={"DURATION": "soon"}), None),
        (Stream(0, tags={"DURATION": "1:x:3"}), None),
        (Stream(0, duration="inf"), None),
        (Stream(0, duration="nan"), None),
    ],
)
def test_claimed_end_of_a_stream(stream: Stream, end: float | None) -> None:
    assert headers.claimed_end(stream) == end


def test_interlaced_and_hdr() -> None:
    assert headers.interlaced(Stream(0, field_order="tt"))
    assert not headers.interlaced(Stream(0, field_order="progressive"))
    assert not headers.interlaced(Stream(0, codec_name="h264"))
    assert headers.interlaced(Stream(0, codec_name="dvvideo"))
    assert headers.hdr(Stream(0, color_transfer="smpte2084"))
    assert headers.hdr(Stream(0, color_transfer="arib-std-b67"))
    assert not headers.hdr(Stream(0, color_transfer="bt709"))


MATRIX = "\n00000000: {a:>12} {b:>12}            0\n00000001: {c:>12} {d:>12}            0\n"


@pytest.mark.parametrize(
    ("a", "b", "c", "d", "turn"),
    [
        (1, 0, 0, 1, (0, False)),
        (0, 1, -1, 0, (90, False)),
        (-1, 0, 0, -1, (180, False)),
        (0, -1, 1, 0, (270, False)),
        (-1, 0, 0, 1, (0, True)),
        (0, -1, -1, 0, (90, True)),
        (1, 0, 0, -1, (180, True)),
        (0, 1, 1, 0, (270, True)),
    ],
)
def test_display_matrix(a: int, b: int, c: int, d: int, turn: tuple[int, bool]) -> None:
    matrix = MATRIX.format(a=a * 65536, b=b * 65536, c=c * 65536, d=d * 65536)
    shape = headers.shape(Stream(0, width=640, height=360, side_data_list=(SideData(17.0, matrix),)))
    assert (shape.rotation, shape.mirrored) == turn


def test_other_audio_can_be_decoded() -> None:
    found = read(VIDEO, AUDIO, {**AUDIO, "codec_name": "truehd"}, AUDIO)
    others = headers.other_audio(found, headers.choose(found))
    assert [stream.index for stream in others] == [3]
