"""Threads and replies: order, limits, repeated requests, and what is new."""

import asyncio

from sqlalchemy import func, select

from storage.database.engine import Database
from storage.database.tables import ActivityDay, Course, Lesson, Post
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock, MakeAccount
from tests.integration.learning.discussion.talking import facts, posts_of, seen_by, texts, written
from tests.world.builder import World
from tests.world.talk import add_post

pytestmark = on_both_databases


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
