"""Facts that are worth XP, for tests of boards. A passed quiz is worth 100 and unlocks nothing."""

from datetime import datetime

from server.accounts.identity import Viewer
from server.core.events import Event, publish
from storage.database.engine import Database
from storage.database.tables import Institution, User
from storage.states import FactKind, Role


async def earn(
    database: Database, user_id: str, subject: str, at: datetime, kind: FactKind = FactKind.QUIZ_PASSED
) -> None:
    async with database.write() as session:
        await publish(session, Event(kind=kind, user_id=user_id, subject=subject, at=at))


async def earn_times(database: Database, user_id: str, times: int, at: datetime, name: str = "q") -> None:
    """As many passed quizzes, 100 XP each."""
    for number in range(times):
        await earn(database, user_id, f"{name}{number}", at)


async def settle_in(database: Database, time_zone: str, day_start_hour: int = 0) -> None:
    """The institution's zone."""
    async with database.write() as session:
        await session.merge(Institution(id=1, time_zone=time_zone, day_start_hour=day_start_hour))


def viewer_of(user: User) -> Viewer:
    return Viewer(id=user.id, email=user.email, name=user.name, role=Role(user.role))
