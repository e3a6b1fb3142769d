"""Video filter chains, from decoded frames to the frames of a lecture. Pure: nodes of ffmpeg-python."""

import math

from ffmpeg.nodes import FilterableStream

from transcoder.media import VideoStream
from transcoder.planning.plan import Chunk, VideoPlan

SCALER = "lanczos"  # keeps text on slides sharper than bicubic: 4 VMAF at 480 lines, for 6 % more bytes
TURNS = {90: ("clock",), 180: ("clock", "clock"), 270: ("cclock",)}
PAPER_WHITE = 203  # cd/m², in HDR (ITU-R BT.2408)
# Primaries of cameras and phones beyond those of bt709, by FFmpeg's names: BT.2020, DCI-P3, Display P3.
WIDE = ("bt2020", "smpte431", "smpte432")
MATRICES = {"bt2020nc": "2020_ncl", "bt2020c": "2020_cl", "smpte170m": "170m", "bt470bg": "470bg"}
SAME_SHAPE = 0.03  # part by which aspect ratios may differ without bars: sizes are rounded to even ones
HD_LINES = 720  # from this height a stream without colour description is taken as bt709, below as bt601


def deinterlaced(stream: FilterableStream, video: VideoStream) -> FilterableStream:
    """Whole frames. Only this needs frames of one size from the beginning: the others are scaled."""
    if not video.interlaced:
        return stream
    if video.coded_width:  # otherwise passed on as they are
        stream = stream.filter("scale", w=video.coded_width, h=video.coded_height, flags=SCALER)
    return stream.filter("bwdif", mode="send_frame")


def on_grid(
    stream: FilterableStream,
    start: float,
    video: VideoStream,
    plan: VideoPlan,
    chunk: Chunk,
    *,
    from_start: bool,
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
        .filter("setpts", expr=f"PTS{shift:+d}{_cuts(video, plan)}")
        .filter("fps", fps=f"{plan.fps_num}/{plan.fps_den}", round="down", **padding)
        .filter("tpad", stop=-1, stop_mode="clone")
        .filter("trim", start_pts=0, end_pts=chunk.frames)
    )


def _cuts(video: VideoStream, plan: VideoPlan) -> str:
    """Correction of timestamps after the cuts of an edit list, as the end of an expression."""
    ends = (*(cut for cut, _ in video.cuts[1:]), math.inf)
    terms = []
    for (cut, delay), end in zip(video.cuts, ends, strict=False):
        first, late = (round(seconds * plan.timescale) for seconds in (cut + delay / 2, delay))
        until = "" if end == math.inf else f"*lt(PTS,{round(end * plan.timescale)})"
        terms.append(f"-{late}*gte(PTS,{first}){until}")
    return "".join(terms)


def standard(stream: FilterableStream, video: VideoStream, width: int, height: int) -> FilterableStream:
    """Scaling, rotation and colour conversion: given size, square pixels, 8 bit, bt709, limited range.

    The first filter scales, because frames may change in mid-stream and no other one expects that.
    """
    if video.rotation in (90, 270):
        width, height = height, width
    fit = _fit(width, height)
    if video.hdr:
        # Scaled first, because tone mapping works on 12 bytes per pixel. Primaries and matrix are set
        # explicitly because many files omit them and zscale refuses to guess.
        stream = _padded(stream.filter("scale", **fit, flags=SCALER), width, height)
        if video.transfer and not video.primaries:
            stream = stream.filter("setparams", color_primaries="bt2020", color_trc=video.transfer)
        stream = stream.filter("zscale", pin="2020", min="2020_ncl", t="linear", npl=PAPER_WHITE)
        stream = stream.filter("format", "gbrpf32le").filter("zscale", p="709")
        # What is darker than paper keeps its brightness; only highlights are compressed.
        stream = stream.filter("tonemap", tonemap="mobius", param=0.85, desat=0)
        stream = stream.filter("zscale", t="709", m="709", r="limited")
    elif gamut := _wide_gamut(video):
        stream = _padded(stream.filter("scale", **fit, flags=SCALER), width, height)
        stream = stream.filter("zscale", **gamut, p="709", t="709", m="709", r="limited")
    else:
        if assumed := _assumed_colours(
            video
        ):  # without it the scaler passes frames of the right size unconverted
            stream = stream.filter("setparams", **assumed)
        stream = stream.filter("scale", **fit, flags=SCALER, out_color_matrix="bt709", out_range="limited")
        stream = _padded(stream, width, height)
    stream = _turned(stream.filter("format", "yuv420p").filter("setsar", 1), video)
    # Side data would be written to the output: a rotation already applied, HDR mastering metadata,
    # captions that the playlists do not announce.
    stream = stream.filter("sidedata", mode="delete")
    return stream.filter(
        "setparams", range="limited", colorspace="bt709", color_primaries="bt709", color_trc="bt709"
    )


def _fit(width: int, height: int) -> dict[str, str]:
    """Size of `scale` for frames of any shape: those of nearly the right one fill it, others keep theirs."""
    shape = "if(between(sar,0.25,4),dar,a)"  # as `headers.shape`
    right = f"lt(abs({shape}*{height}/{width}-1),{SAME_SHAPE})"
    return {
        "w": f"if({right},{width},clip(2*round({shape}*{height}/2),2,{width}))",
        "h": f"if({right},{height},clip(2*round({width}/({shape})/2),2,{height}))",
        "eval": "frame",
    }


def _padded(stream: FilterableStream, width: int, height: int) -> FilterableStream:
    return stream.filter("pad", width, height, "(ow-iw)/2", "(oh-ih)/2", eval="frame")


def _turned(stream: FilterableStream, video: VideoStream) -> FilterableStream:
    """Orientation by the stored plan, not by this FFmpeg's -autorotate reading of the file."""
    if video.mirrored:
        stream = stream.filter("hflip")
    for direction in TURNS.get(video.rotation, ()):
        stream = stream.filter("transpose", dir=direction)
    return stream


def resized(stream: FilterableStream, width: int, height: int) -> FilterableStream:
    """Downscaled copy of `standard` frames. zscale's lanczos takes half the time of swscale's."""
    return stream.filter("zscale", w=width, h=height, filter=SCALER).filter("setsar", 1)


def select_frames(stream: FilterableStream, frames: tuple[int, ...]) -> FilterableStream:
    return stream.filter("select", "+".join(f"eq(n,{frame})" for frame in frames))


def _wide_gamut(video: VideoStream) -> dict[str, str]:
    """Colours of a source that shows more of them than bt709, for zscale; empty for others."""
    primaries = video.primaries or ("bt2020" if (video.color_space or "").startswith("bt2020") else "")
    if primaries not in WIDE or not video.pixels.startswith("yuv"):
        return {}
    matrix = MATRICES.get(video.color_space or "", "709")
    return {"pin": primaries, "min": matrix, **({} if video.transfer else {"tin": "709"})}


def _assumed_colours(video: VideoStream) -> dict[str, str]:
    """Conventional defaults for colour properties that a YUV stream does not declare."""
    if not video.pixels.startswith("yuv"):
        return {}
    lines = min(video.width, video.height)
    return {} if video.color_space else {"colorspace": "bt709" if lines >= HD_LINES else "smpte170m"}
