"""Sources of one colour in wide gamut, with and without HDR."""

from pathlib import Path

from tests.media.recordings import run
from transcoder.ffmpeg.tools import Tools


def in_colour(tools: Tools, folder: Path, transfer: str, code: float, primaries: str) -> Path:
    """HEVC of one grey, by its signal between 0 and 1; what has no name is not told in the file."""
    signal = round(64 + 876 * code)
    grey = f"color=black:s=320x180:r=25:d=1,format=yuv420p10le,geq=lum={signal}:cb=512:cr=512"
    return _hevc(tools, folder, grey, transfer, primaries)


def wide_gamut(tools: Tools, folder: Path, colour: tuple[int, int, int]) -> Path:
    """HEVC in BT.2020, not in HDR, of a colour that is given in bt709."""
    red, green, blue = colour
    patch = f"color=0x{red:02x}{green:02x}{blue:02x}:s=320x180:r=25:d=1,format=gbrp"
    patch += ",zscale=pin=709:tin=709:rin=full:p=2020:t=2020_10:m=2020_ncl:r=limited,format=yuv420p10le"
    return _hevc(tools, folder, patch, "bt2020-10", "bt2020")


def _hevc(tools: Tools, folder: Path, shown: str, transfer: str, primaries: str) -> Path:
    path = folder / "colour.mp4"
    told = {"colorprim": primaries, "transfer": transfer, "colormatrix": "bt2020nc", "range": "limited"}
    tags = ":".join(f"{key}={value}" for key, value in told.items() if value) + ":log-level=error"
    codec = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", tags)
    run(tools, "-f", "lavfi", "-i", shown, *codec, str(path))
    return path
