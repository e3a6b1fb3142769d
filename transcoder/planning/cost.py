"""Encoding work of a job, in seconds: what one second of a full 1080p ladder at 30 fps takes is 1. Pure.

Relative figures, for fair shares and the remaining time of a queue; speeds are measured.
"""

from storage.states import JobKind
from transcoder.planning.chunking import CUT_SECONDS
from transcoder.planning.plan import Plan

FULL_RATE = 30 * (1920 * 1080 + 1280 * 720 + 854 * 480)  # pixels per second of the full ladder
AUDIO = 0.03  # of the time that video of the same length takes (docs/benchmarks.md)


def job_cost(plan: Plan, kind: str, number: int) -> float:
    """Cost of a part of the plan: the audio, or the chunk of this number."""
    if kind == JobKind.AUDIO:
        return plan.audio.duration * AUDIO if plan.audio else 0.0
    if kind != JobKind.CHUNK or plan.video is None:
        return 0.0
    pixels = sum(rung.width * rung.height for rung in plan.video.rungs)
    return CUT_SECONDS + plan.video.chunks[number].frames * pixels / FULL_RATE
