"""Enrolments that learners begin and end themselves: in open courses, by a code, and by leaving.

They are those of `server.library.enrolments`, with the learner as the one who acted. A removal by somebody
else lasts: only those who teach the course enrol the person again.
"""

from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.accounts.signing_in import guesses
from server.core.errors import Conflict, NotFound
from server.learning.enrolling import rules
from server.library import access, enrolments
from storage.database.engine import Database
from storage.database.tables import Course, Enrolment
from storage.messages import N_
from storage.states import PublicationStatus

REMOVED = N_("You were removed from this course. Ask its instructor to enrol you again.")
GUESS = "join"  # kind of the code, for the limit of guesses
NOT_YET = N_("The code is right, but the course is not published yet. Try again later.")
STAFF = N_("You teach this course; you see it without enrolling in it.")


class Entered(msgspec.Struct, frozen=True, kw_only=True):
    """Course that somebody is getting into."""

    course_id: str
    title: str
    enrolled: bool  # already, before this
    teaches: bool = False


async def enrol(database: Database, viewer: Viewer, course_id: str, now: datetime) -> Entered:
    """Use case: enrol oneself in an open course. Idempotent.

    Raises NotFound, and Conflict for its staff and for whoever was removed from it.
    """
    async with database.write() as session:
        if await access.is_teaching(session, viewer, course_id):
            await access.course_for_teaching(session, viewer, course_id)
            raise Conflict(STAFF)
        if await access.is_enrolled(session, viewer, course_id):
            course = await access.course_for_learning(session, viewer, course_id)
        else:
            course = await access.course_for_enrolling(session, course_id)
            if await enrolments.was_removed(session, course_id, viewer.id):
                raise Conflict(REMOVED)
        return await _begin(session, viewer, course, now)


async def look(database: Database, viewer: Viewer, typed: str, address: str, now: datetime) -> Entered:
    """Use case: the course of a code, before enrolling. Counts as a guess. `address`: of the client.

    Raises NotFound, TooManyAttempts, and Conflict for a draft or a course that the viewer was removed from.
    """
    await guesses.count(database, what=GUESS, person=viewer.id, address=address, now=now)
    async with database.write() as session:
        course = await _of_code(session, viewer, typed)
        found = Entered(
            course_id=course.id,
            title=course.title,
            enrolled=await access.is_enrolled(session, viewer, course.id),
            teaches=await access.is_teaching(session, viewer, course.id),
        )
        refusal = await _refusal(session, viewer, course)
    if refusal and not found.teaches:  # after the end of the transaction, as in `join`
        raise Conflict(refusal)
    return found


async def join(
    database: Database,
    viewer: Viewer,
    typed: str,
    address: str,
    now: datetime,
    *,
    course_id: str | None = None,
) -> Entered:
    """Use case: enrol oneself by a code, which must be that of `course_id` if it is given. Idempotent.

    Raises as `look` does, and Conflict for the staff of the course.
    """
    await guesses.count(database, what=GUESS, person=viewer.id, address=address, now=now)
    async with database.write() as session:
        course = await _of_code(session, viewer, typed, course_id)
        refusal = await _refusal(session, viewer, course)
        entered = None if refusal else await _begin(session, viewer, course, now)
    if entered is None:  # after the end of the transaction, which has forgotten the right guess
        raise Conflict(refusal)
    return entered


async def leave(database: Database, viewer: Viewer, course_id: str, now: datetime) -> Course:
    """Use case: end the own enrolment. What was learned stays, and enrolling again goes on with it.

    Idempotent. Raises NotFound for somebody who was never enrolled.
    """
    async with database.write() as session:
        if await session.get(Enrolment, (course_id, viewer.id)) is None:
            raise NotFound(access.NO_COURSE)
        await enrolments.end(session, course_id, viewer.id, actor_id=viewer.id, now=now)
        return await session.get_one(Course, course_id)


async def _begin(session: AsyncSession, viewer: Viewer, course: Course, now: datetime) -> Entered:
    begun = await enrolments.enrol(session, course.id, [viewer.id], actor_id=viewer.id, now=now)
    return Entered(course_id=course.id, title=course.title, enrolled=not begun)


async def _of_code(session: AsyncSession, viewer: Viewer, typed: str, course_id: str | None = None) -> Course:
    """Step: the course of a code. A right one was no guess."""
    course = await access.course_of_code(session, rules.clean_code(typed) or "")
    if course_id is not None and course.id != course_id:
        raise NotFound(access.NO_CODE)
    await guesses.forget(session, what=GUESS, person=viewer.id)
    return course


async def _refusal(session: AsyncSession, viewer: Viewer, course: Course) -> str:
    if await access.is_teaching(session, viewer, course.id):
        return STAFF
    if await enrolments.was_removed(session, course.id, viewer.id):
        return REMOVED
    return "" if course.status == PublicationStatus.PUBLISHED else NOT_YET
