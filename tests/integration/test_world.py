"""Rows of tests/world agree with each other, as those of the product do."""

import pytest
from sqlalchemy import select

from server.core import events
from server.playback.published import published
from storage.database.engine import Database
from storage.database.tables import Job, LearningEvent
from storage.states import FactKind, JobKind, JobState, RevisionState, Role
from tests.fixtures.database import on_both_databases
from tests.world.builder import World
from transcoder.jobs.status import lesson_status

STATUS = {"ready": "ready", "failed": "failed", "cancelled": None}  # the others: processing


@on_both_databases
@pytest.mark.parametrize("state", list(RevisionState))
async def test_lesson_and_video_agree_in_every_state(world: World, state: RevisionState) -> None:
    lesson = await world.lesson()
    video = await world.video(lesson, state=state, seconds=60)
    lesson = await world.reload(lesson)
    async with world.database.read() as session:
        status = await lesson_status(session, lesson.id, world.now())
        known = await published(session, video.id)
        jobs = list(await session.scalars(select(Job).where(Job.video_id == video.id)))
    assert status
    assert (await world.reload(video)).state == status.state == state
    assert lesson.transcoding_job_id == status.job_id == video.id
    assert lesson.video_status == STATUS.get(state, "processing")
    assert (lesson.video_id == video.id) == status.playable == (state in ("finishing", "ready"))
    assert (lesson.transcoding_progress == 100) == (state == "ready")
    assert (known is None) == (state == "waiting")
    assert known is None or known.ended == (state == "ready")
    waiting = any(job.state in (JobState.WAITING, JobState.RUNNING) for job in jobs)
    assert waiting == (state in ("waiting", "encoding", "finishing"))
    assert (state == "failed") == bool(video.error)


async def test_growing_video_is_playable_as_far_as_it_is_encoded(world: World) -> None:
    lesson = await world.lesson()
    video = await world.video(lesson, state="encoding", seconds=60, chunks=2, audio_seconds=18)
    assert (await world.reload(lesson)).video_id == video.id
    async with world.database.read() as session:
        known = await published(session, video.id)
    assert known
    assert known.playable_seconds == 12
    audio = next(job for job in await _jobs(world, video.id) if job.kind == JobKind.AUDIO)
    assert (audio.state, audio.lease_until is None) == (JobState.RUNNING, False)


async def test_failure_before_the_plan_can_be_retried(world: World) -> None:
    lesson = await world.lesson()
    await world.video(lesson, state="failed", seconds=None)
    async with world.database.read() as session:
        status = await lesson_status(session, lesson.id, world.now())
    assert status
    assert (status.status, status.can_retry, status.duration_seconds) == ("failed", True, None)


async def test_completion_is_published_once(world: World, database: Database) -> None:
    seen = []

    async def handler(_session: object, fact: LearningEvent) -> None:
        seen.append((fact.user_id, fact.subject))

    events.bind(database, {FactKind.LESSON_COMPLETED: [handler]})
    ada, lesson = await world.person("Ada Lovelace"), await world.lesson()
    for _ in range(2):
        await world.completed(lesson, ada)
    assert seen == [(ada.id, lesson.id)]


async def test_people_join_courses(world: World) -> None:
    max_born = await world.person("Max Born", role=Role.INSTRUCTOR)
    ada = await world.person("Ada Lovelace")
    assert ada.email == "ada.lovelace@example.edu"
    course = await world.course("Optics")
    await world.teach(course, max_born)
    await world.enrol(course, ada)
    titles = [(await world.lesson(course, title)).position for title in ("Rays", "Lenses")]
    assert titles == [0, 1]


async def _jobs(world: World, video_id: str) -> list[Job]:
    async with world.database.read() as session:
        return list(await session.scalars(select(Job).where(Job.video_id == video_id)))
