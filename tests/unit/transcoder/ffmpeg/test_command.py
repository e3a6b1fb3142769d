"""FFmpeg command lines, compared as a whole: ffmpeg-python sorts and compiles the arguments."""

from pathlib import Path

import msgspec
import pytest

from tests.unit.transcoder.lectures import source
from tests.unit.transcoder.snapshots import assert_unchanged
from transcoder.ffmpeg import command
from transcoder.ffmpeg.process import Command
from transcoder.ffmpeg.tools import Tools
from transcoder.media import AudioStream, Heard, Source
from transcoder.planning.plan import Plan, make_plan

TOOLS = Tools(ffmpeg=Path("/tools/ffmpeg"), ffprobe=Path("/tools/ffprobe"))
ORIGINAL = Path("/scratch/original.mp4")
ALLOWLISTS = ("-codec_whitelist", "-format_whitelist")  # covered by test_allowlists


def chunk(number: int, lecture: Source) -> Command:
    plan = make_plan(lecture)
    assert plan.video
    return command.chunk(TOOLS, ORIGINAL, lecture, plan, plan.video.chunks[number], threads=1)


def text(made: Command) -> str:
    """Argv with one option and its value, or one filter, per line."""
    words = list(made.argv)
    for option in ALLOWLISTS:
        if option in words:
            words[words.index(option) + 1] = "…"
    lines = ""
    for word in words:
        lines += ("\n" if word.startswith("-") else " ") + word.replace(";", ";\n  ")
    return lines.strip() + "\n"


MONO = msgspec.structs.replace(
    source(), audio=AudioStream(index=1, codec="aac", channels=1, sample_rate=44_100)
)
TURNED = source(width=720, height=1280, rotation=90, interlaced=True, color_space="bt709", color_range="tv")


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("chunk_first.txt", chunk(0, source())),
        ("chunk_later.txt", chunk(2, source())),
        ("chunk_turned.txt", chunk(0, TURNED)),
        ("chunk_hdr.txt", chunk(0, source(hdr=True, fps=(60_000, 1001)))),
        ("audio.txt", command.audio(TOOLS, ORIGINAL, source(), make_plan(source()), Heard(gain=3.5))),
        ("audio_mono.txt", command.audio(TOOLS, ORIGINAL, MONO, make_plan(MONO), Heard())),
        ("hearing.txt", command.hearing(TOOLS, ORIGINAL, 1, [(12.5, 6.0), (40.0, 6.0)])),
        ("poster.txt", command.poster(TOOLS, ORIGINAL, source())),
        ("thumbnail.txt", command.thumbnail(TOOLS, 480, 8)),
        ("sheet.txt", command.sheet(TOOLS, 2)),
        ("normalise.txt", command.normalise(TOOLS, ORIGINAL, source())),
        ("keyframes.txt", command.keyframes(TOOLS, ORIGINAL, 1)),
    ],
)
def test_argv(name: str, made: Command) -> None:
    assert_unchanged(name, text(made))


@pytest.mark.parametrize("number", [0, 1, 2])
def test_chunk_command_reads_only_the_original(number: int) -> None:
    made = chunk(number, source())
    assert made.inputs == (ORIGINAL,)
    before = made.argv[: made.argv.index("-i")]
    assert before[before.index("-protocol_whitelist") + 1] == "file"


def test_poster_command_requires_video() -> None:
    audio_only = Source("mp4", 1, 5.0, 0.0, True, audio=source().audio)
    plan: Plan = make_plan(audio_only)
    with pytest.raises(ValueError, match="no such part"):
        command.poster(TOOLS, ORIGINAL, audio_only)
    assert plan.video is None


@pytest.mark.parametrize(
    ("traits", "assumed"),
    [
        ({}, "setparams=colorspace=bt709["),
        ({"width": 720, "height": 576}, "setparams=colorspace=smpte170m["),
        ({"pixels": "yuvj420p"}, "setparams=colorspace=bt709["),
        ({"color_space": "bt709"}, None),
        ({"pixels": "gbrp"}, None),
        ({"pixels": ""}, None),
    ],
)
def test_colours_are_assumed_for_undeclared_streams(traits: dict[str, object], assumed: str | None) -> None:
    before_scaling = text(chunk(0, source(**traits))).partition("scale=")[0]  # type: ignore[arg-type]
    if assumed is None:
        assert "setparams" not in before_scaling
    else:
        assert assumed in before_scaling
