"""Demuxer, decoder and protocol allowlists for ffmpeg and ffprobe, and their input limits.

Without them a playlist renamed to .mp4 could read other files of the server or open network addresses.
"""

# Demuxers that read only the one file: none of concat, hls, dash, image2, sdp.
DEMUXERS = (
    "mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "avi", "mpegts", "mpeg", "mpegvideo",
    "ogg", "dv", "mp3", "wav", "w64", "flac", "aac", "h264", "hevc",
)  # fmt: skip
DECODERS = (
    # video
    "h264", "hevc", "vp8", "vp9", "libvpx", "libvpx-vp9", "av1", "libdav1d", "libaom-av1", "mpeg4",
    "mpeg2video", "mpeg1video", "prores", "dvvideo", "mjpeg", "theora",
    # audio
    "aac", "aac_latm", "mp2", "mp2float", "mp3", "mp3float", "ac3", "eac3", "dca", "opus", "libopus",
    "vorbis", "libvorbis", "flac", "alac", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be",
    "pcm_s32le", "pcm_s32be", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_u8", "pcm_s8", "pcm_alaw",
    "pcm_mulaw", "pcm_dvd", "pcm_bluray", "adpcm_ms", "adpcm_ima_wav",
    # Never decoded here, but ffprobe fails on a file with a single stream that it may not open:
    # captions and cover art.
    "mov_text", "subrip", "srt", "ass", "ssa", "webvtt", "text", "cc_dec", "dvdsub", "dvbsub", "pgssub",
    "png",
)  # fmt: skip


def input_options() -> dict[str, str]:
    """Options before `-i` of every uploaded file, for ffmpeg and ffprobe."""
    return {
        "protocol_whitelist": "file",
        "format_whitelist": ",".join(DEMUXERS),
        "codec_whitelist": ",".join(DECODERS),
        "max_streams": "32",
        "max_pixels": "35389440",  # a little over 8K: 8192 × 4320
        "probesize": "20M",
        "analyzeduration": "20M",
    }
