"""How far a rung is from its source: VMAF v0.6.1, as a 1080p screen shows it."""

import subprocess
import tempfile
from pathlib import Path

import msgspec

from transcoder.ffmpeg.tools import Tools

SECONDS = 60  # from the beginning; the whole would take longer than its encode
EVERY = 5  # frames

# Both sides are called the same colours and get the same times. The bare files name no colours and the
# product's do: ffmpeg would convert the one to the other on the way, which looks like a worse encode.
COLOURS = "setparams=range=limited:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
ALIKE = f"{COLOURS},settb=1/25000,setpts=N*1000"


class Scores(msgspec.Struct):
    pooled_metrics: dict[str, dict[str, float]]


def vmaf(tools: Tools, made: Path, original: Path) -> float:
    """The mean over the frames looked at."""
    with tempfile.TemporaryDirectory(prefix="vmaf-") as folder:
        graph = (
            f"[0:v]{ALIKE},scale=1920:1080:flags=bicubic[made];[1:v]{ALIKE}[original];"
            f"[made][original]libvmaf=log_fmt=json:log_path=scores.json:n_threads=2:n_subsample={EVERY}"
        )
        length = ("-t", str(SECONDS))
        argv = [
            str(tools.ffmpeg),
            "-nostdin",
            "-v",
            "error",
            *length,
            "-i",
            str(made),
            *length,
            "-i",
            str(original),
        ]
        subprocess.run([*argv, "-lavfi", graph, "-f", "null", "-"], check=True, cwd=folder)
        scores = msgspec.json.decode((Path(folder) / "scores.json").read_bytes(), type=Scores)
    return scores.pooled_metrics["vmaf"]["mean"]
