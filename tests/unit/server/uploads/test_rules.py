"""Admission, expiry and naming of uploads."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.errors import Conflict, Invalid, NoRoom, TooLarge
from server.uploads import rules
from server.uploads.rules import RESERVE_BYTES, admit, clean_filename, expiry, title_from

GB = 10**9
sizes = st.integers(1, 2**45)


@given(size=sizes, max_upload_bytes=sizes, free=sizes, promised=st.integers(0, 2**45))
def test_admitted_size_fits_beside_promised_bytes(
    size: int, max_upload_bytes: int, free: int, promised: int
) -> None:
    try:
        admit(size, max_upload_bytes=max_upload_bytes, free=free, promised=promised)
    except TooLarge:
        assert size > max_upload_bytes
    except NoRoom:
        assert size <= max_upload_bytes
        assert size + promised + RESERVE_BYTES > free
    else:
        assert size <= max_upload_bytes
        assert size + promised + RESERVE_BYTES <= free


def test_empty_file_is_refused() -> None:
    with pytest.raises(Invalid, match="empty"):
        admit(0, max_upload_bytes=GB, free=GB, promised=0)


def test_refusals_name_sizes_and_remedy() -> None:
    with pytest.raises(TooLarge, match=r"60\.0 GB.*50\.0 GB.*administrator"):
        admit(60 * GB, max_upload_bytes=50 * GB, free=100 * GB, promised=0)
    with pytest.raises(NoRoom, match=r"room for 3\.9 GB more.*9\.0 GB"):
        admit(9 * GB, max_upload_bytes=50 * GB, free=10 * GB, promised=5 * GB)


@pytest.mark.parametrize(
    ("given_name", "clean"),
    [
        ("lecture.mp4", "lecture.mp4"),
        ("C:\\fakepath\\Übung 1.mov", "Übung 1.mov"),
        ("../../etc/passwd", "passwd"),
        ("a\x00b\r\n.mp4", "ab.mp4"),
        ("  spaced.mp4 ", "spaced.mp4"),
        ("folder/", ""),
    ],
)
def test_filename_is_last_component_without_control_characters(given_name: str, clean: str) -> None:
    assert clean_filename(given_name) == clean


@pytest.mark.parametrize("name", ["نرم\u200cافزار.mp4", "👩\u200d🏫.mp4"])
def test_filename_keeps_its_joiners(name: str) -> None:
    assert clean_filename(f"C:\\{name}") == name
    assert clean_filename("\u200d\u200c") == ""


@given(st.text())
def test_clean_filename_is_idempotent(name: str) -> None:
    once = clean_filename(name)
    assert clean_filename(once) == once
    assert "/" not in once
    assert len(once) <= 255


@pytest.mark.parametrize(
    ("filename", "title"),
    [
        ("03_sorting-networks.mp4", "03 sorting networks"),
        ("Week 1.final.mov", "Week 1.final"),
        ("___.mp4", "___"),
        (".mp4", ".mp4"),
        ("", "Lesson"),
    ],
)
def test_title_from_filename(filename: str, title: str) -> None:
    assert title_from(filename) == title


def test_upload_expires_days_after_last_byte() -> None:
    assert expiry(datetime(2026, 11, 22, 9, tzinfo=UTC), 2) == datetime(2026, 11, 24, 9, tzinfo=UTC)


@given(size=sizes, share=st.floats(0, 1))
def test_reservation_grows_with_what_has_come(size: int, share: float) -> None:
    received = int(size * share)
    kept = rules.reserved(size, received)
    assert 0 <= kept <= size - received
    assert kept <= received + rules.RESERVED_AHEAD
    if received >= size // 2:
        assert kept == size - received


def test_announcements_alone_reserve_little() -> None:
    assert rules.OPEN_UPLOADS * rules.reserved(500 * GB, 0) < 14 * GB


def test_number_of_unfinished_uploads_is_limited() -> None:
    rules.allow_another(rules.OPEN_UPLOADS - 1)
    with pytest.raises(Conflict):
        rules.allow_another(rules.OPEN_UPLOADS)
