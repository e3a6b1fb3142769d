"""Video filter chains, from decoded frames to the frames of a lecture. Pure: nodes of ffmpeg-python."""

from ffmpeg.nodes import FilterableStream

from transcoder.media import VideoStream
from transcoder.planning.plan import Chunk, VideoPlan

SCALER = "lanczos"  # keeps text on slides sharper than bicubic: 4 VMAF at 480 lines, for 6 % more bytes
TURNS = {90: ("clock",), 180: ("clock", "clock"), 270: ("cclock",)}
HD_LINES = 720  # from this height a stream without colour description is taken as bt709, below as bt601


def deinterlaced(stream: FilterableStream, video: VideoStream) -> FilterableStream:
    return stream.filter("bwdif", mode="send_frame") if video.interlaced else stream


def on_grid(
    stream: FilterableStream, start: float, plan: VideoPlan, chunk: Chunk, *, from_start: bool
) -> FilterableStream:
    """Constant frame rate: exactly the chunk's frames, numbered from 0.

    `start` is the source's first timestamp, in seconds. Timestamps are converted to the plan's ticks
    from the chunk's first frame, half a frame is added, and `fps` rounds down. That selects the nearest
    frame with ties going the same way in every chunk; rounding to nearest changes direction at zero, so
    chunks would disagree. A source that ends early repeats its last frame; with `from_start`, a first
    frame that comes late is shown from the beginning.
    """
    shift = plan.frame_ticks // 2 - round(start * plan.timescale) - chunk.first_frame * plan.frame_ticks
    padding = {"start_time": 0} if from_start else {}
    return (
        stream.filter("settb", expr=f"1/{plan.timescale}")
        .filter("setpts", expr=f"PTS{shift:+d}")
        .filter("fps", fps=f"{plan.fps_num}/{plan.fps_den}", round="down", **padding)
        .filter("tpad", stop=-1, stop_mode="clone")
        .filter("trim", start_pts=0, end_pts=chunk.frames)
    )


def rotated(stream: FilterableStream, video: VideoStream) -> FilterableStream:
    """Rotation by the stored plan, not by this FFmpeg's -autorotate reading of the file."""
    for direction in TURNS.get(video.rotation, ()):
        stream = stream.filter("transpose", dir=direction)
    return stream


def standard(stream: FilterableStream, video: VideoStream, width: int, height: int) -> FilterableStream:
    """Scaling and colour conversion: given size, square pixels, 8 bit, bt709, limited range."""
    if video.hdr:
        # Scaled first, because tone mapping works on 12 bytes per pixel. Primaries and matrix are set
        # explicitly because many files omit them and zscale refuses to guess.
        stream = stream.filter("scale", w=width, h=height, flags=SCALER)
        stream = stream.filter("zscale", pin="2020", min="2020_ncl", t="linear", npl=100)
        stream = stream.filter("format", "gbrpf32le").filter("zscale", p="709")
        stream = stream.filter("tonemap", tonemap="hable", desat=0)
        stream = stream.filter("zscale", t="709", m="709", r="limited")
    else:
        if assumed := _assumed_colours(
            video
        ):  # without it the scaler passes frames of the right size unconverted
            stream = stream.filter("setparams", **assumed)
        stream = stream.filter(
            "scale",
            w=width,
            h=height,
            flags=SCALER,
            out_color_matrix="bt709",
            out_range="limited",
        )
    stream = stream.filter("format", "yuv420p").filter("setsar", 1)
    # Side data would be written to the output: a rotation already applied, HDR mastering metadata,
    # captions that the playlists do not announce.
    stream = stream.filter("sidedata", mode="delete")
    return stream.filter(
        "setparams", range="limited", colorspace="bt709", color_primaries="bt709", color_trc="bt709"
    )


def resized(stream: FilterableStream, width: int, height: int) -> FilterableStream:
    """Downscaled copy of `standard` frames. zscale's lanczos takes half the time of swscale's."""
    return stream.filter("zscale", w=width, h=height, filter=SCALER).filter("setsar", 1)


def select_frames(stream: FilterableStream, frames: tuple[int, ...]) -> FilterableStream:
    return stream.filter("select", "+".join(f"eq(n,{frame})" for frame in frames))


def _assumed_colours(video: VideoStream) -> dict[str, str]:
    """Conventional defaults for colour properties that a YUV stream does not declare."""
    if not video.pixels.startswith("yuv"):
        return {}
    lines = min(video.width, video.height)
    matrix = {} if video.color_space else {"colorspace": "bt709" if lines >= HD_LINES else "smpte170m"}
    limited = not video.color_range and not video.pixels.startswith("yuvj")
    return matrix | ({"range": "limited"} if limited else {})
