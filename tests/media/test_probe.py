"""What `inspect` makes of real files of every kind."""

import pytest

from tests.fixtures.media import Sources
from tests.media.sources import MATRIX, MORE, Recipe
from transcoder.media import Source
from transcoder.probe import inspect
from transcoder.tools import Tools

pytestmark = pytest.mark.media

INDEXED = [recipe for recipe in MATRIX + MORE if recipe.name not in ("interlaced_ts", "browser_recording")]


def named(recipe: Recipe) -> str:
    return recipe.name


@pytest.mark.parametrize("recipe", [recipe for recipe in INDEXED if recipe.fps], ids=named)
async def test_pictures(recipe: Recipe, sources: Sources, tools: Tools) -> None:
    source = await inspect(tools, sources.path(recipe.name))
    video = source.video
    assert video is not None
    assert source.seekable
    assert (video.width, video.height) == (recipe.width, recipe.height)
    assert (video.fps_num, video.fps_den) == recipe.fps.as_integer_ratio() if recipe.fps else ()
    assert frames(source) == recipe.frames
    assert {name: getattr(video, name) for name in recipe.traits} == recipe.traits
    assert (source.audio is not None) == recipe.sound


@pytest.mark.parametrize("recipe", [recipe for recipe in INDEXED if not recipe.fps], ids=named)
async def test_sound_alone(recipe: Recipe, sources: Sources, tools: Tools) -> None:
    source = await inspect(tools, sources.path(recipe.name))
    assert source.video is None
    assert source.audio is not None
    assert source.duration == pytest.approx(recipe.seconds, abs=0.06)


@pytest.mark.parametrize("name", ["interlaced_ts", "browser_recording"])
async def test_without_an_index(name: str, sources: Sources, tools: Tools) -> None:
    source = await inspect(tools, sources.path(name))
    assert not source.seekable
    assert source.video is not None


def frames(source: Source) -> int:
    assert source.video is not None
    return round(source.duration * source.video.fps_num / source.video.fps_den)
