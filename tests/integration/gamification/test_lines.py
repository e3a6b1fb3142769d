"""The XP ledger as its learner reads it: why each line was written, and what earned it."""

import pytest
from sqlalchemy import delete

from server.core.events import Event, publish
from storage.database.engine import Database
from storage.database.tables import Lesson
from storage.states import FactKind
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account
from tests.integration.gamification.earning import learned_on
from tests.world.builder import World
from tests.world.clock import START

XP = "/api/gamification/xp"


@pytest.fixture
async def lesson(world: World, learner: Account) -> Lesson:
    course = await world.course("Optics", learners=[learner])
    await world.lesson(course, "Rays", text="Light.")
    return await world.lesson(course, "Lenses", text="Light.")


async def say(database: Database, user_id: str, kind: FactKind, subject: str, lesson: Lesson) -> None:
    async with database.write() as session:
        event = Event(
            kind=kind,
            user_id=user_id,
            subject=subject,
            at=START,
            course_id=lesson.course_id,
            lesson_id=lesson.id,
        )
        await publish(session, event)


@on_both_databases
async def test_every_line_says_why_and_links(
    world: World, learner: Account, lesson: Lesson, database: Database
) -> None:
    await say(database, learner.id, FactKind.QUIZ_PERFECT, "q", lesson)
    await say(database, learner.id, FactKind.QUIZ_PASSED, "q", lesson)
    await say(database, learner.id, FactKind.POST_CREATED, "p", lesson)
    await say(database, learner.id, FactKind.POST_DELETED, "p", lesson)
    await say(database, learner.id, FactKind.REVIEW_POSTED, lesson.course_id, lesson)
    await world.completed(lesson, learner)
    await learned_on(database, learner.id, ["2026-11-19"])
    told = (await learner.api.get(XP)).json()
    page = f"/dashboard/courses/{lesson.course_id}"
    here, posts = f"{page}/lessons/{lesson.id}", f"{page}/lessons/{lesson.id}/posts"
    perfect = "You answered everything right in the quiz of “Lenses”: this is what a pass had not paid yet."
    anew = "Counted anew: a result without a mistake pays what the pass did not."
    wrote = "You wrote in the discussion of “Lenses”."
    assert [(line["amount"], line["why"], line["href"]) for line in reversed(told["lines"])] == [
        (150, perfect, here),
        (100, "You passed the quiz of “Lenses”.", here),
        (-100, f"{anew} {perfect}", here),
        (30, wrote, posts),
        (-30, f"The post was deleted or hidden. {wrote}", posts),
        (50, "You reviewed the course “Optics”.", f"{page}/reviews"),
        (50, "You completed “Lenses”.", here),
        (200, "You unlocked “First Steps”.", "/dashboard/achievements#first_steps"),
        (
            20,
            "You learned on November 19, 2026, a day of your streak.",
            "/dashboard/streak?year=2026#month-2026-11",
        ),
    ]
    assert told["total_xp"] == sum(line["amount"] for line in told["lines"])
    sums = {one["rule"]: (one["lines"], one["amount"]) for one in told["sums"]}
    assert sums["discussion_post"] == (2, 0)
    assert sums["quiz_perfect"] == (2, 50)
    shown = await learner.browser.get("/dashboard/xp")
    assert shown.status_code == 200
    assert "The post was deleted or hidden." in shown.text
    assert f'href="{here}"' in shown.text


async def test_what_is_gone_still_reads_well(
    world: World, learner: Account, lesson: Lesson, database: Database
) -> None:
    await world.completed(lesson, learner)
    async with database.write() as session:
        await session.execute(delete(Lesson).where(Lesson.id == lesson.id))
    lines = (await learner.api.get(XP)).json()["lines"]
    assert [line["why"] for line in lines if line["rule"] == "lesson_completed"] == [
        "You completed a lesson that is no longer there."
    ]
    assert [line["href"] for line in lines if line["rule"] == "lesson_completed"] == [None]


async def test_what_is_not_open_any_more_is_named_without_a_link(
    world: World, learner: Account, lesson: Lesson
) -> None:
    await world.completed(lesson, learner)
    course = (await world.reload(lesson)).course_id
    await learner.api.delete(f"/api/courses/{course}/enrol")
    line = (await learner.api.get(XP)).json()["lines"][-1]
    assert (line["why"], line["href"]) == ("You completed “Lenses”.", None)


async def test_pages_of_lines(world: World, learner: Account, database: Database) -> None:
    lesson = await world.lesson()
    for number in range(60):
        await say(database, learner.id, FactKind.QUIZ_PASSED, f"q{number}", lesson)
    first = (await learner.api.get(XP)).json()
    last = (await learner.api.get(XP, params={"page": 2})).json()
    assert (len(first["lines"]), first["pages"]) == (50, 2)
    assert (last["page"], len(last["lines"])) == (2, first["count"] - 50)
    assert {line["id"] for line in first["lines"]}.isdisjoint(line["id"] for line in last["lines"])
    assert (await learner.api.get(XP, params={"page": 99})).json()["page"] == 2
    shown = await learner.browser.get("/dashboard/xp?page=2")
    assert "Page 2 of 2" in shown.text


async def test_somebody_elses_lines_are_not_shown(world: World, learner: Account, lesson: Lesson) -> None:
    await world.completed(lesson, await world.person("Ada"))
    assert (await learner.api.get(XP)).json()["lines"] == []
    assert "No XP yet" in (await learner.browser.get("/dashboard/xp")).text
