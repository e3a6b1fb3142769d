"""Rules, achievements and changes as administrators see them. Steps."""

from collections import defaultdict
from datetime import datetime

import msgspec
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.errors import NotFound
from server.core.lists import ListOptions
from server.gamification.changes import rules
from server.gamification.changes.entering import PAYING
from server.gamification.changes.schemas import (
    AchievementRule,
    ChangeView,
    PeoplePage,
    PersonView,
    Result,
    ValueVersion,
    ValueView,
)
from server.gamification.changes.service import GONE
from server.gamification.xp import books
from storage.database.tables import (
    Achievement,
    RuleChange,
    RuleChangePerson,
    User,
    UserAchievement,
    XpRuleVersion,
)
from storage.states import ChangeState, XpRule

PEOPLE = ListOptions(sorts=("size",), page_size=50)
MOST_CHANGES = 20  # of the list of those that were applied


async def values(session: AsyncSession, now: datetime) -> list[ValueView]:
    """Value of each rule, with its versions."""
    book = await books.book(session)
    versions: dict[XpRule, list[ValueVersion]] = defaultdict(list)
    rows = select(XpRuleVersion, User.name).outerjoin(User, User.id == XpRuleVersion.created_by)
    for row, name in await session.execute(
        rows.where(XpRuleVersion.subject == "").order_by(XpRuleVersion.version.desc())
    ):
        versions[row.rule].append(
            ValueVersion(
                version=row.version,
                amount=row.amount,
                valid_from=row.valid_from,
                created_at=row.created_at,
                created_by=name,
            )
        )
    return [
        ValueView(rule=rule, amount=book.value(rule, now).amount, versions=versions[rule]) for rule in PAYING
    ]


async def achievements(session: AsyncSession, now: datetime) -> list[AchievementRule]:
    """All achievements, retired ones too, in their order."""
    book = await books.book(session)
    held = select(UserAchievement.achievement_id, func.count().label("people"))
    counted = await session.execute(held.group_by(UserAchievement.achievement_id))
    holders = {row.achievement_id: row.people for row in counted}
    own = {subject for rule, subject in book.versions if rule == XpRule.ACHIEVEMENT_UNLOCKED}
    rows = await session.scalars(select(Achievement).order_by(Achievement.position, Achievement.id))
    return [
        AchievementRule(
            id=row.id,
            name=row.name,
            description=row.description,
            rarity=row.rarity,
            criterion=row.criterion,
            threshold=row.threshold,
            points=book.value(XpRule.ACHIEVEMENT_UNLOCKED, now, row.id).amount,
            own_points=row.id in own,
            since=row.since,
            retired_at=row.retired_at,
            holders=holders.get(row.id, 0),
        )
        for row in rows
    ]


async def change(session: AsyncSession, change_id: str) -> ChangeView:
    """Raises NotFound."""
    found = (await session.execute(_changes().where(RuleChange.id == change_id))).one_or_none()
    if found is None:
        raise NotFound(GONE)
    return _view(*found)


async def changes(session: AsyncSession) -> tuple[list[ChangeView], list[ChangeView]]:
    """Drafts and changes that are being applied; and the last ones that were applied. Newest first."""
    newest = _changes().order_by(RuleChange.id.desc())
    drafts = await session.execute(newest.where(RuleChange.state != ChangeState.APPLIED))
    done = await session.execute(newest.where(RuleChange.state == ChangeState.APPLIED).limit(MOST_CHANGES))
    return [_view(*row) for row in drafts], [_view(*row) for row in done]


def _changes() -> Select[RuleChange, str]:
    return select(RuleChange, User.name).outerjoin(User, User.id == RuleChange.created_by)


def _view(row: RuleChange, name: str | None) -> ChangeView:
    return ChangeView(
        id=row.id,
        change=rules.read(row.change),
        state=row.state,
        scope=row.scope,
        created_at=row.created_at,
        created_by=name,
        applied_at=row.applied_at,
        people=row.people,
        done=row.done,
        previewed_at=row.previewed_at,
        result=msgspec.convert(row.result, Result) if row.result is not None else None,
    )


async def people(session: AsyncSession, change_id: str, page: str) -> PeoplePage:
    """Page of those whom a change gives or takes something, the most affected first."""
    chosen = RuleChangePerson.change_id == change_id
    total = await session.scalar(select(func.count()).select_from(RuleChangePerson).where(chosen)) or 0
    state = PEOPLE.clamped(PEOPLE.read({"page": page}), total)
    rows = await session.execute(
        select(RuleChangePerson, User.name)
        .outerjoin(User, User.id == RuleChangePerson.user_id)
        .where(chosen)
        .order_by(RuleChangePerson.size.desc(), RuleChangePerson.user_id.desc())
        .offset(PEOPLE.offset(state))
        .limit(PEOPLE.page_size)
    )
    return PeoplePage(
        people=[_person(row, name) for row, name in rows],
        total=total,
        page=state.page,
        pages=PEOPLE.page_count(total),
    )


def _person(row: RuleChangePerson, name: str | None) -> PersonView:
    return PersonView(
        user_id=row.user_id,
        name=name,
        xp_before=row.xp_before,
        xp_after=row.xp_after,
        level_before=row.level_before,
        level_after=row.level_after,
        streak_before=row.streak_before,
        streak_after=row.streak_after,
        rank_before=row.rank_before,
        rank_after=row.rank_after,
        unlocked=row.unlocked,
    )
