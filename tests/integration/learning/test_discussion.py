"""Discussion of a lesson: threads, replies, moderation, facts and what is new."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select

from storage.database.engine import Database
from storage.database.tables import ActivityDay, Course, LearningEvent, Lesson, Post
from storage.states import FactKind
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock, MakeAccount
from tests.world.builder import World
from tests.world.talk import add_post

pytestmark = on_both_databases


@pytest.fixture
async def other(make_account: MakeAccount) -> Account:
    return await make_account("learner", "emmy@example.edu", "Emmy Noether")


@pytest.fixture
async def course(world: World, instructor: Account, learner: Account, other: Account) -> Course:
    return await world.course("Optics", instructors=[instructor], learners=[learner, other])


@pytest.fixture
async def lesson(world: World, course: Course) -> Lesson:
    return await world.lesson(course, "Lenses")


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


async def test_threads_and_replies_newest_activity_first(
    lesson: Lesson, learner: Account, other: Account, held_clock: HeldClock
) -> None:
    first = await written(learner, lesson, "First")
    held_clock.advance(minutes=1)
    await written(other, lesson, "Second")
    assert await texts(learner, lesson) == [["Second"], ["First"]]
    held_clock.advance(minutes=1)
    reply = await written(other, lesson, "Re: first", first)
    held_clock.advance(minutes=1)
    await written(learner, lesson, "Re: the reply", reply)  # two levels: it is a reply of the thread
    assert await texts(learner, lesson) == [["First", "Re: first", "Re: the reply"], ["Second"]]


async def test_posts_of_those_who_teach_are_marked_and_are_no_facts(
    database: Database, lesson: Lesson, learner: Account, instructor: Account
) -> None:
    question = await written(learner, lesson, "Why?")
    await written(instructor, lesson, "Because.", question)
    (thread,) = (await seen_by(learner, lesson))["threads"]
    assert (thread["post"]["staff"], thread["replies"][0]["staff"]) == (False, True)
    assert (thread["post"]["author"], thread["replies"][0]["user_id"]) == ("Ada Lovelace", None)
    assert await facts(database) == [("post_created", learner.id, question)]
    async with database.read() as session:
        assert set(await session.scalars(select(ActivityDay.user_id))) == {learner.id}


async def test_the_same_text_sent_again_is_the_same_post(
    database: Database, lesson: Lesson, learner: Account, held_clock: HeldClock
) -> None:
    sent = await asyncio.gather(*(written(learner, lesson, "Why?") for _ in range(8)))
    assert len(set(sent)) == 1
    assert await facts(database) == [("post_created", learner.id, sent[0])]
    held_clock.advance(minutes=11)
    assert await written(learner, lesson, "Why?") != sent[0]


async def test_five_posts_a_minute(lesson: Lesson, learner: Account, held_clock: HeldClock) -> None:
    numbers = range(9)
    answers = await asyncio.gather(
        *(learner.api.post(posts_of(lesson), json={"text": f"Post {number}"}) for number in numbers)
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [429] * 4
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert "5 posts within a minute" in refused.json()["detail"]
    made = next(answer for answer in answers if answer.status_code == 201).json()["id"]
    await learner.api.delete(f"/api/posts/{made}")  # makes no room
    assert (await learner.api.post(posts_of(lesson), json={"text": "More"})).status_code == 429
    held_clock.advance(seconds=61)
    await written(learner, lesson, "More")


async def test_deleted_posts_stay_while_they_have_replies(
    database: Database, lesson: Lesson, learner: Account, other: Account
) -> None:
    question = await written(learner, lesson, "Why?")
    answer = await written(other, lesson, "Because.", question)
    assert (await other.api.delete(f"/api/posts/{question}")).status_code == 403
    for _ in range(2):
        assert (await learner.api.delete(f"/api/posts/{question}")).status_code == 204
    assert await texts(other, lesson) == [["(deleted)", "Because."]]
    assert (await seen_by(other, lesson))["threads"][0]["post"]["author"] == ""
    async with database.read() as session:
        assert (await session.get_one(Post, question)).text == ""
    await other.api.delete(f"/api/posts/{answer}")
    assert await texts(other, lesson) == []
    assert await facts(database) == [
        ("post_created", learner.id, question),
        ("post_created", other.id, answer),
        ("post_deleted", learner.id, question),
        ("post_deleted", other.id, answer),
    ]


async def test_hiding_takes_back_once_and_showing_again_gives_nothing(
    database: Database, lesson: Lesson, learner: Account, other: Account, instructor: Account
) -> None:
    post = await written(learner, lesson, "Rude")
    await written(other, lesson, "Calm", post)
    assert await moderate(learner, post, "hide", "Rude") == 403
    assert await moderate(instructor, post, "hide") == 400
    for action in ("hide", "hide", "show", "show", "hide"):
        assert await moderate(instructor, post, action, "Rude words") == 200
    assert await texts(other, lesson) == [["(hidden)", "Calm"]]
    assert await texts(learner, lesson) == [["Rude", "Calm"]]
    mine = (await seen_by(learner, lesson))["threads"][0]["post"]
    assert (mine["state"], mine["reason"], mine["can_edit"]) == ("hidden", "Rude words", False)
    assert (await learner.api.patch(f"/api/posts/{post}", json={"text": "Kind"})).status_code == 409
    assert (await other.api.post(posts_of(lesson), json={"text": "x", "reply_to": post})).status_code == 404
    await learner.api.delete(f"/api/posts/{post}")
    assert await moderate(instructor, post, "show") == 404
    mine_only = [fact for fact in await facts(database) if fact[1] == learner.id]
    assert mine_only == [("post_created", learner.id, post), ("post_deleted", learner.id, post)]


async def test_approve_first(
    database: Database, course: Course, lesson: Lesson, learner: Account, other: Account, instructor: Account
) -> None:
    path = f"/api/courses/{course.id}/discussion"
    assert (await learner.api.put(path, json={"approve_first": True})).status_code == 403
    assert (await instructor.api.put(path, json={"approve_first": True})).status_code == 200
    post = await written(learner, lesson, "Why?")
    unseen = await written(learner, lesson, "Spam")
    assert (await texts(other, lesson), len(await texts(learner, lesson))) == ([], 2)
    assert (await seen_by(instructor, lesson))["waiting"] == 2
    assert await facts(database) == []
    assert await moderate(instructor, post, "show") == 200
    assert await texts(other, lesson) == [["Why?"]]
    await moderate(instructor, unseen, "hide", "Spam")
    await learner.api.delete(f"/api/posts/{unseen}")
    assert await facts(database) == [("post_created", learner.id, post)]
    # A changed text waits again, and those who teach need no approval.
    changed = await learner.api.patch(f"/api/posts/{post}", json={"text": "Why not?"})
    assert (changed.status_code, changed.json()["state"]) == (200, "waiting")
    assert await texts(other, lesson) == []
    await written(instructor, lesson, "Welcome")
    assert await texts(other, lesson) == [["Welcome"]]
    await moderate(instructor, post, "show")
    assert await facts(database) == [("post_created", learner.id, post)]


async def test_locked_threads_take_no_replies(
    lesson: Lesson, learner: Account, other: Account, instructor: Account
) -> None:
    post = await written(learner, lesson, "Why?")
    reply = await written(other, lesson, "Because.", post)
    assert await moderate(instructor, reply, "lock") == 200
    refused = await learner.api.post(posts_of(lesson), json={"text": "But", "reply_to": post})
    assert (refused.status_code, "locked" in refused.json()["detail"]) == (409, True)
    assert (await learner.api.patch(f"/api/posts/{post}", json={"text": "x"})).status_code == 409
    await written(instructor, lesson, "Enough.", post)
    await moderate(instructor, post, "unlock")
    await written(learner, lesson, "But", post)


async def test_authors_edit_for_an_hour(lesson: Lesson, learner: Account, held_clock: HeldClock) -> None:
    post = await written(learner, lesson, "Wy?")
    held_clock.advance(minutes=59)
    changed = await learner.api.patch(f"/api/posts/{post}", json={"text": "Why?"})
    assert (changed.status_code, changed.json()["text"], changed.json()["edited_at"] is None) == (
        200,
        "Why?",
        False,
    )
    held_clock.advance(minutes=2)
    refused = await learner.api.patch(f"/api/posts/{post}", json={"text": "Oh"})
    assert (refused.status_code, "can no longer be changed" in refused.json()["detail"]) == (409, True)


async def test_what_is_new(lesson: Lesson, learner: Account, other: Account, held_clock: HeldClock) -> None:
    first = await written(learner, lesson, "One")
    held_clock.advance(seconds=1)
    await written(learner, lesson, "Two", first)
    known = await seen_by(other, lesson)
    assert (known["unread"], (await seen_by(learner, lesson))["unread"]) == (2, 0)
    assert known["threads"][0]["post"]["unread"] is True
    held_clock.advance(seconds=1)
    await written(learner, lesson, "Three", first)  # after the page was made
    seen = f"{posts_of(lesson)}/seen"
    for until in (known["newest_at"], "2001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59"):
        assert (await other.api.post(seen, json={"until": until})).status_code == 204
    assert (await seen_by(other, lesson))["unread"] == 1
    assert (await other.api.post(seen, json={"until": "2026-01-01T00:00:00"})).status_code == 400
    await other.api.post(seen, json={"until": "9999-12-31T23:59:59Z"})  # not beyond now
    held_clock.advance(seconds=1)
    await written(learner, lesson, "Four", first)
    assert (await seen_by(other, lesson))["unread"] == 1


async def test_pages_of_twenty_threads(
    database: Database, lesson: Lesson, learner: Account, held_clock: HeldClock
) -> None:
    async with database.write() as session:
        for number in range(45):
            held_clock.advance(seconds=1)
            add_post(session, lesson.id, learner.id, at=held_clock.now(), text=str(number))
    first, last = await seen_by(learner, lesson), await seen_by(learner, lesson, page=99)
    assert (first["pages"], first["count"], len(first["threads"]), len(last["threads"])) == (3, 45, 20, 5)
    assert (first["threads"][0]["post"]["text"], last["page"]) == ("44", 3)


async def test_a_full_thread_says_so(
    database: Database, lesson: Lesson, learner: Account, held_clock: HeldClock
) -> None:
    post = await written(learner, lesson, "Why?")
    async with database.write() as session:
        for _ in range(200):
            add_post(session, lesson.id, learner.id, at=held_clock.now(), thread_id=post)
    held_clock.advance(minutes=2)
    refused = await learner.api.post(posts_of(lesson), json={"text": "x", "reply_to": post})
    assert (refused.status_code, "200 replies" in refused.json()["detail"]) == (409, True)


async def test_replies_stay_in_their_lesson(
    world: World, course: Course, lesson: Lesson, learner: Account, make_account: MakeAccount
) -> None:
    post = await written(learner, lesson, "Why?")
    elsewhere = await world.lesson(course, "Rays")
    refused = await learner.api.post(posts_of(elsewhere), json={"text": "x", "reply_to": post})
    assert refused.status_code == 404
    outsider = await make_account("learner", "out@example.edu")
    for answer in (
        await outsider.api.patch(f"/api/posts/{post}", json={"text": "x"}),
        await outsider.api.delete(f"/api/posts/{post}"),
    ):
        assert answer.status_code == 404


async def test_posts_of_a_course_for_those_who_teach(
    course: Course, world: World, lesson: Lesson, learner: Account, instructor: Account, held_clock: HeldClock
) -> None:
    await written(learner, lesson, "One")
    await instructor.api.put(f"/api/courses/{course.id}/discussion", json={"approve_first": True})
    held_clock.advance(seconds=1)
    await written(learner, await world.lesson(course, "Rays"), "Two")
    path = f"/api/courses/{course.id}/posts"
    everything = (await instructor.api.get(path)).json()
    assert [post["text"] for post in everything["posts"]] == ["Two", "One"]
    assert everything["waiting"] == 1
    waiting = (await instructor.api.get(path, params={"only": "waiting"})).json()
    assert [post["user_id"] for post in waiting["posts"]] == [learner.id]


async def test_deleting_the_lesson_deletes_its_discussion(
    database: Database, lesson: Lesson, learner: Account, other: Account, instructor: Account
) -> None:
    post = await written(learner, lesson, "Why?")
    await written(other, lesson, "Because.", post)
    await other.api.post(f"{posts_of(lesson)}/seen", json={"until": "2030-01-01T00:00:00Z"})
    assert (await instructor.api.delete(f"/api/lessons/{lesson.id}")).status_code == 204
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Post)) == 0
    assert len(await facts(database)) == 2
