"""A person's ledger, page by page, with the sums by rule. Steps."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.identity import Viewer
from server.core.lists import ListOptions, ListPage, ListState
from server.core.text.formats import translated
from server.gamification.learner.lines import reasons, subjects
from server.gamification.learner.lines.schemas import LineView, RuleSum
from server.gamification.learner.lines.subjects import Subjects
from storage.database.tables import XpTransaction

LINES = ListOptions(sorts=("newest",), page_size=50)


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    total: int
    sums: Sequence[RuleSum]
    found: ListPage[LineView]


async def shown(session: AsyncSession, viewer: Viewer, state: ListState) -> Ledger:
    """Lines in the order in which they were written, the latest first."""
    sums = await _sums(session, viewer.id)
    hits = sum(one.lines for one in sums)
    state = LINES.clamped(state, hits)
    mine = select(XpTransaction).where(XpTransaction.user_id == viewer.id)
    page = mine.order_by(XpTransaction.id.desc()).offset(LINES.offset(state)).limit(LINES.page_size)
    rows = (await session.scalars(page)).all()
    about = await subjects.of_lines(session, viewer, rows)
    return Ledger(
        total=sum(one.amount for one in sums),
        sums=sums,
        found=ListPage(LINES, state, [_view(row, about) for row in rows], hits, {"": hits}),
    )


async def _sums(session: AsyncSession, user_id: str) -> list[RuleSum]:
    """The highest first; freezes pay nothing and come last, unless something was taken back."""
    rows = await session.execute(
        select(XpTransaction.rule, func.count(), func.sum(XpTransaction.amount))
        .where(XpTransaction.user_id == user_id)
        .group_by(XpTransaction.rule)
    )
    found = [
        RuleSum(rule=rule, name=translated(reasons.NAMES[rule]), lines=lines, amount=int(amount))
        for rule, lines, amount in rows
    ]
    return sorted(found, key=lambda one: (-one.amount, one.rule))


def _view(row: XpTransaction, about: Subjects) -> LineView:
    return LineView(
        id=row.id,
        at=row.at,
        day=row.local_day,
        rule=row.rule,
        name=translated(reasons.NAMES[row.rule]),
        reason=row.reason,
        amount=row.amount,
        why=reasons.why(row, about),
        href=reasons.href(row, about),
    )
