"""Results of `inspect` for real files of every format."""

from pathlib import Path

import msgspec
import pytest

from tests.fixtures.media import Sources
from tests.media import recordings
from tests.media.sources import MATRIX, MORE, Recipe
from transcoder.ffmpeg import command, process
from transcoder.ffmpeg.process import Limits
from transcoder.ffmpeg.tools import Tools
from transcoder.media import Heard, Source
from transcoder.planning.plan import require
from transcoder.source.probe import hear, inspect

pytestmark = pytest.mark.media

UNINDEXED = ("interlaced_ts", "h264_ts", "program_stream", "avi", "browser_recording", "theora")
INDEXED = [recipe for recipe in MATRIX + MORE if recipe.name not in (*UNINDEXED, "ogg")]


def named(recipe: Recipe) -> str:
    return recipe.name


@pytest.mark.parametrize("recipe", [recipe for recipe in INDEXED if recipe.fps], ids=named)
async def test_video_sources(recipe: Recipe, sources: Sources, tools: Tools) -> None:
    source = await inspect(tools, sources.path(recipe.name))
    video = source.video
    assert video is not None
    assert source.seekable
    assert (video.width, video.height) == (recipe.width, recipe.height)
    assert (video.fps_num, video.fps_den) == recipe.fps.as_integer_ratio() if recipe.fps else ()
    assert frames(source) == recipe.frames
    assert {name: getattr(video, name) for name in recipe.traits} == recipe.traits
    assert (source.audio is not None) == recipe.audio


@pytest.mark.parametrize("recipe", [recipe for recipe in INDEXED if not recipe.fps], ids=named)
async def test_audio_only(recipe: Recipe, sources: Sources, tools: Tools) -> None:
    source = await inspect(tools, sources.path(recipe.name))
    assert source.video is None
    assert source.audio is not None
    assert source.duration == pytest.approx(recipe.seconds, abs=0.06)


@pytest.mark.parametrize("name", UNINDEXED)
async def test_unindexed_source_is_remuxed(name: str, sources: Sources, tools: Tools, tmp_path: Path) -> None:
    original, recipe = sources.path(name), sources.recipe(name)
    source = await inspect(tools, original)
    assert not source.seekable
    await process.run(command.normalise(tools, original, source), tmp_path, Limits(seconds=60))
    indexed = await inspect(tools, tmp_path / command.NORMALISED_FILE)
    assert indexed.seekable
    assert frames(indexed) == recipe.frames
    assert require(source.audio).heard is None
    assert require(indexed.audio).heard is not None


async def test_audio_is_heard_once(sources: Sources, tools: Tools, tmp_path: Path) -> None:
    original = sources.path("small")
    source = await inspect(tools, original)
    heard = require(require(source.audio).heard)
    assert not heard.silent
    assert await hear(deaf(tools), original, source, tmp_path) == heard


async def test_failed_hearing_is_not_silence(tools: Tools, tmp_path: Path) -> None:
    """The first track stays, and is not made louder."""
    original = recordings.silent_track_first(tools, tmp_path)
    source = await inspect(deaf(tools), original)
    audio = require(source.audio)
    assert (audio.index, audio.heard) == (1, None)
    assert await hear(deaf(tools), original, source, tmp_path) == Heard()
    assert require((await inspect(tools, original)).audio).index == 2


def deaf(tools: Tools) -> Tools:
    return msgspec.structs.replace(tools, ffmpeg=Path("/bin/false"))


def frames(source: Source) -> int:
    assert source.video is not None
    return round(source.duration * source.video.fps_num / source.video.fps_den)
