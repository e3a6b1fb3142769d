"""What people write about a course, as the library's pages for instructors show it."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.learning.discussion.reading import unread, waiting
from server.learning.reviews.service import rating
from server.library.schemas import CourseTalk


class Talk:
    """Implements `server.library.schemas.Talk`."""

    async def of_course(
        self, session: AsyncSession, viewer: Viewer, course_id: str, lesson_ids: Sequence[str]
    ) -> CourseTalk:
        rated = await rating(session, course_id)
        return CourseTalk(
            unread=await unread(session, viewer, lesson_ids),
            waiting=sum((await waiting(session, lesson_ids)).values()),
            average=rated.average,
            reviews=rated.count,
        )
