import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.transcoder.fragmented import box, fragment, init, numbers
from tests.unit.transcoder.lectures import track
from transcoder.packaging import isobmff
from transcoder.packaging.isobmff import Malformed

VIDEO, AUDIO = track(), track(is_video=False, timescale=48_000)
MOOF = fragment(VIDEO, 8, 4, edit=200, shown=[0, 3, 1, 2], size=33)


def moof(data: bytes = MOOF) -> bytes:
    return data[: isobmff.read_header(data[:8])[1]]


def test_header() -> None:
    assert isobmff.timescale(init(VIDEO)) == 1000
    assert isobmff.codecs(init(VIDEO)) == "avc1.64001f"
    assert isobmff.codecs(init(AUDIO)) == "mp4a.40.2"


@pytest.mark.parametrize("edit", [0, 200])
def test_edit(edit: int) -> None:
    assert isobmff.edit(init(VIDEO, edit=edit)) == edit


def test_fragment() -> None:
    read = isobmff.fragment(moof())
    assert read.decode_time == 800
    assert read.ticks == 400
    assert [sample.keyframe for sample in read.samples] == [True, False, False, False]
    assert {sample.size for sample in read.samples} == {33}
    assert read.times() == [1000, 1100, 1200, 1300]


@given(st.integers(0, 2**50), st.integers(1, 2**31))
def test_moved_changes_only_time_and_sequence(ticks: int, sequence: int) -> None:
    moved = isobmff.moved(moof(), ticks=ticks, sequence=sequence)
    assert isobmff.fragment(moved).decode_time == 800 + ticks
    assert isobmff.fragment(moved).samples == isobmff.fragment(moof()).samples
    assert isobmff.moved(moved, ticks=-ticks, sequence=1) == moof()


@pytest.mark.parametrize(
    "data",
    [
        box("moof"),
        box("moof", box("traf"), box("traf")),
        box("moov", box("trak")),
        numbers(4) + b"moof",
        box("moof", numbers(100) + b"traf"),
        moof().replace(
            b"trun\x00\x00\x0a\x05\x00\x00\x00\x04\x00\x00", b"trun\x00\x00\x0a\x05\x00\x00\x00\x04\x01\x00"
        ),
    ],
)
def test_other_structures_are_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        isobmff.fragment(data)


def test_other_codecs_are_malformed() -> None:
    data = init(VIDEO).replace(b"avc1", b"hvc1")
    with pytest.raises(Malformed, match="hvc1"):
        isobmff.codecs(data)
