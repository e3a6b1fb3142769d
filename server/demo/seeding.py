"""Seeding: the stages of the demo in their order. Each is safe to run twice, after a kill or without one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server import wiring
from server.accounts import rules
from server.accounts.signing_in import passwords
from server.core import events
from server.core.clock import Clock
from server.core.errors import Problem
from server.core.security import new_code
from server.core.text.codes import grouped
from server.demo import state
from server.demo.people.members import Member, members, teaching
from server.demo.recordings import encoding, sharing
from server.demo.writing import beginning, ending, payments, year
from server.demo.year.course import Lengths
from server.demo.year.deeds import Deed
from server.demo.year.journey import journey
from server.demo.year.paying import payments as payments_of
from server.demo.year.talk import questions, replies
from server.demo.year.terms import Calendar
from server.learning.certificates import issuing
from server.services import Services
from storage.database.engine import Database
from storage.database.tables import User
from storage.messages import N_
from storage.states import FactKind, Role

PASSWORD_LETTERS, GROUP = 15, 5
DIFFERENT = N_(
    "The demo is written, but %(count)s of its daily figures differ from the facts: "
    "`skillstudio analytics verify` names them."
)
# What follows from a fact at once. Completions are among the facts, and XP is settled in lots.
HANDLERS: events.Handlers = {FactKind.COURSE_COMPLETED: (issuing.on_course_completed,)}

Journeys = Sequence[tuple[Member, Sequence[Deed]]]


class LogIns(msgspec.Struct, frozen=True):
    """What is printed at the end. `administrator`: None where there was one before."""

    administrator: str | None
    instructor: str
    learner: str
    password: str


class Show:
    """Progress as nobody sees it. Subclasses show it."""

    def stage(self, title: str) -> None:
        """A stage begins; the one before has ended."""

    def part(self, done: float, of: float) -> None:
        """So much of the stage is done."""


Recording = Callable[[Services, Clock, Show], Awaitable[None]]


async def recordings(services: Services, clock: Clock, show: Show) -> None:
    """The three sample recordings, encoded by the workers."""
    await encoding.encode(services, clock, lambda percent: show.part(percent, 100))


def chosen_password(text: str | None) -> str:
    """The demo's password: drawn, unless one is given. Raises Invalid."""
    if text is None:
        return grouped(new_code(PASSWORD_LETTERS), GROUP).lower()
    return rules.clean_password(text, email="")


async def seed(
    services: Services,
    clock: Clock,
    *,
    people: int,
    password: str | None = None,
    show: Show | None = None,
    record: Recording = recordings,
) -> LogIns:
    """Use case: everything, or what an interrupted run has left. Raises Conflict where it must not be
    written, and Problem where a recording cannot be encoded."""
    show, database = show or Show(), services.database
    events.bind(database, HANDLERS, days=wiring.DAYS, followers=wiring.FOLLOWERS)
    chosen = chosen_password(password)
    show.stage("People and courses")
    everybody, calendar, log_ins = await _begin(database, clock, people, chosen)
    show.stage("Three recordings, encoded by the workers")
    await record(services, clock, show)
    show.stage("Copies of them for the other lectures")
    await sharing.share(services, calendar, show.part)
    show.stage("A year of learning")
    lengths = await sharing.lengths(database)
    journeys = await asyncio.to_thread(_journeys, everybody, lengths, calendar)
    await year.write(database, journeys, lengths, calendar, show.part)
    await year.write_deliveries(database, _deeds(journeys), await sharing.segments(database))
    show.stage("Discussion and payments")
    await _talk_and_pay(database, everybody, journeys, calendar)
    show.stage("Figures, leaderboards and challenges")
    if found := await ending.compute(services, clock):
        raise Problem(DIFFERENT, count=found)
    await ending.finish(database, people, clock)
    return log_ins


async def _begin(
    database: Database, clock: Clock, people: int, password: str
) -> tuple[list[Member], Calendar, LogIns]:
    """In one transaction. What was begun before keeps its last moment."""
    password_hash = await passwords.hash_password(password)
    async with database.write() as session:
        begun = await state.begun(session, people)
        administered = await _first_administrator(session) is not None
        zone = await beginning.settle_institution(session, administered=administered)
        calendar = Calendar(begun.at if begun else clock.now(), zone)
        everybody = members(people, calendar)
        if begun is None:
            await beginning.begin(session, everybody, calendar, administered=administered)
        log_ins = _log_ins(everybody, password, administered=administered)
        await _set_passwords(session, log_ins, password_hash)
    return everybody, calendar, log_ins


async def _first_administrator(session: AsyncSession) -> str | None:
    """Id of the administrator that was there before the demo."""
    others = (User.role == Role.ADMINISTRATOR, User.id != beginning.administrator_id())
    found: str | None = await session.scalar(select(User.id).where(*others).limit(1))
    return found


def _log_ins(everybody: Sequence[Member], password: str, *, administered: bool) -> LogIns:
    first = {role: next(one.email for one in everybody if one.role == role) for role in _ROLES}
    return LogIns(
        administrator=None if administered else beginning.ADMINISTRATOR,
        instructor=first[Role.INSTRUCTOR],
        learner=first[Role.LEARNER],
        password=password,
    )


_ROLES = (Role.INSTRUCTOR, Role.LEARNER)


async def _set_passwords(session: AsyncSession, log_ins: LogIns, password_hash: str) -> None:
    emails = [one for one in (log_ins.administrator, log_ins.instructor, log_ins.learner) if one]
    await session.execute(update(User).where(User.email.in_(emails)).values(password_hash=password_hash))


def _journeys(everybody: Sequence[Member], lengths: Lengths, calendar: Calendar) -> Journeys:
    learners = (one for one in everybody if one.role == Role.LEARNER)
    return [(one, journey(one, lengths, calendar)) for one in learners]


def _deeds(journeys: Journeys) -> list[Deed]:
    return [deed for _, own in journeys for deed in own]


async def _talk_and_pay(
    database: Database, everybody: Sequence[Member], journeys: Journeys, calendar: Calendar
) -> None:
    deeds = _deeds(journeys)
    answered = await asyncio.to_thread(replies, deeds, teaching(list(everybody)), calendar.end)
    await year.write_posts(database, questions(deeds), answered, calendar)
    paid = [one for member, own in journeys for one in payments_of(member, own, calendar.end)]
    async with database.read() as session:
        by = await _first_administrator(session) or beginning.administrator_id()
    await payments.write(database, paid, by, calendar.end)
