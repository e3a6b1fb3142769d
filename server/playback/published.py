"""Playable part of a revision, read from its job rows."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database.tables import Job, Video
from storage.states import JobKind, JobState, RevisionState
from transcoder.media import AudioResult, ChunkResult, PublishedVideo, RenditionPart, Segment
from transcoder.packaging.playlist import AUDIO, rendition_parts
from transcoder.planning.plan import Plan


class Published(msgspec.Struct, frozen=True):
    plan: Plan
    chunks: tuple[ChunkResult, ...]  # finished, contiguous from the first
    audio: AudioResult | None
    ended: bool  # no more segments will be added

    @property
    def playable(self) -> bool:
        """At least one segment of every stream of the lecture."""
        video = self.plan.video is None or bool(self.chunks)
        audio = self.plan.audio is None or (self.audio is not None and bool(self.audio.part.segments))
        return video and audio

    def parts(self, rendition: str) -> tuple[RenditionPart, ...]:
        """Contiguous parts from the rendition's first segment; empty when there is no such rendition."""
        if rendition == AUDIO:
            return (self.audio.part,) if self.audio else ()
        return rendition_parts(self.chunks, rendition)

    @property
    def playable_seconds(self) -> float:
        """Playable duration: the shorter of video and audio."""
        ends = []
        if self.plan.video is not None:
            segments = (s for chunk in self.chunks for s in chunk.parts[0].segments)
            ends.append(_ticks(segments) / self.plan.video.timescale)
        if self.plan.audio is not None:
            part = self.audio.part if self.audio else None
            ends.append(_ticks(part.segments) / part.timescale if part else 0.0)
        return min(ends, default=0.0)


async def published(session: AsyncSession, video_id: str) -> Published | None:
    """Playable part. None when there is no such revision or it has no plan yet."""
    video = await session.get(Video, video_id)
    if video is None or video.plan is None:
        return None
    plan = msgspec.convert(video.plan, Plan)
    if video.published is not None and video.state == RevisionState.READY:
        document = msgspec.convert(video.published, PublishedVideo)
        return Published(plan=plan, chunks=document.chunks, audio=document.audio, ended=True)
    rows = (
        await session.execute(
            select(Job.kind, Job.number, Job.result, Job.state)
            .where(
                Job.video_id == video_id,
                Job.kind.in_((JobKind.CHUNK, JobKind.AUDIO)),
                Job.result.is_not(None),
            )
            .order_by(Job.number)
        )
    ).all()
    done = [msgspec.convert(row.result, ChunkResult) for row in _prefix(rows)]
    audio = next(
        (msgspec.convert(row.result, AudioResult) for row in rows if row.kind == JobKind.AUDIO), None
    )
    return Published(
        plan=plan,
        chunks=tuple(done),
        audio=audio,
        ended=video.state == RevisionState.READY,
    )


def _prefix(rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    chunks = (row for row in rows if row.kind == JobKind.CHUNK and row.state == JobState.DONE)
    return [row for number, row in enumerate(chunks) if row.number == number]


def _ticks(segments: Iterable[Segment]) -> int:
    return sum(segment.duration for segment in segments)
