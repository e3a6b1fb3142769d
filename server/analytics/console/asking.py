"""What an address asks for: days, comparison and filter; and the choices that a page offers. Steps."""

from collections.abc import Collection, Mapping
from datetime import date, datetime

import msgspec
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.analytics import rules as days_rules
from server.analytics.console import rules
from server.analytics.console.building import Ask
from server.analytics.console.rules import ConsoleState, Span
from server.analytics.definitions.scope import Scope
from server.analytics.rules import Range, later, trailing
from server.core.clock import local_day
from server.core.errors import Invalid, NotFound
from server.gamification.xp import books
from server.institution import service as institution
from storage.database.tables import Course, CourseInstructor, Team, User
from storage.messages import N_, Message

MOST_OPTIONS = 300  # of one list; the others are found from the tables of all courses and instructors
TERM_DAYS = 380  # that are looked at for the break before the term
NO_TERM = N_("The calendar has no break of two weeks in the last year: the last 30 days are shown.")
GONE = N_("What the filter names is no longer there.")

Options = list[tuple[str, str]]  # id and name


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What an address asks for. `problem`: what it asked for in vain."""

    state: ConsoleState
    ask: Ask
    term: Range | None
    problem: str | Message = ""


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    courses: Options
    instructors: Options
    teams: Options

    def missed(self, state: ConsoleState, fixed: Collection[str]) -> Message | None:
        """What to tell when something that the filter chooses is gone. `fixed`: filters that are the page."""
        state = msgspec.structs.replace(state, **dict.fromkeys(fixed, ""))
        gone = any(own and own not in dict(options) for options, own in self._chosen(state))
        return Message(GONE) if gone else None

    def named(self, state: ConsoleState) -> list[str]:
        """Names of what the filter chooses."""
        return [name for options, own in self._chosen(state) for key, name in options if own and key == own]

    def _chosen(self, state: ConsoleState) -> tuple[tuple[Options, str], ...]:
        return (self.courses, state.course), (self.instructors, state.instructor), (self.teams, state.team)


def scope_of(state: ConsoleState) -> Scope:
    return Scope(
        course_id=state.course or None, instructor_id=state.instructor or None, team_id=state.team or None
    )


async def asked(session: AsyncSession, parameters: Mapping[str, str], now: datetime, **fixed: str) -> Asked:
    """Step. `fixed`: filters that the page itself has, such as the course whose page it is."""
    state = msgspec.structs.replace(ConsoleState.read(parameters), **fixed)
    place = await institution.shown(session)
    today = local_day(now, place.time_zone, place.day_start_hour).isoformat()
    term = await current_term(session, today)
    problem: str | Message = rules.misread(parameters, fixed) or ""
    try:
        days = rules.chosen(state, today, term)
    except Invalid as refused:
        problem, days = refused.message, trailing(today, int(Span.MONTH))
        state = msgspec.structs.replace(state, range=Span.MONTH, first="", last="")
    if state.range == Span.TERM and term is None:
        problem = problem or NO_TERM
    ask = Ask(
        scope=scope_of(state),
        days=days,
        before=rules.compared(days, state.compare),
        today=today,
        now=now,
        place=place,
    )
    return Asked(state=state, ask=ask, term=term, problem=problem)


async def required(
    session: AsyncSession, parameters: Mapping[str, str], now: datetime, **fixed: str
) -> Asked:
    """Step: for a file, which has no place for a sentence beside other figures. Raises Invalid for days and
    filters that cannot be."""
    found = await asked(session, parameters, now, **fixed)
    if found.problem and found.problem != NO_TERM:
        raise Invalid(found.problem)
    return found


async def current_term(session: AsyncSession, today: str) -> Range | None:
    """Step: by the calendar's days off and its weekly ones, of which the current day may be one."""
    calendar = (await books.book(session)).calendar
    days = [later(today, -number) for number in range(1, TERM_DAYS)]
    off = {day for day in days if calendar.is_off(day, _weekday(day))}
    return days_rules.term(off | ({today} & calendar.days), today)


def _weekday(day: str) -> int:
    return date.fromisoformat(day).weekday()


async def choices(session: AsyncSession, state: ConsoleState) -> Choices:
    """Step. What is chosen is always among the options."""
    teaching = select(CourseInstructor.user_id)
    return Choices(
        courses=await _options(
            session, select(Course.id, Course.title).order_by(Course.search_key), Course.id, state.course
        ),
        instructors=await _options(
            session,
            select(User.id, User.name).where(User.id.in_(teaching)).order_by(User.search_key),
            User.id,
            state.instructor,
        ),
        teams=await _options(session, select(Team.id, Team.name).order_by(Team.name), Team.id, state.team),
    )


async def _options(session: AsyncSession, query: Select[str, str], key: object, own: str) -> Options:
    found = [(row[0], row[1]) for row in await session.execute(query.limit(MOST_OPTIONS))]
    if own and own not in dict(found):
        found += [(row[0], row[1]) for row in await session.execute(query.where(key == own))]  # type: ignore[arg-type]
    return found


async def name_of_course(session: AsyncSession, course_id: str) -> str:
    """Step. Raises NotFound."""
    return _known(await session.scalar(select(Course.title).where(Course.id == course_id)))


async def name_of_instructor(session: AsyncSession, user_id: str) -> str:
    """Step: somebody who teaches a course now, or may. Raises NotFound."""
    found = select(User.name).where(User.id == user_id, User.id.in_(select(CourseInstructor.user_id)))
    return _known(await session.scalar(found))


def _known(name: str | None) -> str:
    if name is None:
        raise NotFound(GONE)
    return name
