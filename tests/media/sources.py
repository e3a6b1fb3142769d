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


Options = tuple[str, ...]
Argv = Callable[[Path], list[str]]  # of the file to write, without the ffmpeg in front


@dataclass(frozen=True)
class Recipe:
    """What ffmpeg is told, and what is to come of it."""

    name: str
    suffix: str
    argv: Argv
    seconds: float
    fps: Fraction | None = None  # nominal; None without a picture
    width: int = 0  # as shown, even
    height: int = 0
    sound: bool = True
    traits: dict[str, object] = field(default_factory=dict)  # attributes of VideoStream beyond the usual

    @property
    def frames(self) -> int:
        return round(self.seconds * self.fps) if self.fps else 0


def picture(width: int, height: int, fps: str, seconds: float, *, scene: str = "", then: str = "") -> str:
    """A filter graph: a moving picture (or `scene`), the number, the flash, and the filters in `then`."""
    length = f"r={fps}:d={seconds}"
    scene = scene or f"testsrc2=s={width}x{height}:{length}"
    band = max(2, height // BAND)
    return (
        f"{scene},format=yuv420p[scene];"
        f"color=black:s={BLOCKS}x1:{length},format=gray,geq=lum='if(mod(floor(N/pow(2,X)),2),235,16)',"
        f"scale={width}:{band}:flags=neighbor,format=yuv420p[band];"
        f"[scene][band]overlay=0:0:shortest=1,"
        f"drawbox=x=0:y=ih-{band}:w=iw:h={band}:color=white:t=fill:"
        f"enable='between(mod(t,1),{BEEP_AT - 0.001},{BEEP_AT + BEEP_SECONDS - 0.001})'{then}"
    )


def sound(seconds: float, *, rate: int = 48_000, then: str = "") -> str:
    """A filter graph: a beep with each flash over a faint hum, and the filters in `then`."""
    beep = f"0.5*sin(2*PI*{BEEP_HERTZ}*t)*between(mod(t,1),{BEEP_AT},{BEEP_AT + BEEP_SECONDS})"
    return f"aevalsrc='{beep}+0.001*sin(2*PI*200*t)':s={rate}:d={seconds}{then}"


X264 = ("-c:v", "libx264", "-preset", "ultrafast")
X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", "-tag:v", "hvc1")
X264_REORDERED = ("-c:v", "libx264", "-preset", "fast", "-bf", "6")
X265_OPEN = (*X265, "-preset", "fast", "-g", "50", "-x265-params", "log-level=error:open-gop=1:bframes=6")
VP9 = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "2M", "-c:a", "libopus")
MPEG2 = ("-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-field_order", "tt", "-b:v", "6M", "-c:a", "mp2")
AAC = ("-c:a", "aac", "-b:a", "96k")
SMALL = (320, 180)
SECONDS = 7.0  # a segment of six and the beginning of the next


def made(shown: str, heard: str, *options: str, before: Options = (), before_sound: Options = ()) -> Argv:
    """Of two graphs, either of which may be empty; options `before` belong to their inputs."""
    graphs = [(*before, "-f", "lavfi", "-i", shown)] if shown else []
    graphs += [(*before_sound, "-f", "lavfi", "-i", heard)] if heard else []
    inputs = [word for graph in graphs for word in graph]
    return lambda path: [*inputs, *options, str(path)]


def h264(
    name: str,
    *options: str,
    suffix: str = ".mp4",
    size: tuple[int, int] = SMALL,
    fps: str = "25",
    seconds: float = SECONDS,
    shown: tuple[int, int] | None = None,
    then: str = "",
    heard: str = "",
    **traits: object,
) -> Recipe:
    """H.264 and AAC; `then` and `heard` are filters, `options` go before the output."""
    argv = made(picture(*size, fps, seconds, then=then), sound(seconds, then=heard), *X264, *AAC, *options)
    return Recipe(name, suffix, argv, seconds, Fraction(fps), *(shown or size), traits=traits)


def interlaced() -> Recipe:
    """Fields of two moments in one frame, as a camera delivers them; both carry one number."""
    scene = f"testsrc2=s=720x576:r=50:d={SECONDS},tinterlace=interleave_top"
    shown = picture(720, 576, "25", SECONDS, scene=scene, then=",setsar=16/15")
    argv = made(shown, sound(SECONDS), *MPEG2)
    return Recipe("interlaced_ts", ".ts", argv, SECONDS, Fraction(25), 768, 576, traits={"interlaced": True})


def uhd60() -> Recipe:
    scene = "testsrc2=s=960x540:r=60:d=2,scale=3840:2160:flags=neighbor"
    argv = made(picture(3840, 2160, "60", 2, scene=scene), sound(2), *X265, *AAC)
    return Recipe("uhd60_hevc", ".mp4", argv, 2, Fraction(60), 3840, 2160)


def portrait() -> Recipe:
    """Stored lying on its side, as a telephone stores it."""
    graph = picture(180, 320, "30", SECONDS, then=",transpose=cclock")
    turn = ("-noautorotate", "-display_rotation", "-90")
    argv = made(graph, sound(SECONDS), *X264, *AAC, before=turn)
    return Recipe("portrait", ".mp4", argv, SECONDS, Fraction(30), 180, 320, traits={"rotation": 90})


def seventy_minutes() -> Recipe:
    """Its numbers reach 41999."""
    length = 70 * 60.0
    shown = picture(128, 72, "10", length, scene=f"color=gray:s=128x72:r=10:d={length}")
    argv = made(shown, sound(length, rate=8_000), *X264, "-g", "100", "-c:a", "flac")
    return Recipe("seventy_minutes", ".mkv", argv, length, Fraction(10), 128, 72)


def late_sound() -> Recipe:
    """The microphone is switched on after a second."""
    graph = picture(*SMALL, "25", SECONDS), sound(SECONDS - 1)
    argv = made(*graph, *X264, *AAC, before_sound=("-itsoffset", "1"))
    return Recipe("late_sound", ".mkv", argv, SECONDS, Fraction(25), *SMALL)


def hdr() -> Recipe:
    marks = "setparams=color_trc=smpte2084:color_primaries=bt2020:colorspace=bt2020nc"
    graph = picture(*SMALL, "25", SECONDS, then=f",format=yuv420p10le,{marks}")
    argv = made(graph, sound(SECONDS), *X265, *AAC)
    traits: dict[str, object] = {"hdr": True, "color_space": "bt2020nc"}
    return Recipe("hdr", ".mp4", argv, SECONDS, Fraction(25), *SMALL, traits=traits)


def vp9(name: str, size: tuple[int, int], seconds: float, *options: str) -> Recipe:
    argv = made(picture(*size, "30", seconds), sound(seconds), *VP9, *options)
    return Recipe(name, ".webm", argv, seconds, Fraction(30), *size)


def other(name: str, suffix: str, *options: str, seconds: float = SECONDS) -> Recipe:
    argv = made(picture(*SMALL, "25", seconds), sound(seconds), *options)
    return Recipe(name, suffix, argv, seconds, Fraction(25), *SMALL)


def silent() -> Recipe:
    argv = made(picture(*SMALL, "25", SECONDS), "", *X264)
    return Recipe("silent", ".mp4", argv, SECONDS, Fraction(25), *SMALL, sound=False)


def without_picture(name: str, suffix: str, *options: str, seconds: float = SECONDS) -> Recipe:
    return Recipe(name, suffix, made("", sound(seconds), *options), seconds)


# Between them what the product promises to take and what others stumble over: the media matrix.
MATRIX = (
    h264("full_hd", "-movflags", "+faststart", size=(1920, 1080), seconds=8),
    uhd60(),
    vp9("vp9_720p", (1280, 720), 3),
    interlaced(),
    portrait(),
    h264("four_thirds", size=(640, 480)),
    h264("odd_size", "-pix_fmt", "yuv444p", size=(853, 481), shown=(852, 480)),
    # A telephone in the dark: now and then it leaves out some frames of thirty a second.
    h264(
        "variable_rate",
        "-fps_mode",
        "vfr",
        fps="30",
        then=r",select='not(between(mod(n\,47)\,10\,12)+eq(mod(n\,11)\,5))'",
    ),
    silent(),
    without_picture("sound_only", ".m4a", *AAC),
    h264("surround", heard=",pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0"),
    h264("one_second", seconds=1),
    seventy_minutes(),
    h264("late_start", "-output_ts_offset", "12.34", suffix=".mkv"),
    h264("index_at_end"),
    h264("ntsc", fps="30000/1001"),
    other("avi", ".avi", "-c:v", "mpeg4", "-bf", "2", "-q:v", "3", "-c:a", "libmp3lame"),
    other("program_stream", ".mpg", "-c:v", "mpeg2video", "-bf", "2", "-q:v", "3", "-c:a", "mp2"),
    # What a browser's recorder writes: no length, no index.
    vp9("browser_recording", SMALL, SECONDS, "-live", "1"),
    # One keyframe for all: what a seek may stumble over.
    other("rare_keyframes", ".mkv", *X264, "-g", "9999", "-sc_threshold", "0", *AAC, seconds=14),
    # Keyframes at and around the places where chunks begin, seen and decoded in different orders.
    other("near_keyframes", ".mp4", *X264_REORDERED, "-force_key_frames", "5.96,6.04,12", *AAC, seconds=20),
    other("open_gops", ".mp4", *X264_REORDERED, "-g", "60", "-flags", "-cgop", *AAC, seconds=14),
    other("open_gops_hevc", ".mp4", *X265_OPEN, *AAC, seconds=14),
)

# What else comes in from recorders, editors and telephones: looked at, not encoded, in the tests.
MORE = (
    h264("small", "-movflags", "+faststart", seconds=20),
    h264("wide_pixels", size=(320, 240), shown=(426, 240), then=",setsar=4/3"),
    h264("fragmented", "-movflags", "frag_keyframe+delay_moov", "-g", "25"),
    late_sound(),
    hdr(),
    other("prores", ".mov", "-c:v", "prores_ks", "-profile:v", "0", "-c:a", "pcm_s16le"),
    other("av1", ".mkv", "-c:v", "libsvtav1", "-preset", "12", "-svtav1-params", "lp=1", "-c:a", "libopus"),
    other("theora", ".ogv", "-c:v", "libtheora", "-q:v", "8", "-c:a", "libvorbis"),
    h264("h264_ts", suffix=".ts"),
    without_picture("mp3", ".mp3", "-c:a", "libmp3lame", "-b:a", "96k"),
    without_picture("wav", ".wav"),
    without_picture("flac", ".flac"),
    without_picture("ogg", ".ogg", "-c:a", "libvorbis"),
)
RECIPES = {recipe.name: recipe for recipe in MATRIX + MORE}
