"""The XP ledger. `settle` alone writes it: what facts are worth, minus what the ledger has paid."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.events import Event, publish
from server.gamification.xp import engine, history, places
from server.gamification.xp.engine import Book, Due, History, Key, Moment, Outcome
from storage.database.base import new_id
from storage.database.insert import insert_new, insert_new_rows
from storage.database.locks import advisory_lock
from storage.database.tables import ActivityDay, UserAchievement, UserStats, XpTransaction
from storage.states import Criterion, FactKind, LineReason, XpRule

LOCK = "xp"
NUMBER = "#"  # before the number of a correction


class Paid(msgspec.Struct):
    """What the ledger's lines for one key add up to."""

    amount: int = 0
    lines: int = 0
    gone: bool = False  # the last line took it back
    first: XpTransaction | None = None


async def settle(
    session: AsyncSession, user_id: str, *, book: Book | None = None, now: Moment | None = None
) -> Outcome:
    """Step: write the lines that are missing, and everything that follows from them. Idempotent.

    `now`: when new achievements count as unlocked; otherwise with the latest fact. Takes the ledger's lock on
    PostgreSQL, because places on a board depend on everybody's XP.
    """
    await advisory_lock(session, LOCK)
    known = (await history.histories(session, [user_id]))[user_id]
    return await write(session, user_id, known, book or await history.book(session), now)


async def write(
    session: AsyncSession, user_id: str, known: History, book: Book, now: Moment | None = None
) -> Outcome:
    """Step: `settle` with a history that is loaded already. The caller holds the lock."""
    outcome = engine.settle(known, book, now)
    moment = now or engine.latest(known)
    lines = list(changes(outcome.dues, await paid(session, user_id)))
    if lines:
        await session.execute(insert(XpTransaction), [{"user_id": user_id, **line} for line in lines])
    await _unlock(session, user_id, outcome.unlocked, moment, lines)
    await _save_stats(session, user_id, outcome, moment)
    await places.save(session, user_id, outcome.dues, moment.day)
    # Not a day that another transaction has noted since the history was read.
    known_days = ActivityDay.day <= max(known.days, default="")
    unpaid = (ActivityDay.user_id == user_id) & ~ActivityDay.settled & known_days
    await session.execute(update(ActivityDay).where(unpaid).values(settled=True))
    return outcome


async def paid(session: AsyncSession, user_id: str) -> Mapping[Key, Paid]:
    """Step: what the ledger has for each key of one person."""
    found: dict[Key, Paid] = {}
    lines = select(XpTransaction).where(XpTransaction.user_id == user_id).order_by(XpTransaction.id)
    for line in await session.scalars(lines):
        one = found.setdefault(Key(line.rule, line.subject.partition(NUMBER)[0]), Paid())
        one.amount += line.amount
        one.lines += 1
        one.gone = line.reason == LineReason.TAKEN_BACK
        one.first = one.first or line
    return found


def changes(dues: Mapping[Key, Due], before: Mapping[Key, Paid]) -> Sequence[dict[str, Any]]:
    """Values of the lines that make the ledger equal to what is due. Pure."""
    lines = []
    for key, due in dues.items():
        known = before.get(key)
        if known is None:
            lines.append(_line(key, due, 0, due.amount, LineReason.EARNED))
        elif known.amount != due.amount or known.gone:
            lines.append(_line(key, due, known.lines, due.amount - known.amount, LineReason.CHANGED))
    for key, known in before.items():
        if key not in dues and not known.gone and known.first is not None:
            first = known.first
            due = Due(
                amount=0,
                version=first.rule_version,
                at=first.at,
                day=first.local_day,
                course_id=first.course_id,
                lesson_id=first.lesson_id,
            )
            lines.append(_line(key, due, known.lines, -known.amount, LineReason.TAKEN_BACK))
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
    user_id: str,
    unlocked: Sequence[str],
    moment: Moment,
    lines: Sequence[dict[str, Any]],
) -> None:
    """The facts, from which every later settling knows them, and the rows that pages read."""
    for achievement_id in unlocked:
        kind = FactKind.ACHIEVEMENT_UNLOCKED
        await publish(session, Event(kind=kind, user_id=user_id, subject=achievement_id, at=moment.at))
    rows = [
        {"user_id": user_id, "achievement_id": line["subject"], "unlocked_at": line["at"]}
        for line in lines
        if (line["rule"], line["reason"]) == (XpRule.ACHIEVEMENT_UNLOCKED, LineReason.EARNED)
    ]
    await insert_new_rows(session, UserAchievement, rows)


async def _save_stats(session: AsyncSession, user_id: str, outcome: Outcome, moment: Moment) -> None:
    values: dict[str, Any] = {
        "total_xp": outcome.total,
        "level": outcome.counts[Criterion.LEVEL],
        "lessons": outcome.counts[Criterion.LESSONS],
        "courses": outcome.counts[Criterion.COURSES],
        "quizzes": outcome.counts[Criterion.QUIZZES],
        "longest_streak": outcome.streak.longest,
        "updated_at": moment.at,
    }
    if not await insert_new(session, UserStats, user_id=user_id, celebrated_level=0, **values):
        await session.execute(update(UserStats).where(UserStats.user_id == user_id).values(**values))
