"""Mails to the instructors of lectures that could not be made whole: once for each damage."""

from datetime import datetime

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.text.formats import translated
from server.core.text.i18n import gettext as _
from server.core.text.i18n import in_language
from server.institution import service as institution
from server.outbox import service as outbox
from server.services import Services
from storage.database.tables import Course, CourseInstructor, Lesson, User, Video
from storage.messages import N_, Message, message
from storage.states import RevisionState
from transcoder.jobs import revisions

log = structlog.get_logger(__name__)

DAMAGED = (Lesson.video_id == Video.id, Video.state == RevisionState.READY, Video.damage.is_not(None))


async def tell(services: Services, _slot: datetime, now: datetime) -> Message | None:
    """Task. The mark and the mails are one transaction; without a mail server the lesson's page says it."""
    async with services.database.read() as session:
        untold = select(Video.id).join(Lesson, Lesson.id == Video.lesson_id)
        ids = list(await session.scalars(untold.where(*DAMAGED, Video.damage_told_at.is_(None))))
    told = sum([await _tell(services, video_id, now) for video_id in ids])
    if told:
        await outbox.send_soon(services.database, now)
    return message(N_("Notices: %(count)s"), count=told) if told else None


async def _tell(services: Services, video_id: str, now: datetime) -> bool:
    async with services.database.write() as session:
        video = await revisions.lock(session, video_id)
        if video is None or video.damage is None or video.damage_told_at is not None:
            return False
        video.damage_told_at = now
        log.warning("lecture damaged", video=video_id, reason=str(video.damage))
        if services.settings.smtp_url:
            await _mail(session, services, video, video.damage, now)
    return True


async def _mail(
    session: AsyncSession, services: Services, video: Video, damage: Message, now: datetime
) -> None:
    """Step."""
    lesson = await session.get_one(Lesson, video.lesson_id)
    course = await session.get_one(Course, lesson.course_id)
    recipients = await session.scalars(
        select(User.email)
        .join(CourseInstructor, CourseInstructor.user_id == User.id)
        .where(CourseInstructor.course_id == course.id, User.disabled_at.is_(None))
        .order_by(User.email)
    )
    place = await institution.shown(session)
    with in_language(services.settings.language or place.language):
        subject = _("%(institution)s: the video of %(lesson)s is damaged") % {
            "institution": place.name,
            "lesson": lesson.title,
        }
        said = translated(damage)
    address = f"{services.settings.public_url}/teach/courses/{course.id}/lessons/{lesson.id}"
    body = f"{course.title}: {lesson.title}\n\n{said}\n{address}\n"
    await outbox.put_mails(session, [outbox.Mail(email, subject, body) for email in recipients], now)


async def damaged(session: AsyncSession) -> int:
    """Step: number of lectures that learners see and that could not be made whole."""
    found = select(func.count()).select_from(Video).join(Lesson, Lesson.id == Video.lesson_id)
    return int(await session.scalar(found.where(*DAMAGED)) or 0)
