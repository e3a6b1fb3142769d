"""Generated test footage: a lecture of slides with a moving inset, and a clip full of motion.

Written once to the system's temporary folder. The slides are drawn letter by letter, since text is what x264
mostly encodes in a lecture.
"""

import random
import subprocess
import tempfile
from pathlib import Path

from transcoder.ffmpeg.tools import Tools

FOLDER = Path(tempfile.gettempdir()) / "skillstudio-footage"
WIDTH, HEIGHT, FPS = 1920, 1080, 25
PAPER, INK, TITLE = b"\xf6\xf4\xee", b"\x22\x26\x30", b"\x1d\x4f\x91"
LETTERS, LETTER_COLUMNS, LETTER_ROWS = 40, 5, 7

# Like recorders and cameras: a keyframe every ten seconds, B-frames, good quality.
RECORDED = ("-c:v", "libx264", "-preset", "superfast", "-crf", "21", "-g", "250", "-pix_fmt", "yuv420p")
AUDIO = ("-c:a", "aac", "-b:a", "128k")
MOVING = "mandelbrot=s={}:r=25:maxiter=600,trim=end_frame=250,loop=-1:250,setpts=N/25/TB"
# Speech-like audio: a fundamental of 115 Hz with overtones, four syllables per second, a pause every five
# seconds, and noise.
SPEECH = (
    "aevalsrc='0.25*(sin(2*PI*(115*t+3*sin(2*PI*0.7*t)))+0.6*sin(2*PI*(230*t+6*sin(2*PI*0.7*t)))"
    "+0.4*sin(2*PI*(690*t+9*sin(2*PI*1.3*t)))+0.2*(random(0)-0.5))"
    "*(0.15+abs(sin(2*PI*2*t)))*gt(mod(t,5),0.6)+0.002*(random(1)-0.5)':s=48000:d={}"
)


def lecture(tools: Tools, seconds: int) -> Path:
    path = FOLDER / f"lecture-{seconds}.mp4"
    if not path.exists():
        with tempfile.TemporaryDirectory(prefix="slides-") as name:
            slides = _slides(Path(name), seconds)
            corner = f"{MOVING.format('480x270')},noise=alls=3:allf=t[corner]"
            graph = f"{corner};[0:v]fps={FPS}[slides];[slides][corner]overlay=W-w-40:H-h-40:shortest=1[v]"
            inputs = (
                "-f",
                "concat",
                "-safe",
                "0",
                "-i",
                str(slides),
                "-f",
                "lavfi",
                "-i",
                SPEECH.format(seconds),
            )
            _make(
                tools, path, *inputs, "-filter_complex", graph, "-map", "[v]", "-map", "1:a", seconds=seconds
            )
    return path


def busy(tools: Tools, seconds: int) -> Path:
    path = FOLDER / f"busy-{seconds}.mp4"
    if not path.exists():
        shown = (
            f"{MOVING.format('960x540')},scale={WIDTH}:{HEIGHT},scroll=h=0.004:v=0.002,noise=alls=4:allf=t"
        )
        inputs = ("-f", "lavfi", "-i", shown, "-f", "lavfi", "-i", SPEECH.format(seconds))
        _make(tools, path, *inputs, seconds=seconds)
    return path


def _make(tools: Tools, path: Path, *what: str, seconds: int) -> None:
    FOLDER.mkdir(exist_ok=True)
    unfinished = path.with_suffix(".part.mp4")
    argv = [str(tools.ffmpeg), "-nostdin", "-v", "error", "-y", *what, *RECORDED, *AUDIO, "-t", str(seconds)]
    subprocess.run([*argv, str(unfinished)], check=True)
    unfinished.rename(path)


def _slides(folder: Path, seconds: int) -> Path:
    """Input list for FFmpeg's concat demuxer: each slide is shown for 12 to 45 seconds."""
    rng, shown = random.Random(7), 0
    lines: list[str] = []
    while shown < seconds:
        slide = folder / f"{len(lines):03d}.ppm"
        slide.write_bytes(_slide(rng))
        duration = rng.randint(12, 45)
        lines.append(f"file '{slide}'\nduration {duration}\n")
        shown += duration
    index = folder / "slides.txt"
    index.write_text("".join(lines) + f"file '{slide}'\n")
    return index


def _slide(rng: random.Random) -> bytes:
    """Portable pixmap: a title in large letters, then lines of small letters."""
    alphabet = [[rng.getrandbits(LETTER_COLUMNS) for _ in range(LETTER_ROWS)] for _ in range(LETTERS)]
    rows = _line(rng, alphabet, TITLE, pixel=8, words=4)
    for _ in range(rng.randint(6, 12)):
        rows += _line(rng, alphabet, INK, pixel=4, words=rng.randint(4, 9))
    rows = (rows + [PAPER * WIDTH] * HEIGHT)[:HEIGHT]
    return f"P6 {WIDTH} {HEIGHT} 255\n".encode() + b"".join(rows)


def _line(
    rng: random.Random, alphabet: list[list[int]], ink: bytes, *, pixel: int, words: int
) -> list[bytes]:
    """Pixel rows of one line of text and the spacing below it."""
    space = [0] * LETTER_ROWS
    letters = []
    for _ in range(words):
        letters += [*rng.choices(alphabet, k=rng.randint(2, 11)), space]
    rows = []
    for row in range(LETTER_ROWS):
        dots = "".join(f"{letter[row]:0{LETTER_COLUMNS}b}0" for letter in letters)
        line = PAPER * 90 + b"".join((ink if dot == "1" else PAPER) * pixel for dot in dots)
        rows += [(line + PAPER * WIDTH)[: WIDTH * 3]] * pixel
    return rows + [PAPER * WIDTH] * (4 * pixel)
