"""Where a lecture starts and ends, from what headers claim and packets show."""

import pytest

from transcoder.media import Source, Unusable
from transcoder.source import packet_scan, rejections, source_timing
from transcoder.source.headers import Chosen, Format, Headers, Stream


def video(start: float = 0.0, length: float | None = None) -> Stream:
    return Stream(
        0,
        "video",
        "h264",
        width=640,
        height=360,
        r_frame_rate="25/1",
        avg_frame_rate="25/1",
        start_time=str(start),
        duration="N/A" if length is None else str(length),
    )


def audio(start: float = 0.0, length: float | None = None) -> Stream:
    duration = "N/A" if length is None else str(length)
    return Stream(
        1, "audio", "aac", channels=2, sample_rate="44100", start_time=str(start), duration=duration
    )


def read(*ends: tuple[int, float], step: float = 0.04) -> packet_scan.Measured:
    """As if the last packets of these streams had been seen to end there."""
    return packet_scan.read(
        "".join(f"{stream},{end - step:.6f},N/A,{step:.6f},___\n" for stream, end in ends)
    )


def source(
    *streams: Stream, measured: packet_scan.Measured | None, container: str = "mov", length: str = "N/A"
) -> Source:
    found = Headers(streams, Format(container, duration=length))
    picture = next((stream for stream in streams if stream.codec_type == "video"), None)
    sound = next((stream for stream in streams if stream.codec_type == "audio"), None)
    return source_timing.source(found, Chosen(picture, sound), 1000, measured)


def test_measured_goes_before_claimed() -> None:
    made = source(video(length=10.0), audio(length=10.02), measured=read((0, 9.96), (1, 10.0)))
    assert made.duration == pytest.approx(9.96)
    assert made.seekable


def test_sound_that_goes_on_counts() -> None:
    made = source(video(length=10.0), audio(length=15.0), measured=read((0, 10.0), (1, 15.0)))
    assert made.duration == pytest.approx(15.0)


def test_a_picture_that_ended_long_before_the_end_of_the_file() -> None:
    tail = packet_scan.Measured(head=read((0, 1.0), (1, 1.0)).head, tail=read((1, 100.0)).head)
    assert source(video(length=40.0), audio(length=100.0), measured=tail).duration == pytest.approx(100.0)


def test_times_that_begin_late() -> None:
    made = source(video(12.34, 10.0), audio(12.34, 10.0), measured=read((0, 22.34), (1, 22.34)))
    assert made.start == pytest.approx(12.34)
    assert made.duration == pytest.approx(10.0)


def test_padding_before_the_sound_does_not_move_the_frames() -> None:
    made = source(video(0.0), audio(-0.023), measured=read((0, 10.0)), length="10.0")
    assert made.start == 0.0
    assert made.video is not None
    assert made.video.start == 0.0


def test_sound_long_before_the_picture_starts_on_the_grid() -> None:
    made = source(video(2.013), audio(1.0), measured=read((0, 12.013)), length="12.013")
    assert made.video is not None
    frames = made.video.start * 25
    assert frames == pytest.approx(round(frames))
    assert made.start <= 1.0 < made.start + 0.04
    assert made.duration == pytest.approx(12.013 - made.start)


@pytest.mark.parametrize(("claimed", "there"), [(20.0, 10.0), (7200.0, 3600.0), (36000.0, 7.0), (3.0, 1.5)])
def test_a_part_is_missing(claimed: float, there: float) -> None:
    with pytest.raises(Unusable, match="part of it is missing"):
        source(video(length=claimed), measured=read((0, there)))


def test_nothing_is_missing_where_the_length_was_a_guess() -> None:
    made = source(audio(length=200.0), measured=read((1, 100.0)), container="mp3")
    assert made.duration == pytest.approx(100.0)


def test_a_header_that_says_too_little() -> None:
    assert source(video(length=10.0), measured=read((0, 3600.0))).duration == pytest.approx(3600.0)


def test_too_long() -> None:
    with pytest.raises(Unusable) as refused:
        source(video(length=50_000.0), measured=read((0, 50_000.0)))
    assert str(refused.value) == rejections.too_long(50_000.0)
    assert "13:53:20" in str(refused.value)


def test_no_rate() -> None:
    still = Stream(0, "video", "h264", width=640, height=360, r_frame_rate="0/0", avg_frame_rate="0/0")
    with pytest.raises(Unusable, match="how many pictures a second"):
        source(still, measured=read((0, 3.0)), length="3.0")


@pytest.mark.parametrize("container", ["mpegts", "mpeg", "aac"])
def test_what_cannot_be_seeked_is_not_aimed_at(container: str) -> None:
    found = Headers((video(length=10.0),), Format(container))
    assert source_timing.seek_target(found, Chosen(video(length=10.0), None)) is None
    assert not source(video(length=10.0), measured=None, container=container).seekable


def test_times_in_the_order_of_decoding_are_no_times() -> None:
    made = source(video(length=10.0), measured=read((0, 10.0)), container="avi")
    assert not made.seekable


def test_half_of_such_a_file_is_noticed_all_the_same() -> None:
    with pytest.raises(Unusable, match="part of it is missing"):
        source(video(length=20.0), measured=read((0, 10.0)), container="avi")


def test_a_recording_without_a_length() -> None:
    made = source(video(), audio(), measured=None, container="matroska")
    assert (made.seekable, made.duration) == (False, 0.0)


def test_a_seek_that_goes_astray_is_no_seek() -> None:
    head = [(0, frame * 0.04) for frame in range(1, packet_scan.HEAD_PACKETS + 1)]
    near = read(*head, (0, 599.0), (0, 600.0))
    far = read(*head, (0, 300.0), (0, 600.0))
    assert source(video(length=600.0), measured=near).seekable
    assert not source(video(length=600.0), measured=far).seekable


def test_packets_without_times_and_packets_left_out() -> None:
    csv = "0,N/A,1.000000,0.040000,K__\n1,N/A,N/A,N/A,K__,\n1,9.0,9.0,0.02,KD_\n\n0,2.000000,N/A,N/A,___\n"
    measured = packet_scan.read(csv)
    assert measured.end(0, usual=0.04) == pytest.approx(2.04)
    assert measured.end(1, usual=0.04) is None
    assert measured.times(0) == (1.0, 2.0)
