"""Sources, plans and job results as workers would report them, without an encode. Pure."""

from datetime import datetime

import msgspec

from storage.database.tables import Job
from storage.states import JobKind, JobState
from transcoder.jobs.queue import QUICK, TRANSCODE
from transcoder.media import (
    AudioResult,
    AudioStream,
    ChunkResult,
    RenditionPart,
    Segment,
    Source,
    VideoStream,
)
from transcoder.planning.cost import job_cost
from transcoder.planning.plan import AAC_FRAME, Chunk, Plan, make_plan, require

VIDEO_BYTES, AUDIO_BYTES = 300_000, 96_000  # of each segment
HEADER = "0" * 64
SMALL_SEGMENT = Segment(number=0, duration=6, bytes=100)


def source_of(seconds: float, *, height: int = 1080, video: bool = True, audio: bool = True) -> Source:
    """MP4 with 16:9 video at 25 fps and stereo sound."""
    return Source(
        container="mov,mp4",
        bytes=1000,
        duration=seconds,
        start=0.0,
        seekable=True,
        video=VideoStream(0, "h264", width=height * 16 // 9, height=height, fps_num=25, fps_den=1)
        if video
        else None,
        audio=AudioStream(index=1, codec="aac", channels=2, sample_rate=48_000, language="en")
        if audio
        else None,
    )


def plan_of(seconds: float, *, height: int = 1080, video: bool = True, audio: bool = True) -> Plan:
    return make_plan(source_of(seconds, height=height, video=video, audio=audio))


def chunk_result(plan: Plan, chunk: Chunk) -> ChunkResult:
    """Result of one chunk, with a keyframe at the start of each GOP."""
    video = require(plan.video)
    gop = video.gop_frames * video.frame_ticks
    segments = []
    for number in range(chunk.first_segment, chunk.first_segment + chunk.segments):
        end = (number + 1) * video.segment_frames if number < video.segment_count - 1 else video.frames
        ticks = (end - number * video.segment_frames) * video.frame_ticks
        keyframes = tuple((90_000 * n, 9_000, time) for n, time in enumerate(range(0, ticks, gop)))
        segments.append(Segment(number=number, duration=ticks, bytes=VIDEO_BYTES, keyframes=keyframes))
    parts = tuple(
        RenditionPart(rung.name, 1, video.timescale, HEADER, "avc1.640028", chunk.frames, tuple(segments))
        for rung in video.rungs
    )
    return ChunkResult(parts=parts, tiles=(), attempt=1)


def audio_result(plan: Plan, seconds: float | None = None) -> AudioResult:
    """Result of the audio job after its first `seconds`; None: all of them."""
    audio = require(plan.audio)
    total = audio.segment_count
    segment_seconds = audio.segment_frames * AAC_FRAME / audio.sample_rate
    whole = seconds is None or seconds >= plan.duration
    count = total if whole else min(total, round((seconds or 0.0) / segment_seconds))
    made = tuple(Segment(n, audio.segment_frames * AAC_FRAME, AUDIO_BYTES) for n in range(count))
    part = RenditionPart("audio", 1, audio.sample_rate, HEADER, "mp4a.40.2", audio.frames, made)
    return AudioResult(part, complete=count == total)


def small_chunk_result(attempt: int = 1) -> ChunkResult:
    """Result of one segment, for tests of the job rows, which do not read it."""
    part = RenditionPart("180p", attempt, 1, "h", "avc1", 6, (SMALL_SEGMENT,))
    return ChunkResult(parts=(part,), tiles=(), attempt=attempt)


def small_audio_result(attempt: int = 1, *, complete: bool = True) -> AudioResult:
    part = RenditionPart("audio", attempt, 1, "h", "mp4a", 6, (SMALL_SEGMENT,))
    return AudioResult(part=part, complete=complete)


def waiting_job(video_id: str, kind: JobKind, number: int, now: datetime, plan: Plan | None = None) -> Job:
    """Row of a queued job, in the queue that the product puts it in, with its cost if there is a plan."""
    queue = TRANSCODE if number or kind == JobKind.FINISH else QUICK
    cost = job_cost(plan, kind, number) if plan else 0.0
    return Job(video_id=video_id, kind=kind, number=number, queue=queue, queued_at=now, cost=cost)


def done_job(
    video_id: str,
    kind: JobKind,
    number: int,
    result: ChunkResult | AudioResult | None,
    now: datetime,
    plan: Plan | None = None,
) -> Job:
    """Row of a finished job."""
    job = waiting_job(video_id, kind, number, now, plan)
    job.state, job.progress = JobState.DONE, 1.0
    job.result = {} if result is None else msgspec.to_builtins(result)
    return job
