"""What an upload may make the tools do."""

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


def test_nothing_that_points_elsewhere() -> None:
    assert not POINT_ELSEWHERE & set(DEMUXERS)
    assert input_options()["protocol_whitelist"] == "file"


def test_every_limit_is_named() -> None:
    limits = {
        "format_whitelist",
        "codec_whitelist",
        "max_streams",
        "max_pixels",
        "probesize",
        "analyzeduration",
    }
    assert limits <= set(input_options())
