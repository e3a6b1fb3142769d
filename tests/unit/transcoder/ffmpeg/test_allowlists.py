"""Input options of ffmpeg and ffprobe for uploaded files."""

from transcoder.ffmpeg.allowlists import DEMUXERS, input_options

POINT_ELSEWHERE = {
    "hls",
    "applehttp",
    "dash",
    "concat",
    "concatf",
    "image2",
    "sdp",
    "rtsp",
    "imf",
    "tee",
    "webm_dash_manifest",
}


def test_demuxers_that_open_other_files_are_excluded() -> None:
    assert not POINT_ELSEWHERE & set(DEMUXERS)
    assert input_options()["protocol_whitelist"] == "file"


def test_input_limits_are_set() -> None:
    limits = {
        "format_whitelist",
        "codec_whitelist",
        "max_streams",
        "max_pixels",
        "probesize",
        "analyzeduration",
    }
    assert limits <= set(input_options())
