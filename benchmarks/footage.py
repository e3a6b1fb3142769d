"""What is encoded: a lecture of slides with a moving picture in its corner, and a clip full of motion.

Made once and kept in the system's folder for temporary files. The slides are drawn here, letter by
letter, since what x264 does with text is what a lecture is about.
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

# As recorders and cameras write it: a keyframe in ten seconds, B-frames, good quality.
RECORDED = ("-c:v", "libx264", "-preset", "superfast", "-crf", "21", "-g", "250", "-pix_fmt", "yuv420p")
SOUND = ("-c:a", "aac", "-b:a", "128k")
MOVING = "mandelbrot=s={}:r=25:maxiter=600,trim=end_frame=250,loop=-1:250,setpts=N/25/TB"
# A voice of a hundred and some hertz with overtones, four syllables a second, a pause for breath
# every five seconds, and some hiss.
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
    argv = [str(tools.ffmpeg), "-nostdin", "-v", "error", "-y", *what, *RECORDED, *SOUND, "-t", str(seconds)]
    subprocess.run([*argv, str(unfinished)], check=True)
    unfinished.rename(path)


def _slides(folder: Path, seconds: int) -> Path:
    """A list for FFmpeg's concat demuxer: each slide stands for 12 to 45 seconds."""
    chance, shown = random.Random(7), 0
    lines: list[str] = []
    while shown < seconds:
        slide = folder / f"{len(lines):03d}.ppm"
        slide.write_bytes(_slide(chance))
        stands = chance.randint(12, 45)
        lines.append(f"file '{slide}'\nduration {stands}\n")
        shown += stands
    index = folder / "slides.txt"
    index.write_text("".join(lines) + f"file '{slide}'\n")
    return index


def _slide(chance: random.Random) -> bytes:
    """A portable pixmap: a title in big letters, then lines of small ones."""
    alphabet = [[chance.getrandbits(LETTER_COLUMNS) for _ in range(LETTER_ROWS)] for _ in range(LETTERS)]
    rows = _line(chance, alphabet, TITLE, pixel=8, words=4)
    for _ in range(chance.randint(6, 12)):
        rows += _line(chance, alphabet, INK, pixel=4, words=chance.randint(4, 9))
    rows = (rows + [PAPER * WIDTH] * HEIGHT)[:HEIGHT]
    return f"P6 {WIDTH} {HEIGHT} 255\n".encode() + b"".join(rows)


def _line(
    chance: random.Random, alphabet: list[list[int]], ink: bytes, *, pixel: int, words: int
) -> list[bytes]:
    """Pixel rows of one line of text and the space below it."""
    space = [0] * LETTER_ROWS
    letters = []
    for _ in range(words):
        letters += [*chance.choices(alphabet, k=chance.randint(2, 11)), space]
    rows = []
    for row in range(LETTER_ROWS):
        dots = "".join(f"{letter[row]:0{LETTER_COLUMNS}b}0" for letter in letters)
        line = PAPER * 90 + b"".join((ink if dot == "1" else PAPER) * pixel for dot in dots)
        rows += [(line + PAPER * WIDTH)[: WIDTH * 3]] * pixel
    return rows + [PAPER * WIDTH] * (4 * pixel)
