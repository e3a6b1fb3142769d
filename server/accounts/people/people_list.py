"""List of people: search, roles, order and pages. The caller checks permissions."""

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.accounts.people.service import view
from server.accounts.schemas import Person
from server.core.lists import ListOptions, ListPage, ListState, counts_of
from storage.database.engine import Database
from storage.database.paging import by_code_point, count_by, count_rows
from storage.database.search import matches
from storage.database.tables import User
from storage.states import Role

OPTIONS = ListOptions(sorts=("name", "email", "newest"), filter_name="role", filters=tuple(Role))
ACCOUNT = User.erased_at.is_(None)  # no pseudonym of an erased person
BATCH = 100  # people in one answer of the API, unless it is asked for more
_BY_NAME = (by_code_point(User.search_key), by_code_point(User.email))
_ORDERS: dict[str, tuple[Any, ...]] = {
    "name": _BY_NAME,
    "email": (by_code_point(User.email),),
    "newest": (User.created_at.desc(), *_BY_NAME),
}


async def matching(
    database: Database, *, search: str = "", role: str = "", offset: int = 0, limit: int = BATCH
) -> list[Person]:
    """People by name. Each word of `search` is a part of the name or the email address."""
    query = _found(search, role).order_by(*_BY_NAME).offset(offset).limit(limit)
    async with database.read() as session:
        return [view(user) for user in await session.scalars(query)]


async def shown(session: AsyncSession, state: ListState) -> ListPage[Person]:
    """Step: page of the list. The counts include disabled accounts, which are listed, too."""
    query = _found(state.search, state.filter)
    counts = counts_of(OPTIONS, await count_by(session, User.role, select(User).where(ACCOUNT)))
    hits = await count_rows(session, query)
    state = OPTIONS.clamped(state, hits)
    users = await session.scalars(
        query.order_by(*_ORDERS[state.sort]).offset(OPTIONS.offset(state)).limit(OPTIONS.page_size)
    )
    return ListPage(OPTIONS, state, [view(user) for user in users], hits, counts)


def _found(search: str, role: str) -> Select[User]:
    query = select(User).where(ACCOUNT, matches(User.search_key, search))
    return query.where(User.role == role) if role else query
