"""Table of a course's learners: search, states, order and pages, for those who teach it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.lists import ListOptions, ListPage, ListState
from server.learning import rules
from server.learning.learners import figures
from server.learning.learners.rules import LearnerStatus
from server.learning.learners.schemas import LearnerProgress
from server.library import access
from storage.database.paging import by_code_point, count_rows
from storage.database.search import matches
from storage.database.tables import Enrolment, User

LEARNERS = ListOptions(
    sorts=("name", "status", "progress", "behind", "score", "passed", "seen", "away"),
    filter_name="status",
    filters=tuple(LearnerStatus),
)
_BY_NAME = (by_code_point(User.search_key), by_code_point(User.email))


async def shown(
    session: AsyncSession, viewer: Viewer, course_id: str, state: ListState
) -> ListPage[LearnerProgress]:
    """Step: page of the table. Raises NotFound and Forbidden for those who do not teach the course."""
    await access.course_for_teaching(session, viewer, course_id)
    counts = await _counts(session, course_id)
    found = _found(course_id, state)
    hits = await count_rows(session, found) if state.search else counts[state.filter]
    state = LEARNERS.clamped(state, hits)
    page = _ordered(found, course_id, state.sort).offset(LEARNERS.offset(state)).limit(LEARNERS.page_size)
    user_ids = (await session.scalars(page)).all()
    return ListPage(LEARNERS, state, await rows(session, course_id, user_ids), hits, counts)


async def in_order(session: AsyncSession, viewer: Viewer, course_id: str, state: ListState) -> Sequence[str]:
    """Step: ids of all learners that the table shows on all its pages. Raises as `shown` does."""
    await access.course_for_teaching(session, viewer, course_id)
    return (await session.scalars(_ordered(_found(course_id, state), course_id, state.sort))).all()


async def rows(session: AsyncSession, course_id: str, user_ids: Sequence[str]) -> list[LearnerProgress]:
    """Step: these learners in the given order, by a fixed number of queries. Without those who left the
    table meanwhile."""
    people = await _by_user(
        session,
        figures.learners(course_id)
        .add_columns(User.name, User.email, Enrolment.created_at, figures.status(course_id).label("status"))
        .where(User.id.in_(user_ids)),
    )
    done = await _by_user(session, figures.done(course_id, user_ids))
    scores = await _by_user(session, figures.scores(course_id, user_ids))
    seen = await _by_user(session, figures.last_seen(course_id, user_ids))
    required = await count_rows(session, figures.required(course_id))
    quizzes = await count_rows(session, figures.quizzes(course_id))
    return [
        LearnerProgress(
            user_id=user_id,
            name=people[user_id].name,
            email=people[user_id].email,
            enrolled_at=people[user_id].created_at,
            status=LearnerStatus(people[user_id].status),
            done=done[user_id].done if user_id in done else 0,
            required=required,
            percent=rules.percent(done[user_id].done if user_id in done else 0, required),
            score=scores[user_id].score if user_id in scores else None,
            quizzes_passed=scores[user_id].passed if user_id in scores else 0,
            quizzes=quizzes,
            last_seen=seen[user_id].at if user_id in seen else None,
        )
        for user_id in user_ids
        if user_id in people
    ]


async def enrolled(session: AsyncSession, course_id: str) -> int:
    """Step: number of learners whose enrolment has not ended."""
    return await count_rows(session, figures.learners(course_id).where(access.LIVE))


async def _counts(session: AsyncSession, course_id: str) -> dict[str, int]:
    """Learners by state. Those who left are only shown when they are asked for."""
    states = figures.learners(course_id).add_columns(figures.status(course_id).label("status")).subquery()
    found = await session.execute(select(states.c.status, func.count()).group_by(states.c.status))
    counts = {**dict.fromkeys(LEARNERS.filters, 0), **dict(found.all())}
    return {"": sum(counts.values()) - counts[LearnerStatus.LEFT], **counts}


def _found(course_id: str, state: ListState) -> Select[str]:
    query = figures.learners(course_id)
    if state.search:
        query = query.where(matches(User.search_key, state.search))
    match state.filter:
        case LearnerStatus.LEFT:
            return query.where(~access.LIVE)
        case LearnerStatus.COMPLETED:
            return query.where(access.LIVE, figures.COMPLETED)
        case LearnerStatus.IN_PROGRESS:
            return query.where(access.LIVE, ~figures.COMPLETED, figures.begun(course_id))
        case LearnerStatus.NOT_STARTED:
            return query.where(access.LIVE, ~figures.COMPLETED, ~figures.begun(course_id))
        case _:
            return query.where(access.LIVE)


def _ordered(query: Select[str], course_id: str, sort: str) -> Select[str]:
    """Only the figure that is sorted by is calculated for everybody."""
    match sort:
        case "status":
            state = figures.status(course_id)
            return query.order_by(_rank(state), *_BY_NAME)
        case "progress" | "behind":
            done = figures.done(course_id).subquery()
            count = func.coalesce(done.c.done, 0)
            order = count.desc() if sort == "progress" else count.asc()
            return query.outerjoin(done, done.c.user_id == User.id).order_by(order, *_BY_NAME)
        case "score" | "passed":
            scores = figures.scores(course_id).subquery()
            order = scores.c[sort].desc().nulls_last()
            return query.outerjoin(scores, scores.c.user_id == User.id).order_by(order, *_BY_NAME)
        case "seen" | "away":
            seen = figures.last_seen(course_id).subquery()
            order = seen.c.at.desc().nulls_last() if sort == "seen" else seen.c.at.asc().nulls_first()
            return query.outerjoin(seen, seen.c.user_id == User.id).order_by(order, *_BY_NAME)
        case _:
            return query.order_by(*_BY_NAME)


def _rank(state: Any) -> Any:
    """From those who have not started to those who left."""
    return case({value: number for number, value in enumerate(LEARNERS.filters)}, value=state)


async def _by_user(session: AsyncSession, query: Select[*tuple[Any, ...]]) -> dict[str, Any]:
    return {row[0]: row for row in await session.execute(query)}
