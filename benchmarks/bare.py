"""Plain ffmpeg command lines with the product's encoder settings, for comparison."""

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
ONE_PASS = "one ffmpeg, one decode"
THREE_PASSES = "three ffmpeg passes"


class Timing(msgspec.Struct, frozen=True):
    seconds: float  # wall time
    cpu: float  # seconds, all processes
    files: dict[str, Path]  # by rung name


def one_pass(tools: Tools, original: Path, plan: Plan, folder: Path) -> Timing:
    """One decode, three video outputs, and the audio in a file of its own."""
    rungs = require(plan.video).rungs
    split = f"[0:v]split={len(rungs)}" + "".join(f"[in{rung.name}]" for rung in rungs)
    graph = ";".join([split, *(f"[in{rung.name}]{_scale_filter(rung)}[{rung.name}]" for rung in rungs)])
    files = {rung.name: folder / f"{rung.name}.mp4" for rung in rungs}
    argv = ["-i", str(original), "-filter_complex", graph]
    for rung in rungs:
        argv += ["-map", f"[{rung.name}]", *_video_options(rung, plan), str(files[rung.name])]
    argv += ["-map", "0:a", *_audio_options(), str(folder / "audio.mp4")]
    return _timed([[str(tools.ffmpeg), *argv]], files)


def three_passes(tools: Tools, original: Path, plan: Plan, folder: Path) -> Timing:
    """One pass for each rung with the audio in each, as muxed renditions need it."""
    passes, files = [], {}
    for rung in require(plan.video).rungs:
        files[rung.name] = folder / f"{rung.name}.mp4"
        argv = [
            "-i",
            str(original),
            "-vf",
            _scale_filter(rung),
            *_video_options(rung, plan),
            *_audio_options(),
        ]
        passes.append([str(tools.ffmpeg), *argv, str(files[rung.name])])
    return _timed(passes, files)


def _scale_filter(rung: Rung) -> str:
    return f"scale={rung.width}:{rung.height}:flags={SCALER},format=yuv420p"


def _video_options(rung: Rung, plan: Plan) -> list[str]:
    gop = str(require(plan.video).gop_frames)
    return [
        *("-c:v", "libx264", "-preset", PRESET, "-profile:v", "high", "-crf", str(rung.crf)),
        *("-maxrate", str(rung.max_bitrate), "-bufsize", str(2 * rung.max_bitrate)),
        *("-g", gop, "-keyint_min", gop, "-sc_threshold", "0", "-flags", "+cgop"),
    ]


def _audio_options() -> list[str]:
    return ["-af", LOUDNESS, "-ac", "2", "-c:a", "aac", "-b:a", str(AUDIO_BITRATE)]


def _timed(commands: list[list[str]], files: dict[str, Path]) -> Timing:
    started, before = time.monotonic(), cpu_of_children()
    for ffmpeg, *argv in commands:
        subprocess.run([ffmpeg, "-nostdin", "-v", "error", "-y", *argv], check=True)
    return Timing(time.monotonic() - started, cpu_of_children() - before, files)


def cpu_of_children() -> float:
    """CPU seconds used by terminated child processes and their children."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
