from pathlib import Path

import pytest

from tests.unit.transcoder.fragmented import whole
from tests.unit.transcoder.lectures import source
from transcoder.ffmpeg.command import AUDIO_FILE, TILE_PATTERN
from transcoder.packaging import verify
from transcoder.packaging.segmenter import NotAsPlanned
from transcoder.packaging.segments import Collected, collect_audio, collect_chunk, pictures, sound
from transcoder.planning.plan import make_plan, require

PLAN = make_plan(source(seconds=20.0))
VIDEO, SOUND = require(PLAN.video), require(PLAN.audio)


def encode(folder: Path, number: int) -> None:
    """What `command.chunk` leaves behind."""
    for rung in VIDEO.rungs:
        (folder / f"{rung.name}.mp4").write_bytes(whole(pictures(VIDEO, rung, VIDEO.chunks[number], 1)))
    for tile in range(2):
        (folder / (TILE_PATTERN % tile)).write_bytes(b"jpeg")


def test_a_lecture_of_three_chunks(tmp_path: Path) -> None:
    results = []
    for number, chunk in enumerate(VIDEO.chunks):
        encode(tmp_path, number)
        results.append(collect_chunk(tmp_path, PLAN, chunk, attempt=number + 1).result)
    (tmp_path / AUDIO_FILE).write_bytes(whole(sound(SOUND, 1)))
    heard = collect_audio(tmp_path, PLAN, 1, complete=True).result
    assert verify.whole(PLAN, results, heard) == []
    assert [part.codecs for part in results[0].parts] == ["avc1.64001f"] * 3


def test_the_files_of_a_chunk(tmp_path: Path) -> None:
    encode(tmp_path, 0)
    files = collect_chunk(tmp_path, PLAN, VIDEO.chunks[0], attempt=5).files("v")
    assert sorted(files) == [
        *(
            f"videos/v/{rung}/{name}"
            for rung in ("1080p", "480p", "720p")
            for name in ("00000.5.m4s", "init.5.mp4")
        ),
        "videos/v/tiles/00000.5.jpg",
    ]
    assert all(path.exists() for path in files.values())
    assert not list(tmp_path.glob("*.mp4"))


def test_a_chunk_cut_short(tmp_path: Path) -> None:
    encode(tmp_path, 0)
    cut = tmp_path / "720p.mp4"
    cut.write_bytes(cut.read_bytes()[:2000])
    with pytest.raises(NotAsPlanned, match="720p has 0 frames where 150 were planned"):
        collect_chunk(tmp_path, PLAN, VIDEO.chunks[0], attempt=1)


def test_a_missing_storyboard_frame(tmp_path: Path) -> None:
    encode(tmp_path, 0)
    (tmp_path / (TILE_PATTERN % 0)).unlink()
    with pytest.raises(NotAsPlanned, match="storyboard frame 0"):
        collect_chunk(tmp_path, PLAN, VIDEO.chunks[0], attempt=1)


def test_sound_that_grows(tmp_path: Path) -> None:
    """Each look brings what the last had not, and the header once."""
    complete = whole(sound(SOUND, 1))
    known, brought = None, []
    for length in (0, 100, 9000, 15_000, len(complete)):
        (tmp_path / AUDIO_FILE).write_bytes(complete[:length])
        made = collect_audio(tmp_path, PLAN, 1, known, complete=False)
        known = made.result.part
        brought += names(made)
    assert brought == ["init.1.mp4", "00000.1.m4s", "00001.1.m4s", "00002.1.m4s", "00003.1.m4s"]
    assert known == collect_audio(tmp_path, PLAN, 1, complete=True).result.part


def names(made: Collected) -> list[str]:  # type: ignore[type-arg]
    return [key.rpartition("/")[2] for key in made.files("v")]


def test_before_there_is_any_sound(tmp_path: Path) -> None:
    made = collect_audio(tmp_path, PLAN, 1, complete=False)
    assert (made.result.part.segments, made.result.part.codecs, made.files("v")) == ((), "", {})


def test_sound_cut_short(tmp_path: Path) -> None:
    (tmp_path / AUDIO_FILE).write_bytes(whole(sound(SOUND, 1))[:9000])
    with pytest.raises(NotAsPlanned, match="audio has 282 frames where 938 were planned"):
        collect_audio(tmp_path, PLAN, 1, complete=True)
