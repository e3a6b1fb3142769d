"""The XP ledger. `settle` alone writes it: what facts are worth, minus what the ledger has paid."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import bindparam, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.events import Event, publish_all
from server.gamification.xp import books, engine, history, places
from server.gamification.xp.engine import Book, Due, History, Key, Moment, Outcome
from server.gamification.xp.history import Line
from storage.database.base import new_id
from storage.database.insert import insert_new_rows, put_rows
from storage.database.locks import advisory_lock
from storage.database.sqlite_cursor import UNASKED
from storage.database.tables import ActivityDay, UserAchievement, UserStats, XpTransaction
from storage.states import Criterion, FactKind, LineReason, XpRule

LOCK = "xp"
NUMBER = "#"  # before the number of a correction

TURN = 50  # people whose dues are computed in one go

LINE: Any = XpTransaction.__table__.c
NEW_LINES = insert(LINE.id.table).execution_options(**UNASKED)
DAY: Any = ActivityDay.__table__.c
MARKED = (
    update(DAY.day.table)
    .where(DAY.user_id == bindparam("of"), DAY.day == bindparam("on"))
    .values(settled=True)
    .execution_options(**UNASKED)
)


class Paid(msgspec.Struct, gc=False):
    """What the ledger's lines for one key add up to."""

    amount: int = 0
    lines: int = 0
    gone: bool = False  # the last line took it back
    first: Due | None = None  # the first line; only where nothing is due any more


Ledger = Mapping[tuple[str, str], Paid]  # of one person, by rule and subject


async def settle(session: AsyncSession, user_id: str, *, now: Moment | None = None) -> Outcome:
    """Step: write the lines that are missing, and everything that follows from them. Idempotent.

    `now`: when new achievements count as unlocked; otherwise with the latest fact. Takes the ledger's lock on
    PostgreSQL, because places on a board depend on everybody's XP.
    """
    return (await settle_all(session, [user_id], now=now))[user_id]


async def settle_all(
    session: AsyncSession, user_ids: Collection[str], *, now: Moment | None = None
) -> Mapping[str, Outcome]:
    """Step: `settle` of some hundred people at once, with as many statements as for one."""
    await advisory_lock(session, LOCK)
    known, paid = await history.with_lines(session, user_ids)
    return await write(session, known, paid, await books.book(session), now)


async def write(
    session: AsyncSession,
    known: Mapping[str, History],
    paid: Sequence[Line],
    book: Book,
    now: Moment | None = None,
) -> Mapping[str, Outcome]:
    """Step: `settle` with histories and lines that are loaded already. The caller holds the lock."""
    moments = {user_id: now or engine.latest(one, book) for user_id, one in known.items()}
    outcomes = dict[str, Outcome]()
    for number, (user_id, one) in enumerate(known.items(), 1):
        outcomes[user_id] = engine.settle(one, book, moments[user_id])
        if number % TURN == 0:
            await asyncio.sleep(0)  # for what else this process does
    lines = await _missing(session, outcomes, paid)
    if lines:
        await session.execute(NEW_LINES, lines)
    await _unlock(session, outcomes, moments, lines)
    await _save_stats(session, outcomes, moments)
    due = {user_id: (outcome.dues, moments[user_id].day) for user_id, outcome in outcomes.items()}
    await places.save(session, due)
    await _mark_paid(session, known)
    return outcomes


async def _missing(
    session: AsyncSession, outcomes: Mapping[str, Outcome], paid: Sequence[Line]
) -> list[dict[str, Any]]:
    """Lines that make the ledger equal to what is due."""
    before = _differing(outcomes, paid)
    await _know_first(session, outcomes, before)
    return [
        {"user_id": user_id, **line}
        for user_id, paid in before.items()
        for line in changes(outcomes[user_id].dues, paid)
    ]


def _differing(outcomes: Mapping[str, Outcome], rows: Sequence[Line]) -> Mapping[str, Ledger]:
    """What the ledger has for each key of the people whose lines are not simply what is due."""
    amounts: dict[str, dict[tuple[str, str], int]] = {user_id: {} for user_id in outcomes}
    for user_id, rule, subject, amount, _reason in rows:
        amounts[user_id][rule, subject] = amount
    found: dict[str, dict[tuple[str, str], Paid]] = {
        user_id: {}
        for user_id, outcome in outcomes.items()
        if amounts[user_id] != {key: due.amount for key, due in outcome.dues.items()}
    }
    for user_id, rule, subject, amount, reason in rows:
        if user_id in found:
            add(found[user_id], rule, subject, amount, reason)
    return found


def add(before: dict[tuple[str, str], Paid], rule: str, subject: str, amount: int, reason: str) -> Paid:
    """Add a line to those of its key, in whatever order they come. Pure."""
    name, _, number = subject.partition(NUMBER)
    one = before.get((rule, name))
    if one is None:
        one = before[rule, name] = Paid()
    one.amount += amount
    last = int(number or 0) + 1
    if last > one.lines:
        one.lines, one.gone = last, reason == LineReason.TAKEN_BACK
    return one


async def _know_first(
    session: AsyncSession, outcomes: Mapping[str, Outcome], before: Mapping[str, Ledger]
) -> None:
    """Read the first lines of keys for which nothing is due any more: what is taken back names them."""
    wanted = [
        (user_id, *key)
        for user_id, paid in before.items()
        for key, one in paid.items()
        if not one.gone and key not in outcomes[user_id].dues
    ]
    line = XpTransaction
    for key in wanted:
        row = (
            await session.execute(
                select(line.rule_version, line.at, line.local_day, line.course_id, line.lesson_id).where(
                    tuple_(line.user_id, line.rule, line.subject) == key
                )
            )
        ).one()
        version, at, day, course_id, lesson_id = row
        before[key[0]][key[1:]].first = Due(
            amount=0, version=version, at=at, day=day, course_id=course_id, lesson_id=lesson_id
        )


def changes(dues: Mapping[Key, Due], before: Ledger) -> Sequence[dict[str, Any]]:
    """Values of the lines that make the ledger equal to what is due. Pure."""
    lines = []
    for key, due in dues.items():
        known = before.get(key)
        if known is None:
            lines.append(_line(key, due, 0, due.amount, LineReason.EARNED))
        elif known.amount != due.amount or known.gone:
            lines.append(_line(key, due, known.lines, due.amount - known.amount, LineReason.CHANGED))
    for (rule, subject), known in before.items():
        key = Key(XpRule(rule), subject)
        if key not in dues and not known.gone and known.first is not None:
            lines.append(_line(key, known.first, known.lines, -known.amount, LineReason.TAKEN_BACK))
    return lines


def _line(key: Key, due: Due, number: int, amount: int, reason: LineReason) -> dict[str, Any]:
    return {
        "id": new_id(),
        "rule": key.rule,
        "subject": f"{key.subject}{NUMBER}{number}" if number else key.subject,
        "amount": amount,
        "reason": reason,
        "rule_version": due.version,
        "at": due.at,
        "local_day": due.day,
        "course_id": due.course_id,
        "lesson_id": due.lesson_id,
    }


async def _unlock(
    session: AsyncSession,
    outcomes: Mapping[str, Outcome],
    moments: Mapping[str, Moment],
    lines: Sequence[dict[str, Any]],
) -> None:
    """The facts, from which every later settling knows them, and the rows that pages read."""
    kind = FactKind.ACHIEVEMENT_UNLOCKED
    events = [
        Event(kind=kind, user_id=user_id, subject=achievement_id, at=moments[user_id].at)
        for user_id, outcome in outcomes.items()
        for achievement_id in outcome.unlocked
    ]
    if events:
        await publish_all(session, events)
    rows = [
        {"user_id": line["user_id"], "achievement_id": line["subject"], "unlocked_at": line["at"]}
        for line in lines
        if (line["rule"], line["reason"]) == (XpRule.ACHIEVEMENT_UNLOCKED, LineReason.EARNED)
    ]
    await insert_new_rows(session, UserAchievement, rows)


async def _save_stats(
    session: AsyncSession, outcomes: Mapping[str, Outcome], moments: Mapping[str, Moment]
) -> None:
    rows = [
        {
            "user_id": user_id,
            "total_xp": outcome.total,
            "level": outcome.counts[Criterion.LEVEL],
            "lessons": outcome.counts[Criterion.LESSONS],
            "courses": outcome.counts[Criterion.COURSES],
            "quizzes": outcome.counts[Criterion.QUIZZES],
            "longest_streak": outcome.streak.longest,
            "updated_at": moments[user_id].at,
            "celebrated_level": 0,
        }
        for user_id, outcome in outcomes.items()
    ]
    await put_rows(session, UserStats, rows, kept=["celebrated_level"])


async def _mark_paid(session: AsyncSession, known: Mapping[str, History]) -> None:
    """Only the days that were read: another transaction may have noted more of them since."""
    read = [{"of": user_id, "on": day} for user_id, one in known.items() for day in one.unpaid]
    if not read:
        return
    await session.execute(MARKED, read)
