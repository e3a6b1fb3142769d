"""Segments cut from an encoder's file, and detection of deviations from the plan."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.transcoder.fragmented import fragment, init, whole
from tests.unit.transcoder.lectures import track
from transcoder.media import Segment
from transcoder.packaging import isobmff, segmenter
from transcoder.packaging.segmenter import NotAsPlanned, Track

TRACK = track()


def cut(data: bytes, of: Track, folder: Path, *, edit: int = 0) -> list[Segment]:
    file = io.BytesIO(data)
    assert segmenter.header(file) == init(of, edit=edit)
    return list(segmenter.cut(file, of, edit, folder))


def test_segments_on_the_grid(tmp_path: Path) -> None:
    made = cut(whole(TRACK), TRACK, tmp_path)
    assert [(segment.number, segment.duration) for segment in made] == [(0, 1200), (1, 1200)]
    assert [segment.bytes for segment in made] == [path.stat().st_size for path in sorted(tmp_path.iterdir())]
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["00000.7.m4s", "00001.7.m4s"]


def test_later_chunk_is_shifted_on_the_timeline(tmp_path: Path) -> None:
    of = track(first_frame=36, frames=18)
    made = cut(whole(of, edit=200), of, tmp_path, edit=200)
    assert [(segment.number, segment.duration) for segment in made] == [(3, 1200), (4, 600)]
    times = [isobmff.fragment(data).decode_time for data in moofs(tmp_path)]
    assert times == [3600, 4000, 4400, 4800, 5200]


def test_rest_is_joined_to_the_last_segment(tmp_path: Path) -> None:
    of = track(first_frame=36, frames=25)
    made = cut(whole(of), of, tmp_path)
    assert [(segment.number, segment.duration) for segment in made] == [(3, 1200), (4, 1300)]
    assert [time for _, _, time in made[1].keyframes] == [0, 400, 800, 1200]


def moofs(folder: Path) -> list[bytes]:
    found = []
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        found += [data[b.start : b.end] for b in isobmff.children(data, 0, len(data)) if b.kind == "moof"]
    return found


def test_keyframe_ranges_match_the_written_bytes(tmp_path: Path) -> None:
    """Each range covers the moof and its first frame, and nothing of the second frame."""
    for segment in cut(whole(TRACK), TRACK, tmp_path):
        data = (tmp_path / f"{segment.number:05d}.7.m4s").read_bytes()
        assert [time for _, _, time in segment.keyframes] == [0, 400, 800]
        for offset, size, _ in segment.keyframes:
            kind, length = isobmff.read_header(data[offset : offset + 8])
            assert (kind, size) == ("moof", length + 8 + 10)


def test_audio_has_no_keyframe_ranges(tmp_path: Path) -> None:
    of = track(is_video=False, fragment_frames=12)
    assert [segment.keyframes for segment in cut(whole(of), of, tmp_path)] == [(), ()]


@given(st.data())
def test_growing_file_yields_only_complete_segments(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Reading a truncated file and then the rest gives the same segments as reading the whole file."""
    folder, complete = tmp_path_factory.mktemp("growing"), whole(TRACK)
    file = io.BytesIO(complete[: data.draw(st.integers(0, len(complete)))])
    first = list(segmenter.cut(file, TRACK, 0, folder)) if (header := segmenter.header(file)) else []
    file = io.BytesIO(complete)
    file.seek(len(header or init(TRACK)) + sum(segment.bytes for segment in first))
    rest = list(segmenter.cut(file, TRACK, 0, folder, len(first) * TRACK.segment_frames))
    assert first + rest == cut(complete, TRACK, folder)


def test_unpatched_box_size_is_incomplete(tmp_path: Path) -> None:
    file = io.BytesIO(init(TRACK) + bytes(4) + b"moof" + bytes(100))
    assert segmenter.header(file)
    assert list(segmenter.cut(file, TRACK, 0, tmp_path)) == []


WRONG: dict[str, Callable[[], bytes]] = {
    "3 frames to the next keyframe instead of 4": lambda: fragment(TRACK, 0, 3),
    "frames are not 100 ticks apart": lambda: fragment(track(frame_ticks=99), 0, 4),
    "begins at tick 100 of its file": lambda: fragment(TRACK, 1, 4),
    "not shown one after the other": lambda: fragment(TRACK, 0, 4, shown=[0, 1, 1, 3]),
    "keyframes are not on the grid": lambda: fragment(track(is_video=False), 0, 4),
}


@pytest.mark.parametrize("says", WRONG)
def test_deviation_from_the_plan_is_refused(says: str, tmp_path: Path) -> None:
    with pytest.raises(NotAsPlanned, match=says):
        cut(init(TRACK) + WRONG[says](), TRACK, tmp_path)
