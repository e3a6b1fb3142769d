"""Completion of a lesson with what it earned."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.text.formats import translated
from server.gamification.learner import achievements
from server.gamification.learner.schemas import Completed
from server.learning import completion
from storage.database.engine import Database
from storage.database.tables import UserStats, XpTransaction
from storage.messages import N_
from storage.states import LineReason, XpRule


async def complete(database: Database, viewer: Viewer, lesson_id: str, now: datetime) -> Completed:
    """Use case: complete a lesson at the learner's request. Idempotent: a second time earns nothing.

    Raises Conflict with what is missing.
    """
    async with database.read() as session:
        before = await session.get(UserStats, viewer.id)
        last = await session.scalar(
            select(func.max(XpTransaction.id)).where(XpTransaction.user_id == viewer.id)
        )
    course_completed = await completion.complete(database, viewer, lesson_id, now)
    async with database.read() as session:
        after = await session.get(UserStats, viewer.id)
        lines = await _since(session, viewer.id, last or "")
        unlocked = [
            line.subject
            for line in lines
            if (line.rule, line.reason) == (XpRule.ACHIEVEMENT_UNLOCKED, LineReason.EARNED)
        ]
        return Completed(
            message=translated(N_("The lesson is completed.")),
            course_completed=course_completed,
            xp_awarded=sum(line.amount for line in lines),
            total_xp=after.total_xp if after else 0,
            level=after.level if after else 0,
            level_up=(after.level if after else 0) > (before.level if before else 0),
            achievements=await achievements.of_person(session, viewer.id, unlocked) if unlocked else [],
        )


async def _since(session: AsyncSession, user_id: str, last: str) -> list[XpTransaction]:
    newer = select(XpTransaction).where(XpTransaction.user_id == user_id, XpTransaction.id > last)
    return list(await session.scalars(newer.order_by(XpTransaction.id)))
