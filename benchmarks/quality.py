"""VMAF v0.6.1 of a rung against its source, upscaled to 1080p."""

import subprocess
import tempfile
from pathlib import Path

import msgspec

from transcoder.ffmpeg.tools import Tools

SECONDS = 60  # from the start; the whole file would take longer than its encoding
SUBSAMPLE = 5  # one frame in five

# Both inputs get the same colour tags and timestamps. Only the product's files carry colour tags; ffmpeg
# would otherwise convert between the two, which lowers the score.
COLOURS = "setparams=range=limited:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
NORMALIZED = f"{COLOURS},settb=1/25000,setpts=N*1000"


class Scores(msgspec.Struct):
    pooled_metrics: dict[str, dict[str, float]]


def vmaf(tools: Tools, made: Path, original: Path) -> float:
    """Mean VMAF over the sampled frames."""
    with tempfile.TemporaryDirectory(prefix="vmaf-") as folder:
        graph = (
            f"[0:v]{NORMALIZED},scale=1920:1080:flags=bicubic[made];[1:v]{NORMALIZED}[original];"
            f"[made][original]libvmaf=log_fmt=json:log_path=scores.json:n_threads=2:n_subsample={SUBSAMPLE}"
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
