"""Filters that turn a decoded stream into the pictures of a lecture. Pure: nodes of ffmpeg-python."""

from ffmpeg.nodes import FilterableStream

from transcoder.media import VideoStream
from transcoder.planning.plan import Chunk, VideoPlan

SCALER = "lanczos"  # text on slides stays sharper: 4 VMAF at 480 lines, for 6 % more bytes
TURNS = {90: ("clock",), 180: ("clock", "clock"), 270: ("cclock",)}
HD_LINES = 720  # from here on a stream that names no colours means bt709, below it bt601


def progressive(stream: FilterableStream, video: VideoStream) -> FilterableStream:
    return stream.filter("bwdif", mode="send_frame") if video.interlaced else stream


def on_grid(
    stream: FilterableStream, start: float, plan: VideoPlan, chunk: Chunk, *, from_start: bool
) -> FilterableStream:
    """Exactly the chunk's frames, numbered from 0. `start`: the source's first timestamp, in seconds.

    The source's timestamps are counted in the plan's ticks from the chunk's first frame, half a
    frame is added, and `fps` rounds down. That is the nearest frame with ties going the same way
    everywhere; rounding to the nearest itself turns around at zero, so chunks would disagree.
    A source that ends early holds its last picture; one that is decoded `from_start` and whose
    first picture comes late shows it from the beginning.
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


def upright(stream: FilterableStream, video: VideoStream) -> FilterableStream:
    """Turned as the stored plan says, not as this FFmpeg's -autorotate understands the file."""
    for direction in TURNS.get(video.rotation, ()):
        stream = stream.filter("transpose", dir=direction)
    return stream


def standard(stream: FilterableStream, video: VideoStream, width: int, height: int) -> FilterableStream:
    """Scaled to the given size with square pixels, 8 bit, bt709, limited range."""
    if video.hdr:
        # Scaled first: tone mapping works on 12 bytes a pixel. The primaries and the matrix are
        # named because many files leave them out and zscale refuses to guess.
        stream = stream.filter("scale", w=width, h=height, flags=SCALER)
        stream = stream.filter("zscale", pin="2020", min="2020_ncl", t="linear", npl=100)
        stream = stream.filter("format", "gbrpf32le").filter("zscale", p="709")
        stream = stream.filter("tonemap", tonemap="hable", desat=0)
        stream = stream.filter("zscale", t="709", m="709", r="limited")
    else:
        if assumed := _unnamed(video):  # named, or the scaler copies pictures that need no change
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
    # What rides on the frames would end up in the result: a turn that has been made, the
    # brightness of an HDR screen, captions that the playlists do not tell of.
    stream = stream.filter("sidedata", mode="delete")
    return stream.filter(
        "setparams", range="limited", colorspace="bt709", color_primaries="bt709", color_trc="bt709"
    )


def resized(stream: FilterableStream, width: int, height: int) -> FilterableStream:
    """A smaller copy of standard pictures. zscale's lanczos takes half the time of swscale's."""
    return stream.filter("zscale", w=width, h=height, filter=SCALER).filter("setsar", 1)


def only(stream: FilterableStream, frames: tuple[int, ...]) -> FilterableStream:
    return stream.filter("select", "+".join(f"eq(n,{frame})" for frame in frames))


def _unnamed(video: VideoStream) -> dict[str, str]:
    """What everybody takes YUV for that does not say what it is."""
    if not video.pixels.startswith("yuv"):
        return {}
    lines = min(video.width, video.height)
    matrix = {} if video.color_space else {"colorspace": "bt709" if lines >= HD_LINES else "smpte170m"}
    limited = not video.color_range and not video.pixels.startswith("yuvj")
    return matrix | ({"range": "limited"} if limited else {})
