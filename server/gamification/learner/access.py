"""Access to what others have reached: as far as they allow it."""

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.errors import NotFound
from server.library.access import LIVE
from storage.database.tables import CourseInstructor, Enrolment, GamePreference, User
from storage.messages import N_

NOT_SHOWN = N_("There is no such person, or they do not show what they have reached.")


async def require_shown(session: AsyncSession, viewer: Viewer, user_id: str) -> User:
    """Step: the person, if the viewer may see their level and achievements. Raises NotFound.

    Everybody sees their own; administrators and the instructors of a person's courses see them; others only a
    public profile.
    """
    person = await session.get(User, user_id)
    if person is None or not (
        user_id == viewer.id
        or viewer.is_administrator
        or await _is_public(session, person)
        or await _teaches(session, viewer, user_id)
    ):
        raise NotFound(NOT_SHOWN)
    return person


async def _is_public(session: AsyncSession, person: User) -> bool:
    preference = await session.get(GamePreference, person.id)
    return preference is not None and preference.profile_public and person.disabled_at is None


async def _teaches(session: AsyncSession, viewer: Viewer, user_id: str) -> bool:
    course = (CourseInstructor.course_id == Enrolment.course_id) & (CourseInstructor.user_id == viewer.id)
    wanted = exists().where(Enrolment.user_id == user_id, LIVE, course)
    return bool(await session.scalar(select(wanted)))
