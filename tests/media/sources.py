"""Lectures of every kind, made by FFmpeg when a test asks for one; nothing of the kind lies in git.

Every frame carries its own number in a band of black and white blocks along its top edge, half a
second after each full second the bottom edge flashes white, and the sound beeps as long as the flash
lasts. `tests.media.judging` reads both, so that a test can tell which frame it sees and when it hears what.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

BLOCKS = 16  # the number's bits, lowest first; so numbers go up to 65535
BAND = 6  # the band is a sixth of the height
BEEP_AT, BEEP_SECONDS, BEEP_HERTZ = 0.5, 0.1, 1000  # from each full second


@dataclass(frozen=True)
class Recipe:
    """What ffmpeg is told, and what is to come of it."""

    name: str
    suffix: str
    argv: Callable[[Path], list[str]]  # of the file to write, without the ffmpeg in front
    seconds: float
    fps: Fraction | None = None  # nominal; None without a picture
    width: int = 0  # as shown, even
    height: int = 0
    sound: bool = True
    traits: dict[str, object] = field(default_factory=dict)  # attributes of VideoStream beyond the usual

    @property
    def frames(self) -> int:
        return round(self.seconds * self.fps) if self.fps else 0


def picture(
    width: int, height: int, fps: str, seconds: float, *, scene: str = "testsrc2=", then: str = ""
) -> str:
    """A filter graph that ends in [v]: a moving picture, the number, the flash. `then`: more filters."""
    size = f"s={width}x{height}:r={fps}:d={seconds}"
    band = max(2, height // BAND)
    return (
        f"{scene}{size},format=yuv420p[scene];"
        f"color=black:s={BLOCKS}x1:r={fps}:d={seconds},format=gray,geq=lum='if(mod(floor(N/pow(2,X)),2),235,16)',"
        f"scale={width}:{band}:flags=neighbor,format=yuv420p[band];"
        f"[scene][band]overlay=0:0:shortest=1,"
        f"drawbox=x=0:y=ih-{band}:w=iw:h={band}:color=white:t=fill:"
        f"enable='between(mod(t,1),{BEEP_AT - 0.001},{BEEP_AT + BEEP_SECONDS - 0.001})'{then}[v]"
    )


def sound(seconds: float, *, rate: int = 48_000, then: str = "") -> str:
    """A filter graph that ends in [a]: a beep with each flash over a faint hum."""
    beep = f"0.5*sin(2*PI*{BEEP_HERTZ}*t)*between(mod(t,1),{BEEP_AT},{BEEP_AT + BEEP_SECONDS})"
    return f"aevalsrc='{beep}+0.001*sin(2*PI*200*t)':s={rate}:d={seconds}{then}[a]"


X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
AAC = ("-c:a", "aac", "-b:a", "96k")


def both(seconds: float, shown: str, heard: str, *options: str) -> Callable[[Path], list[str]]:
    graph = ["-filter_complex", f"{shown};{heard}", "-map", "[v]", "-map", "[a]"]
    return lambda path: [*graph, *options, "-t", str(seconds), str(path)]


def _plain(name: str, width: int, height: int, seconds: float, *options: str, suffix: str = ".mp4") -> Recipe:
    argv = both(seconds, picture(width, height, "25", seconds), sound(seconds), *X264, *AAC, *options)
    return Recipe(name, suffix, argv, seconds, Fraction(25), width, height)


ALL = (
    _plain("small", 320, 180, 20, "-movflags", "+faststart"),
    _plain("full_hd", 1920, 1080, 8, "-movflags", "+faststart"),
)
RECIPES = {recipe.name: recipe for recipe in ALL}
