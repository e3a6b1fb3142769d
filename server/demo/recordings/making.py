"""Sample recordings, made by FFmpeg from drawn slides and a voice-like tone."""

from pathlib import Path

from server.demo.recordings.slides import HEIGHT, SECONDS, WIDTH, Talk, frames
from transcoder.ffmpeg import process
from transcoder.ffmpeg.process import Command, Limits
from transcoder.ffmpeg.tools import Tools

ENLARGED = 4
FPS = 10  # slides do not move; a third of the work of 25
LIMITS = Limits(seconds=300)
SLIDES = "slides.rgb"
# A fundamental with overtones, four syllables a second, a pause every five seconds.
VOICE = (
    "aevalsrc='0.16*(sin(2*PI*({pitch}*t+3*sin(2*PI*0.7*t)))+0.5*sin(2*PI*({pitch}*2*t+6*sin(2*PI*0.7*t)))"
    "+0.3*sin(2*PI*({pitch}*6*t+9*sin(2*PI*1.3*t))))*(0.12+abs(sin(2*PI*2*t)))*gt(mod(t,5),0.6)"
    "':s=16000:d={seconds},lowpass=f=2400,aresample=48000"
)
PITCHES = (112, 176, 138)  # Hz, by the number of the recording


async def make(tools: Tools, talk: Talk, number: int, folder: Path) -> Path:
    """Raises ProcessFailed."""
    place = folder / talk.filename.partition(".")[0]
    place.mkdir(exist_ok=True)
    slides = place / SLIDES
    slides.write_bytes(frames(talk))
    await process.run(command(tools, talk, number, slides), place, LIMITS)
    slides.unlink()
    return place / talk.filename


def command(tools: Tools, talk: Talk, number: int, slides: Path) -> Command:
    size = f"{WIDTH}x{HEIGHT}"
    voice = VOICE.format(pitch=PITCHES[number % len(PITCHES)], seconds=talk.seconds)
    graph = f"[0:v]hqx={ENLARGED},fps={FPS},format=yuv420p[v];{voice}[a]"
    argv = (
        *(str(tools.ffmpeg), "-nostdin", "-v", "error", "-y"),
        *("-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", size, "-framerate", f"1/{SECONDS}"),
        *("-i", str(slides), "-filter_complex", graph, "-map", "[v]", "-map", "[a]"),
        *("-c:v", "libx264", "-preset", "superfast", "-crf", "20", "-g", "250", "-c:a", "aac", "-b:a", "96k"),
        *("-t", str(talk.seconds), "-movflags", "+faststart", talk.filename),
    )
    return Command(argv, f"recording {talk.filename}")
