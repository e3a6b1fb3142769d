from pathlib import Path

import pytest

from tests.unit.transcoder.fragmented import whole
from tests.unit.transcoder.lectures import source
from transcoder.ffmpeg.command import AUDIO_FILE, TILE_PATTERN
from transcoder.packaging import verify
from transcoder.packaging.segmenter import NotAsPlanned
from transcoder.packaging.segments import Collected, audio_track, collect_audio, collect_chunk, video_track
from transcoder.planning.plan import make_plan, require

PLAN = make_plan(source(seconds=20.0))
VIDEO, AUDIO = require(PLAN.video), require(PLAN.audio)


def encode(folder: Path, number: int) -> None:
    """Write the files of `command.chunk`."""
    for rung in VIDEO.rungs:
        (folder / f"{rung.name}.mp4").write_bytes(whole(video_track(VIDEO, rung, VIDEO.chunks[number], 1)))
    for tile in range(2):
        (folder / (TILE_PATTERN % tile)).write_bytes(b"jpeg")


def test_collected_lecture_passes_verification(tmp_path: Path) -> None:
    results = []
    for number, chunk in enumerate(VIDEO.chunks):
        encode(tmp_path, number)
        results.append(collect_chunk(tmp_path, PLAN, chunk, attempt=number + 1).result)
    (tmp_path / AUDIO_FILE).write_bytes(whole(audio_track(AUDIO, 1)))
    audio = collect_audio(tmp_path, PLAN, 1, complete=True).result
    assert verify.whole(PLAN, results, audio) == []
    assert [part.codecs for part in results[0].parts] == ["avc1.64001f"] * 3


def test_chunk_files_have_store_keys(tmp_path: Path) -> None:
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


def test_truncated_chunk_is_refused(tmp_path: Path) -> None:
    encode(tmp_path, 0)
    cut = tmp_path / "720p.mp4"
    cut.write_bytes(cut.read_bytes()[:2000])
    with pytest.raises(NotAsPlanned, match="720p has 0 frames where 150 were planned"):
        collect_chunk(tmp_path, PLAN, VIDEO.chunks[0], attempt=1)


def test_missing_storyboard_tile_is_refused(tmp_path: Path) -> None:
    encode(tmp_path, 0)
    (tmp_path / (TILE_PATTERN % 0)).unlink()
    with pytest.raises(NotAsPlanned, match="storyboard frame 0"):
        collect_chunk(tmp_path, PLAN, VIDEO.chunks[0], attempt=1)


def test_growing_audio_yields_new_segments_only(tmp_path: Path) -> None:
    """Each call returns segments that the previous one had not, and the init segment once."""
    complete = whole(audio_track(AUDIO, 1))
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


def test_audio_before_the_first_segment_is_empty(tmp_path: Path) -> None:
    made = collect_audio(tmp_path, PLAN, 1, complete=False)
    assert (made.result.part.segments, made.result.part.codecs, made.files("v")) == ((), "", {})


def test_truncated_audio_is_refused(tmp_path: Path) -> None:
    (tmp_path / AUDIO_FILE).write_bytes(whole(audio_track(AUDIO, 1))[:9000])
    with pytest.raises(NotAsPlanned, match="audio has 282 frames where 938 were planned"):
        collect_audio(tmp_path, PLAN, 1, complete=True)
