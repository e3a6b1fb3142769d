"""Panel of a lesson's pages: its discussion, with the forms that write to it."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.lists import ListState
from server.core.web.forms import Form
from server.core.web.pages import Panel
from server.institution import service as institution
from server.learning.discussion import reading, rules
from storage.database.tables import Lesson

FIRST_PAGE = ListState(reading.THREADS.sorts[0])


async def discussion(
    session: AsyncSession,
    viewer: Viewer,
    lesson: Lesson,
    now: datetime,
    *,
    origin: str,
    state: ListState = FIRST_PAGE,
    form: Form | None = None,
) -> Panel:
    """Step. The caller has checked that the viewer may see the lesson. `origin`: the page that shows it, to
    which its forms lead back (pages.py); `form`: one that was refused, named by its field `what`."""
    shown = await reading.discussion(session, viewer, lesson, state, now)
    posts = [post for thread in shown.found.items for post in (thread.post, *thread.replies)]
    return Panel(
        "discussion/panel.html",
        {
            "shown": shown,
            "pieces": {post.id: rules.pieces(post.text, lesson.video_duration_seconds) for post in posts},
            "zone": (await institution.shown(session)).time_zone,
            "origin": origin,
            "form": form or Form(),
            "blank": Form(),
        },
    )
