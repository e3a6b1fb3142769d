"""Object keys: valid in every store, and never outside it."""

from pathlib import PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storage.objects import keys

VIDEO = "0" * 32


@given(st.text())
@example("lecture.mp4")
@example("../../etc/passwd")
@example("a.MP4")
@example("a." + "x" * 300)
@example("a.m\x00v")
def test_original_stays_under_its_prefix_for_any_filename(filename: str) -> None:
    key = keys.original("l" * 32, "u" * 32, filename)
    assert keys.checked(key) == key
    assert PurePosixPath(key).parent.as_posix() == "originals/" + "l" * 32
    assert PurePosixPath(key).stem == "u" * 32


@given(st.text(max_size=60))
@example("a/../b")
@example("/a")
@example("a//b")
@example("a/.incoming/b")
@example("a\\b")
@example("a\nb")
@example("")
def test_accepted_key_is_a_plain_relative_path(key: str) -> None:
    try:
        keys.checked(key)
    except ValueError:
        return
    path = PurePosixPath(key)
    assert not path.is_absolute()
    assert path.as_posix() == key
    assert not any(part.startswith(".") for part in path.parts)
    assert key.isprintable()


@pytest.mark.parametrize("key", ["é" * 128, "a/" * 512 + "b", "a" * 256])
def test_key_too_long_for_s3_or_a_file_system_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="name of an object"):
        keys.checked(key)


@given(st.integers(0, 99_999), st.integers(1, 999), st.integers(0, 99_999), st.integers(1, 999))
def test_segment_keys_are_unique_and_sort_in_playing_order(
    number: int, attempt: int, other: int, other_attempt: int
) -> None:
    first = keys.segment(VIDEO, "720p", number, attempt)
    second = keys.segment(VIDEO, "720p", other, other_attempt)
    assert (first == second) == ((number, attempt) == (other, other_attempt))
    assert (first < second) == ((number, str(attempt)) < (other, str(other_attempt)))  # playing order


def test_all_objects_of_a_video_share_its_prefix() -> None:
    made = [
        keys.init(VIDEO, "audio", 1),
        keys.segment(VIDEO, "1080p", 0, 1),
        keys.poster(VIDEO),
        keys.thumbnail(VIDEO),
        keys.normalised(VIDEO),
        keys.tile(VIDEO, 3, 1),
        keys.storyboard_sheet(VIDEO, 0),
        keys.storyboard_index(VIDEO),
    ]
    assert len(set(made)) == len(made)
    for key in made:
        assert keys.checked(key).startswith(keys.checked_folder(keys.video(VIDEO)))
    assert keys.tile(VIDEO, 3, 1).startswith(keys.checked_folder(keys.tiles(VIDEO)))
