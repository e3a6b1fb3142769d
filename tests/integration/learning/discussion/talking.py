"""Requests about a discussion, and the facts that they leave."""

from typing import Any

from sqlalchemy import select

from storage.database.engine import Database
from storage.database.tables import LearningEvent, Lesson
from storage.states import FactKind
from tests.fixtures.web import Account


def posts_of(lesson: Lesson) -> str:
    return f"/api/lessons/{lesson.id}/posts"


async def written(account: Account, lesson: Lesson, text: str, reply_to: str | None = None) -> str:
    answer = await account.api.post(posts_of(lesson), json={"text": text, "reply_to": reply_to})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def seen_by(account: Account, lesson: Lesson, page: int = 1) -> dict[str, Any]:
    answer = await account.api.get(posts_of(lesson), params={"page": page})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def texts(account: Account, lesson: Lesson) -> list[list[str]]:
    """Texts of each thread, "(state)" where there is none."""
    return [
        [post["text"] or f"({post['state']})" for post in (thread["post"], *thread["replies"])]
        for thread in (await seen_by(account, lesson))["threads"]
    ]


async def moderate(account: Account, post_id: str, action: str, reason: str = "") -> int:
    sent = {"action": action, "reason": reason}
    return (await account.api.post(f"/api/posts/{post_id}/moderate", json=sent)).status_code


async def facts(database: Database) -> list[tuple[str, str, str]]:
    async with database.read() as session:
        kinds = (FactKind.POST_CREATED, FactKind.POST_DELETED)
        wanted = select(LearningEvent).where(LearningEvent.kind.in_(kinds)).order_by(LearningEvent.id)
        return [(str(row.kind), row.user_id, row.subject) for row in await session.scalars(wanted)]
