"""Sources of one grey in wide gamut, with and without HDR."""

from pathlib import Path

from tests.media.recordings import run
from transcoder.ffmpeg.tools import Tools


def in_colour(tools: Tools, folder: Path, transfer: str, code: float, primaries: str) -> Path:
    """HEVC of one grey, by its signal between 0 and 1; what has no name is not told in the file."""
    path = folder / "colour.mp4"
    signal = round(64 + 876 * code)
    grey = f"color=black:s=320x180:r=25:d=1,format=yuv420p10le,geq=lum={signal}:cb=512:cr=512"
    told = {"colorprim": primaries, "transfer": transfer, "colormatrix": "bt2020nc", "range": "limited"}
    tags = ":".join(f"{key}={value}" for key, value in told.items() if value) + ":log-level=error"
    codec = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", tags)
    run(tools, "-f", "lavfi", "-i", grey, *codec, str(path))
    return path
