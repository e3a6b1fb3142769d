"""People of teams: who counts, who is in which team, putting in and taking out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Subquery, delete, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.people import service as people
from server.core.errors import Conflict, NotFound
from server.core.lists import ListOptions, ListPage, ListState
from server.library import rules
from server.library.access import LIVE
from server.library.schemas import Added, Member
from storage.database.engine import Database
from storage.database.insert import insert_new_rows
from storage.database.paging import by_code_point, count_rows
from storage.database.search import matches
from storage.database.tables import Enrolment, Team, TeamMember, User
from storage.messages import N_
from storage.states import Role

PEOPLE = ListOptions(sorts=("name", "email", "newest"))
BATCH_PEOPLE = 500  # put into a team in one transaction
NO_TEAM = N_("There is no such team.")
OF_COURSE = N_("The people of this team are the learners of its course: enrol them there.")
LEARNS = (User.role == Role.LEARNER) & User.disabled_at.is_(None)  # condition of everybody who counts
_BY_NAME = (by_code_point(User.search_key), by_code_point(User.email))


def everybody_in_teams(team_id: str | None = None) -> Subquery:
    """Rows of team_id, user_id and since, of each person that is in a team by a row or by its course; of one
    team alone, if it is given."""
    own = (Team.id == team_id,) if team_id else ()
    by_row = (
        select(TeamMember.team_id, TeamMember.user_id, TeamMember.added_at.label("since"))
        .join(Team, Team.id == TeamMember.team_id)
        .where(Team.course_id.is_(None), *own)
    )
    by_course = (
        select(Team.id.label("team_id"), Enrolment.user_id, Enrolment.created_at.label("since"))
        .join(Enrolment, Enrolment.course_id == Team.course_id)
        .where(LIVE, *own)
    )
    return union_all(by_row, by_course).subquery()


def learners_in_teams(team_id: str | None = None) -> Subquery:
    """Rows of team_id and user_id, of those who count: learners who may sign in."""
    everybody = everybody_in_teams(team_id)
    return (
        select(everybody.c.team_id, everybody.c.user_id)
        .join(User, User.id == everybody.c.user_id)
        .where(LEARNS)
        .subquery()
    )


async def of_person(session: AsyncSession, user_id: str) -> list[str]:
    """Step: ids of the teams that somebody counts in."""
    found = learners_in_teams()
    return list(await session.scalars(select(found.c.team_id).where(found.c.user_id == user_id)))


async def listed(session: AsyncSession, team_id: str, state: ListState) -> ListPage[Member]:
    """Step: page of a team's people, staff among them."""
    everybody = _people(team_id)
    query = everybody.where(matches(User.search_key, state.search))
    counts = {"": await count_rows(session, everybody)}
    hits = await count_rows(session, query) if state.search else counts[""]
    state = PEOPLE.clamped(state, hits)
    orders: dict[str, tuple[Any, ...]] = {
        "name": _BY_NAME,
        "email": (by_code_point(User.email),),
        "newest": (everybody.selected_columns[1].desc(), *_BY_NAME),
    }
    page = query.order_by(*orders[state.sort]).offset(PEOPLE.offset(state)).limit(PEOPLE.page_size)
    return ListPage(PEOPLE, state, await _members(session, page), hits, counts)


async def everybody(session: AsyncSession, team_id: str) -> list[Member]:
    """Step: all people of a team by name."""
    return await _members(session, _people(team_id).order_by(*_BY_NAME))


async def add(database: Database, team_id: str, emails: Sequence[str], now: datetime) -> Added:
    """Use case: puts existing accounts into a team and returns the other addresses as `unknown`. Idempotent.

    In several transactions: a long list that is interrupted is simply sent again.
    """
    wanted = rules.clean_addresses(emails)
    async with database.read() as session:
        await require_own_people(session, team_id)
        accounts = {email: user.id for email, user in (await people.by_emails(session, wanted)).items()}
    user_ids, added = sorted(accounts.values()), set[str]()
    for start in range(0, len(user_ids), BATCH_PEOPLE):
        batch = user_ids[start : start + BATCH_PEOPLE]
        async with database.write() as session:
            await require_own_people(session, team_id)
            rows = [{"team_id": team_id, "user_id": user_id, "added_at": now} for user_id in batch]
            added |= {user_id for _, user_id in await insert_new_rows(session, TeamMember, rows)}
    known = [email for email in wanted if email in accounts]
    return Added(
        added=tuple(email for email in known if accounts[email] in added),
        already=tuple(email for email in known if accounts[email] not in added),
        unknown=tuple(email for email in wanted if email not in accounts),
    )


async def remove(database: Database, team_id: str, user_id: str) -> Member | None:
    """Use case: takes a person out of a team. None when they are not in it."""
    async with database.write() as session:
        await require_own_people(session, team_id)
        rows = delete(TeamMember).where(TeamMember.team_id == team_id, TeamMember.user_id == user_id)
        gone = await session.scalar(rows.returning(TeamMember.user_id))
        user = await session.get(User, user_id) if gone else None
        return Member(user.id, user.email, user.name) if user else None


async def require(session: AsyncSession, team_id: str) -> Team:
    """Step. Raises NotFound."""
    team = await session.get(Team, team_id)
    if team is None:
        raise NotFound(NO_TEAM)
    return team


async def require_own_people(session: AsyncSession, team_id: str) -> Team:
    """Step: a team that people are put into. Raises NotFound, and Conflict for one of a course."""
    team = await require(session, team_id)
    if team.course_id is not None:
        raise Conflict(OF_COURSE)
    return team


def _people(team_id: str) -> Select[User, datetime]:
    found = everybody_in_teams(team_id)
    return select(User, found.c.since).join(found, found.c.user_id == User.id)


async def _members(session: AsyncSession, query: Select[User, datetime]) -> list[Member]:
    return [Member(user.id, user.email, user.name, since) for user, since in await session.execute(query)]
