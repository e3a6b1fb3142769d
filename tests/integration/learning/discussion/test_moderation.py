"""Deleting, hiding, approving and locking, and the facts they give once."""

from storage.database.engine import Database
from storage.database.tables import Course, Lesson, Post
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock
from tests.integration.learning.discussion.talking import facts, moderate, posts_of, seen_by, texts, written
from tests.world.builder import World

pytestmark = on_both_databases


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
    known = await seen_by(instructor, lesson)
    assert (known["waiting"], known["approve_first"]) == (2, True)
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
