"""The same pictures and sound without the product: what a person would type."""

import resource
import subprocess
import time
from pathlib import Path

import msgspec

from transcoder.ffmpeg.command import PRESET
from transcoder.ffmpeg.tools import Tools
from transcoder.ffmpeg.video_filters import SCALER
from transcoder.media import Rung
from transcoder.planning.plan import AUDIO_BITRATE, SAMPLE_RATE, Plan, require

LOUDNESS = f"loudnorm=I=-16:TP=-1.5:LRA=11,aresample={SAMPLE_RATE}"
ONCE = "one ffmpeg, one decode"
THRICE = "three ffmpeg passes"


class Took(msgspec.Struct, frozen=True):
    seconds: float  # by the clock
    cpu: float  # seconds of all processes together
    files: dict[str, Path]  # by rung


def once(tools: Tools, original: Path, plan: Plan, folder: Path) -> Took:
    """One decode, three outputs, the sound beside them."""
    rungs = require(plan.video).rungs
    split = f"[0:v]split={len(rungs)}" + "".join(f"[in{rung.name}]" for rung in rungs)
    graph = ";".join([split, *(f"[in{rung.name}]{_scaled(rung)}[{rung.name}]" for rung in rungs)])
    files = {rung.name: folder / f"{rung.name}.mp4" for rung in rungs}
    argv = ["-i", str(original), "-filter_complex", graph]
    for rung in rungs:
        argv += ["-map", f"[{rung.name}]", *_encoder(rung, plan), str(files[rung.name])]
    argv += ["-map", "0:a", *_sound(), str(folder / "sound.mp4")]
    return _timed([[str(tools.ffmpeg), *argv]], files)


def thrice(tools: Tools, original: Path, plan: Plan, folder: Path) -> Took:
    """A pass for each rung, the sound in each, as renditions with both in one file need it."""
    passes, files = [], {}
    for rung in require(plan.video).rungs:
        files[rung.name] = folder / f"{rung.name}.mp4"
        argv = ["-i", str(original), "-vf", _scaled(rung), *_encoder(rung, plan), *_sound()]
        passes.append([str(tools.ffmpeg), *argv, str(files[rung.name])])
    return _timed(passes, files)


def _scaled(rung: Rung) -> str:
    return f"scale={rung.width}:{rung.height}:flags={SCALER},format=yuv420p"


def _encoder(rung: Rung, plan: Plan) -> list[str]:
    gop = str(require(plan.video).gop_frames)
    return [
        *("-c:v", "libx264", "-preset", PRESET, "-profile:v", "high", "-crf", str(rung.crf)),
        *("-maxrate", str(rung.max_bitrate), "-bufsize", str(2 * rung.max_bitrate)),
        *("-g", gop, "-keyint_min", gop, "-sc_threshold", "0", "-flags", "+cgop"),
    ]


def _sound() -> list[str]:
    return ["-af", LOUDNESS, "-ac", "2", "-c:a", "aac", "-b:a", str(AUDIO_BITRATE)]


def _timed(commands: list[list[str]], files: dict[str, Path]) -> Took:
    begun, before = time.monotonic(), cpu_of_children()
    for ffmpeg, *argv in commands:
        subprocess.run([ffmpeg, "-nostdin", "-v", "error", "-y", *argv], check=True)
    return Took(time.monotonic() - begun, cpu_of_children() - before, files)


def cpu_of_children() -> float:
    """Seconds that ended children and theirs have used."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
