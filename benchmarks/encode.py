"""Encoding benchmark: `python -m benchmarks.encode`, the product and plain ffmpeg on the same footage.

Goals with two workers on two cores: at most 1.00 of the time of one ffmpeg with one decode and
three outputs, and at most 0.78 of three passes; two workers, each pinned to a core, at least 1.85
times as fast as one; one job at 1080p within 700 MB.
"""

import argparse
import os
import statistics
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from benchmarks import bare, footage, product
from benchmarks.bare import Timing
from benchmarks.product import Encoded
from benchmarks.quality import vmaf
from transcoder.ffmpeg.tools import Tools, find_tools

LECTURE_SECONDS, BUSY_SECONDS, SCALING_SECONDS = 600, 120, 120
CORES = 2


class Round(NamedTuple):
    """One run of each, directly after each other, so that a slow phase of the machine affects all."""

    product_run: Encoded
    one_pass: Timing
    three_passes: Timing


def main() -> None:
    _run(LECTURE_SECONDS, BUSY_SECONDS, rounds=1, quality=True)


def _run(lecture: int, busy: int, *, rounds: int, quality: bool) -> None:
    tools = find_tools()
    for name, make, seconds in (("lecture", footage.lecture, lecture), ("busy clip", footage.busy, busy)):
        if seconds:
            print(f"{name} of {seconds} s, {rounds} round(s)\n", flush=True)
            compare(tools, make(tools, seconds), rounds, quality=quality)
    print("one worker and two, each pinned to one core\n", flush=True)
    scale(footage.lecture(tools, min(lecture or SCALING_SECONDS, SCALING_SECONDS)))


def compare(tools: Tools, original: Path, rounds: int, *, quality: bool) -> None:
    cores = sorted(os.sched_getaffinity(0))[:CORES]
    made = []
    for number in range(rounds):
        with tempfile.TemporaryDirectory(prefix="encode-", dir=footage.FOLDER) as name:
            folders = [Path(name) / kind for kind in ("product", "one_pass", "three_passes")]
            for folder in folders:
                folder.mkdir()
            product_run = product.encode(original, folders[0], [set(cores)] * CORES)
            made.append(
                Round(
                    product_run,
                    bare.one_pass(tools, original, product_run.plan, folders[1]),
                    bare.three_passes(tools, original, product_run.plan, folders[2]),
                )
            )
            if number == rounds - 1:
                _print_rungs(tools, original, made[-1], quality=quality)
    _print_times(made)


def _print_times(rounds: list[Round]) -> None:
    product_run, one_pass, three_passes = (
        [one.product_run for one in rounds],
        [one.one_pass for one in rounds],
        [one.three_passes for one in rounds],
    )
    print(f"\n{'':<26}{'wall time':>9}{'CPU':>9}")
    for name, runs in (
        ("product, two workers", product_run),
        (bare.ONE_PASS, one_pass),
        (bare.THREE_PASSES, three_passes),
    ):
        print(f"{name:<26}{_median(run.seconds for run in runs):>8.1f}s{_median(r.cpu for r in runs):>8.1f}s")
    for name, others in (("product / one decode", one_pass), ("product / three passes", three_passes)):
        pairs = list(zip(product_run, others, strict=True))
        clock = _median(our.seconds / other.seconds for our, other in pairs)
        print(f"{name:<26}{clock:>9.3f}{_median(our.cpu / other.cpu for our, other in pairs):>9.3f}")
    print(f"{'playable after':<26}{_median(one.product_run.playable for one in rounds):>8.1f}s")
    print(f"{'largest worker':<26}{max(one.product_run.peak for one in rounds) / 1e6:>7.0f}MB\n", flush=True)


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)


def _print_rungs(tools: Tools, original: Path, made: Round, *, quality: bool) -> None:
    print(f"{'':<10}{'bytes':>12}{'VMAF':>7}{'one decode':>14}{'VMAF':>7}{'three passes':>14}")
    for rung in made.product_run.files:
        row = f"{rung:<10}"
        for files, width in ((made.product_run.files, 12), (made.one_pass.files, 14)):
            score = f"{vmaf(tools, files[rung], original):.1f}" if quality else ""
            row += f"{files[rung].stat().st_size:>{width},}{score:>7}"
        print(f"{row}{made.three_passes.files[rung].stat().st_size:>14,}", flush=True)


def scale(original: Path) -> None:
    first, second, *_ = sorted(os.sched_getaffinity(0))
    times = []
    for cores in ([{first}], [{first}, {second}]):
        with tempfile.TemporaryDirectory(prefix="scale-", dir=footage.FOLDER) as folder:
            encoded = product.encode(original, Path(folder), cores)
        times.append(encoded.seconds)
        print(f"{f'{len(cores)} worker(s)':<26}{encoded.seconds:>8.1f}s{encoded.cpu:>8.1f}s", flush=True)
    print(f"{'speed-up':<26}{times[0] / times[1]:>9.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lecture", type=int, default=LECTURE_SECONDS, help="seconds; 0: none")
    parser.add_argument("--busy", type=int, default=BUSY_SECONDS, help="seconds; 0: none")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--no-quality", action="store_true", help="leave VMAF out")
    chosen = parser.parse_args()
    _run(chosen.lecture, chosen.busy, rounds=chosen.rounds, quality=not chosen.no_quality)
