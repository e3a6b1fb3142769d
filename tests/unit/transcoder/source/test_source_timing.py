"""Start and end of a lecture, from headers and packet timestamps."""

import msgspec
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
    """Packet scan whose last packets of the streams end at these times."""
    return packet_scan.read(
        "".join(f"{stream},{end - step:.6f},N/A,{step:.6f},___\n" for stream, end in ends)
    )


def source(
    *streams: Stream, measured: packet_scan.Measured | None, container: str = "mov", length: str = "N/A"
) -> Source:
    found = Headers(streams, Format(container, duration=length))
    video_stream = next((stream for stream in streams if stream.codec_type == "video"), None)
    audio_stream = next((stream for stream in streams if stream.codec_type == "audio"), None)
    return source_timing.source(found, Chosen(video_stream, audio_stream), 1000, measured)


def test_measured_duration_precedes_the_header() -> None:
    made = source(video(length=10.0), audio(length=10.02), measured=read((0, 9.96), (1, 10.0)))
    assert made.duration == pytest.approx(9.96)
    assert made.seekable


def test_longer_audio_counts() -> None:
    made = source(video(length=10.0), audio(length=15.0), measured=read((0, 10.0), (1, 15.0)))
    assert made.duration == pytest.approx(15.0)


def test_video_that_ended_before_the_tail() -> None:
    tail = packet_scan.Measured(head=read((0, 1.0), (1, 1.0)).head, tail=read((1, 100.0)).head)
    assert source(video(length=40.0), audio(length=100.0), measured=tail).duration == pytest.approx(100.0)


def test_late_first_timestamp() -> None:
    made = source(video(12.34, 10.0), audio(12.34, 10.0), measured=read((0, 22.34), (1, 22.34)))
    assert made.start == pytest.approx(12.34)
    assert made.duration == pytest.approx(10.0)


def test_audio_padding_does_not_shift_the_grid() -> None:
    made = source(video(0.0), audio(-0.023), measured=read((0, 10.0)), length="10.0")
    assert made.start == 0.0
    assert made.video is not None
    assert made.video.start == 0.0


def test_early_audio_starts_on_the_frame_grid() -> None:
    made = source(video(2.013), audio(1.0), measured=read((0, 12.013)), length="12.013")
    assert made.video is not None
    frames = made.video.start * 25
    assert frames == pytest.approx(round(frames))
    assert made.start <= 1.0 < made.start + 0.04
    assert made.duration == pytest.approx(12.013 - made.start)


@pytest.mark.parametrize(("claimed", "there"), [(20.0, 10.0), (7200.0, 3600.0), (36000.0, 7.0), (3.0, 1.5)])
def test_truncated_file_is_refused(claimed: float, there: float) -> None:
    with pytest.raises(Unusable, match="part of it is missing"):
        source(video(length=claimed), measured=read((0, there)))


def test_estimated_duration_is_not_checked() -> None:
    made = source(audio(length=200.0), measured=read((1, 100.0)), container="mp3")
    assert made.duration == pytest.approx(100.0)


def test_header_with_too_short_a_duration() -> None:
    assert source(video(length=10.0), measured=read((0, 3600.0))).duration == pytest.approx(3600.0)


def test_too_long_lecture_is_refused() -> None:
    with pytest.raises(Unusable) as refused:
        source(video(length=50_000.0), measured=read((0, 50_000.0)))
    assert refused.value.message == rejections.too_long(50_000.0)
    assert "13:53:20" in str(refused.value)


def test_file_without_frame_rate_is_refused() -> None:
    still = Stream(0, "video", "h264", width=640, height=360, r_frame_rate="0/0", avg_frame_rate="0/0")
    with pytest.raises(Unusable, match="frame rate of the file cannot be determined"):
        source(still, measured=read((0, 3.0)), length="3.0")


@pytest.mark.parametrize("container", ["mpegts", "mpeg", "aac"])
def test_unseekable_container_has_no_seek_target(container: str) -> None:
    found = Headers((video(length=10.0),), Format(container))
    assert source_timing.seek_target(found, Chosen(video(length=10.0), None)) is None
    assert not source(video(length=10.0), measured=None, container=container).seekable


def test_avi_is_not_seekable() -> None:
    made = source(video(length=10.0), measured=read((0, 10.0)), container="avi")
    assert not made.seekable


def test_truncated_avi_is_refused() -> None:
    with pytest.raises(Unusable, match="part of it is missing"):
        source(video(length=20.0), measured=read((0, 10.0)), container="avi")


def test_recording_without_duration() -> None:
    made = source(video(), audio(), measured=None, container="matroska")
    assert (made.seekable, made.duration) == (False, 0.0)


def test_inaccurate_seek_makes_the_source_unseekable() -> None:
    head = [(0, frame * 0.04) for frame in range(1, packet_scan.HEAD_PACKETS + 1)]
    near = read(*head, (0, 599.0), (0, 600.0))
    far = read(*head, (0, 300.0), (0, 600.0))
    assert source(video(length=600.0), measured=near).seekable
    assert not source(video(length=600.0), measured=far).seekable


def test_packets_without_times_or_discarded_are_skipped() -> None:
    csv = "0,N/A,1.000000,0.040000,K__\n1,N/A,N/A,N/A,K__,\n1,9.0,9.0,0.02,KD_\n\n0,2.000000,N/A,N/A,___\n"
    measured = packet_scan.read(csv)
    assert measured.end(0, usual=0.04) == pytest.approx(2.04)
    assert measured.end(1, usual=0.04) is None
    assert measured.times(0) == (1.0, 2.0)


def test_tags_of_a_longer_file_are_ignored() -> None:
    """A tool that cut the file left the durations of its streams; the whole file's is right."""
    stale = msgspec.structs.replace(video(), duration="N/A", tags={"DURATION": "00:15:04.000000000"})
    made = source(stale, measured=read((0, 10.0)), container="matroska", length="10.0")
    assert made.duration == pytest.approx(10.0)


def test_pace_is_looked_at_where_it_can_vary() -> None:
    def places(stream: Stream, container: str, length: str = "4000") -> str | None:
        found = Headers((stream,), Format(container, "0", length))
        return source_timing.places(found, Chosen(stream, None))

    assert places(video(length=4000.0), "mov") is None
    varying = msgspec.structs.replace(video(length=4000.0), avg_frame_rate="9/1")
    assert (places(varying, "mov") or "").count("%") == packet_scan.PLACES
    assert places(video(), "matroska", "40") == "%"
    assert places(video(), "mpegts") is None


def test_fast_part_gives_the_rate() -> None:
    slow = msgspec.structs.replace(video(length=40.0), r_frame_rate="1/1", avg_frame_rate="1/1")
    found = Headers((slow,), Format("matroska", "0", "40"))
    pace = [30 + frame / 30 for frame in range(100)]
    made = source_timing.source(found, Chosen(slow, None), 1, None, pace)
    assert made.video
    assert (made.video.fps_num, made.video.fps_den) == (30, 1)


def test_stray_packet_far_behind_the_audio_does_not_count() -> None:
    measured = read((0, 4.0), (1, 3.94), (1, 3.96), (1, 6.3))
    made = source(video(length=4.0), audio(length=4.0), measured=measured)
    assert made.duration == pytest.approx(4.0)
