"""Progress, speed and remaining time of a revision, estimated from its jobs. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from storage.states import JobKind, JobState
from transcoder.planning.plan import Plan

RECENT = timedelta(seconds=90)  # window over which the speed is measured
SETTLED = timedelta(seconds=5)  # a shorter measurement is dominated by the first encoder's start-up
FINISHING_SECONDS = 3.0
PREPARED, FINISHED = 2, 4  # percent of the progress bar for the prepare and finish jobs
AUDIO_SHARE = 0.05  # of the rest, when there is video


class JobView(msgspec.Struct, frozen=True):
    """Columns of a job row that the estimate needs."""

    kind: str
    number: int
    state: str
    progress: float = 0.0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    result: dict[str, Any] | None = None


class Estimate(msgspec.Struct, frozen=True):
    progress: int  # 0-100
    playable_seconds: float
    speed: float | None  # seconds of lecture per second, all workers together
    eta_seconds: int | None


def estimate(plan: Plan | None, jobs: Sequence[JobView], now: datetime) -> Estimate:
    """Estimate for an active revision; `jobs` ordered by number."""
    if plan is None:
        return Estimate(progress=0, playable_seconds=0.0, speed=None, eta_seconds=None)
    main = "chunk" if plan.video is not None else "audio"
    lengths = _lengths(plan)
    parts = [job for job in jobs if job.kind == main]
    total = sum(lengths.values())
    done = sum(lengths.get(job.number, 0.0) * _fraction(job) for job in parts)
    speed = _speed(parts, lengths, now)
    eta = (total - done) / speed + FINISHING_SECONDS if speed else None
    return Estimate(
        progress=_percent(plan, jobs, done / total),
        playable_seconds=round(_playable(plan, jobs, lengths), 3),
        speed=round(speed, 2) if speed else None,
        eta_seconds=round(eta) if eta is not None else None,
    )


def _lengths(plan: Plan) -> dict[int, float]:
    """Seconds of the lecture by chunk number; the whole duration under 0 when there is only audio."""
    if plan.video is None:
        return {0: plan.duration}
    frame = plan.video.fps_den / plan.video.fps_num
    return {chunk.number: chunk.frames * frame for chunk in plan.video.chunks}


def _fraction(job: JobView) -> float:
    return (
        1.0
        if job.state == JobState.DONE
        else min(job.progress, 1.0)
        if job.state == JobState.RUNNING
        else 0.0
    )


def _percent(plan: Plan, jobs: Sequence[JobView], main: float) -> int:
    audio = next((_fraction(job) for job in jobs if job.kind == JobKind.AUDIO), 1.0)
    weight = AUDIO_SHARE if plan.video is not None and plan.audio is not None else 0.0
    work = main * (1 - weight) + audio * weight
    return min(99, int(PREPARED + work * (100 - PREPARED - FINISHED)))


def _speed(parts: Sequence[JobView], lengths: dict[int, float], now: datetime) -> float | None:
    """Seconds of lecture encoded in the RECENT window per second, all workers together.

    A job that began before the window counts by the share of its running time inside it.
    """
    recent = [
        job
        for job in parts
        if job.state in (JobState.RUNNING, JobState.DONE) and (job.finished_at or now) >= now - RECENT
    ]
    spans = [
        (job.started_at, job.finished_at or now, lengths.get(job.number, 0.0) * _fraction(job))
        for job in recent
        if job.started_at
    ]
    if not spans:
        return None
    begin = max(now - RECENT, min(start for start, _, _ in spans))
    end = max(end for _, end, _ in spans)
    if end - begin < SETTLED and not any(job.state == JobState.DONE for job in recent):
        return None
    encoded = sum(seconds * _share(start, stop, begin) for start, stop, seconds in spans)
    elapsed = (end - begin).total_seconds()
    return encoded / elapsed if elapsed > 0 and encoded > 0 else None


def _share(start: datetime, stop: datetime, begin: datetime) -> float:
    """Fraction of a job's running time after `begin`."""
    whole = (stop - start).total_seconds()
    return (stop - max(start, begin)).total_seconds() / whole if whole > 0 else 1.0


def _playable(plan: Plan, jobs: Sequence[JobView], lengths: dict[int, float]) -> float:
    """Seconds that can be played: video without a gap, and no further than the audio."""
    ends = []
    if plan.video is not None:
        seconds = 0.0
        for number, job in enumerate(job for job in jobs if job.kind == JobKind.CHUNK):
            if job.number != number or job.state != JobState.DONE:
                break
            seconds += lengths.get(number, 0.0)
        ends.append(seconds)
    if plan.audio is not None:
        ends.append(_audio_seconds(jobs, plan))
    return min(ends, default=0.0)


def _audio_seconds(jobs: Sequence[JobView], plan: Plan) -> float:
    job = next((job for job in jobs if job.kind == JobKind.AUDIO), None)
    if job is None or job.result is None:
        return 0.0
    if job.result.get("complete"):
        return plan.duration
    part = job.result["part"]
    return float(sum(segment["duration"] for segment in part["segments"]) / part["timescale"])
