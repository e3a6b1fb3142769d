"""Sentences for ffprobe's error output."""

import pytest

from storage.messages import Message
from transcoder.source import rejections


@pytest.mark.parametrize(
    ("stderr", "start", "sentence"),
    [
        (
            "[mov,mp4,m4a @ 0x55] moov atom not found\nx: Invalid data found when processing input",
            b"\0\0\0\x20ftyp",
            rejections.CUT_OFF,
        ),
        ("[mov,mp4,m4a @ 0x55] moov atom not found\nx: Invalid data", b"hello wo", rejections.NOT_MEDIA),
        ("x: Invalid data found when processing input", b"", rejections.NOT_MEDIA),
        (
            "[concat @ 0x55] Format not on whitelist 'mov'\nx: Invalid argument",
            b"ffconcat",
            rejections.PLAYLIST,
        ),
        ("Not detecting m3u8/hls with non standard extension\nx: Invalid", b"#EXTM3U\n", rejections.PLAYLIST),
        ("[asf @ 0x55] Format not on whitelist 'mov'", b"0&\xb2u", rejections.unknown_kind("asf")),
        (
            "[ffv1 @ 0x55] Codec (ffv1) not on whitelist 'h264'",
            b"\x1aE\xdf\xa3",
            rejections.undecodable("", "ffv1"),
        ),
        (
            "[mov @ 0x55] Number of streams exceeds max_streams parameter (32), see\nx: Out of memory",
            b"\0\0\0\x20ftyp",
            rejections.TOO_MANY,
        ),
        ("x: Cannot allocate memory", b"\0\0\0\x20ftyp", rejections.TOO_MUCH_MEMORY),
    ],
)
def test_sentence_for_ffprobe_errors(stderr: str, start: bytes, sentence: Message) -> None:
    assert rejections.from_ffprobe(stderr, start) == sentence


NOTHING = "[out#1/mp4] Nothing was written, because at least one of its streams received no packets."


@pytest.mark.parametrize(
    ("status", "stderr", "undecoded"),
    [
        (69, "[dec:aac] Decode error rate 1 exceeds maximum 0.666667\nTerminating thread", True),
        (183, "[in#0/mpegts] corrupt input packet in stream 1", True),
        (234, NOTHING, True),
        (
            234,
            "[out#0/matroska] Could not write header (incorrect codec parameters ?): Invalid argument",
            True,
        ),
        (234, "[graph] Invalid argument", False),
        (1, "x: Conversion failed!", False),
        (183, "[in#0] Error during demuxing: Input/output error\nx: Invalid data", False),
        (69, "[dec:aac] Error submitting packet to decoder: Operation not permitted", True),
        (234, f"/scratch/original: No such file or directory\n{NOTHING}", False),
    ],
)
def test_errors_of_the_file_are_told_from_others(status: int, stderr: str, undecoded: bool) -> None:
    assert rejections.undecoded(status, stderr) is undecoded
