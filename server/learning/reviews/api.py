"""Reviews of courses (spec section 8)."""

from typing import Annotated

from litestar import Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler

from server.accounts.identity import Viewer
from server.core.clock import Clock
from server.core.lists import MAX_PAGE, ListState
from server.learning.reviews import service
from server.learning.reviews.schemas import HiddenFor, NewReview, Reviews
from storage.database.engine import Database


@get("/reviews")
async def list_reviews(
    course_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    page: Annotated[int, QueryParameter(ge=1, le=MAX_PAGE)] = 1,
) -> Reviews:
    """Average, count and reviews of a course, 20 a page, newest first."""
    return await _reviews(database, viewer, course_id, page)


@post("/reviews", status_code=200)
async def post_review(
    course_id: FromPath[str],
    data: JSONBody[NewReview],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Reviews:
    """Review a course that the caller has begun, or change the review. One a learner and course."""
    await service.post(database, viewer, course_id, data, clock.now())
    return await _reviews(database, viewer, course_id, 1)


@delete("/reviews")
async def delete_review(
    course_id: FromPath[str], viewer: NamedDependency[Viewer], database: NamedDependency[Database]
) -> None:
    """Delete one's own review. Idempotent."""
    await service.take_back(database, viewer, course_id)


@post("/reviews/{user_id:str}/hide", status_code=204)
async def hide_review(
    course_id: FromPath[str],
    user_id: FromPath[str],
    data: JSONBody[HiddenFor],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> None:
    """Hide a review with a reason. Its stars no longer count."""
    await service.hide(database, viewer, course_id, user_id, data.reason)


@post("/reviews/{user_id:str}/show", status_code=204)
async def show_review(
    course_id: FromPath[str],
    user_id: FromPath[str],
    viewer: NamedDependency[Viewer],
    database: NamedDependency[Database],
) -> None:
    """Show a hidden review again."""
    await service.show(database, viewer, course_id, user_id)


async def _reviews(database: Database, viewer: Viewer, course_id: str, page: int) -> Reviews:
    async with database.read() as session:
        state = ListState(service.REVIEWS.sorts[0], page=page)
        shown = await service.shown(session, viewer, course_id, state)
    return Reviews(
        average=shown.rating.average,
        count=shown.rating.count,
        reviews=shown.found.items,
        page=shown.found.state.page,
        pages=shown.found.pages,
        mine=shown.mine,
        can_review=shown.can_review,
    )


ROUTES: list[ControllerRouterHandler] = [
    Router(
        "/api/courses/{course_id:str}",
        tags=["Learning"],
        route_handlers=[list_reviews, post_review, delete_review, hide_review, show_review],
    )
]
