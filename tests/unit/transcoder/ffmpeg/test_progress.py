"""Parser of ffmpeg's -progress output, with arbitrary splits of its bytes."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from transcoder.ffmpeg.progress import Progress, ProgressReader

BLOCKS = (
    b"frame=0\nfps=0.00\nout_time_us=N/A\nspeed=N/A\nprogress=continue\n"
    b"frame=75\nfps=50.00\nout_time_us=3000000\nspeed=   2x\nprogress=continue\n"
    b"frame=100\nout_time_us=4000000\nspeed=1.85x\nprogress=end\n"
)


def test_latest_is_the_last_complete_block() -> None:
    reader = ProgressReader()
    cut = BLOCKS.index(b"frame=75") + 20
    seen = [reader.latest]
    for piece in (BLOCKS[:cut], BLOCKS[cut:]):
        reader.feed(piece)
        seen.append(reader.latest)
    assert seen == [None, Progress(), Progress(out_seconds=4.0, frame=100, speed=1.85)]


@given(st.lists(st.integers(0, len(BLOCKS)), max_size=20))
def test_input_can_be_split_anywhere(cuts: list[int]) -> None:
    reader = ProgressReader()
    edges = [0, *sorted(cuts), len(BLOCKS)]
    for start, end in pairwise(edges):
        reader.feed(BLOCKS[start:end])
    assert reader.latest == Progress(out_seconds=4.0, frame=100, speed=1.85)


@given(st.binary())
def test_arbitrary_bytes_are_accepted(data: bytes) -> None:
    ProgressReader().feed(data + b"\nprogress=end\n")
