"""Progress and speed of a revision, estimated from its jobs; its remaining time, from all jobs. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from storage.states import JobKind, JobState
from transcoder.jobs.sharing import rules as sharing
from transcoder.jobs.sharing.rules import Backlog, Run
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


class QueueEstimate(msgspec.Struct, frozen=True):
    """How long a revision still takes beside all others."""

    place: int  # among the lectures that wait; 1 is next
    eta_seconds: int | None  # None while there is no plan, or the speed is unknown


def estimate(plan: Plan | None, jobs: Sequence[JobView], now: datetime) -> Estimate:
    """Estimate for an active revision; `jobs` ordered by number."""
    if plan is None:
        return Estimate(progress=0, playable_seconds=0.0, speed=None)
    main = "chunk" if plan.video is not None else "audio"
    lengths = _lengths(plan)
    parts = [job for job in jobs if job.kind == main]
    total = sum(lengths.values())
    done = sum(lengths.get(job.number, 0.0) * _fraction(job) for job in parts)
    speed = _speed(parts, lengths, now)
    return Estimate(
        progress=_percent(plan, jobs, done / total),
        playable_seconds=round(_playable(plan, jobs, lengths), 3),
        speed=round(speed, 2) if speed else None,
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
    """Seconds of lecture encoded in the RECENT window per second, all workers together."""
    recent = [
        Span(job.started_at, job.finished_at, lengths.get(job.number, 0.0) * _fraction(job))
        for job in parts
        if job.started_at and job.state in (JobState.RUNNING, JobState.DONE)
    ]
    return throughput(recent, now)


class Span(msgspec.Struct, frozen=True):
    """Part of the work, from its start to its end or until now."""

    start: datetime
    end: datetime | None  # None: it goes on
    amount: float  # that is done


def throughput(spans: Sequence[Span], now: datetime) -> float | None:
    """Amount done in the RECENT window per second; None while that is too little to tell.

    Work that began before the window counts by the share of its running time inside it.
    """
    recent = [span for span in spans if (span.end or now) >= now - RECENT]
    if not recent:
        return None
    begin = max(now - RECENT, min(span.start for span in recent))
    end = max(span.end or now for span in recent)
    if end - begin < SETTLED and not any(span.end for span in recent):
        return None
    done = sum(span.amount * _share(span.start, span.end or now, begin) for span in recent)
    elapsed = (end - begin).total_seconds()
    return done / elapsed if elapsed > 0 and done > 0 else None


def queue_estimate(
    video_id: str, backlogs: Sequence[Backlog], runs: Sequence[Run], now: datetime
) -> QueueEstimate:
    """Place and remaining time of an active revision, from everybody's backlogs and recent jobs."""
    place = sharing.place(video_id, sharing.in_order(backlogs, sharing.use(runs, now)))
    mine = next((one for one in backlogs if one.video_id == video_id), None)
    encoding = [run for run in runs if run.cost > 0]
    speed = throughput(
        [Span(run.started_at, run.finished_at, run.cost * run.progress) for run in encoding], now
    )
    if mine is None or speed is None or not mine.cost:
        return QueueEstimate(place, None)
    seconds = sharing.seconds_left(mine, backlogs, speed) + FINISHING_SECONDS
    if not (mine.running or mine.short):
        seconds += sharing.until_free([run for run in encoding if run.finished_at is None], speed)
    return QueueEstimate(place, round(seconds))


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
