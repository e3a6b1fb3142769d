"""Enrolments that end and go on, and the facts about them."""

import asyncio
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.core.errors import Invalid
from server.library import courses, enrolments, instructors, rules
from server.library.schemas import Member
from storage.database.engine import Database
from storage.database.tables import Enrolment, LearningEvent, User
from tests.fixtures.crowd import add_people
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import Account, HeldClock, MakeAccount
from tests.world.scenes import Academy


async def facts(database: Database, user_id: str) -> list[str]:
    """Facts about a learner, by the number of the enrolment: its kind and the actor's name."""
    async with database.read() as session:
        rows = await session.execute(
            select(LearningEvent.subject, LearningEvent.kind, User.name)
            .join(User, User.id == LearningEvent.actor_id)
            .where(LearningEvent.user_id == user_id)
            .order_by(LearningEvent.subject, LearningEvent.kind)
        )
        return [f"{subject.partition('/')[2]} {kind} by {name}" for subject, kind, name in rows]


async def row(database: Database, academy: Academy) -> tuple[datetime, datetime | None]:
    async with database.read() as session:
        found = await session.get_one(Enrolment, (academy.course_id, academy.learner.id))
        return found.created_at, found.ended_at


async def learners(database: Database, academy: Academy) -> int | None:
    return (await courses.get(database, academy.teacher.viewer, academy.course_id)).learners


@on_both_databases
async def test_each_enrolment_and_each_end_is_one_fact(
    academy: Academy, database: Database, held_clock: HeldClock
) -> None:
    """Also at one and the same moment, and however often a request is repeated."""
    teacher, course_id, now = academy.teacher.viewer, academy.course_id, held_clock.now()
    begun, _ = await row(database, academy)
    for _ in range(2):
        for _ in range(2):
            await enrolments.remove(database, teacher, course_id, academy.learner.id, now)
        assert await row(database, academy) == (begun, now)
        assert await learners(database, academy) == 0
        for _ in range(2):
            await enrolments.add(database, teacher, course_id, [academy.learner.email], now)
        assert await row(database, academy) == (begun, None)
        assert await learners(database, academy) == 1
    assert await facts(database, academy.learner.id) == [
        "1 enrolled by Max Born",
        "1 left by Max Born",
        "2 enrolled by Max Born",
        "2 left by Max Born",
        "3 enrolled by Max Born",
    ]


@on_both_databases
async def test_ended_enrolment_is_seen_nowhere(academy: Academy, database: Database) -> None:
    api = academy.teacher.api
    path = f"/api/courses/{academy.course_id}/enrolments"
    assert (await api.delete(f"{path}/{academy.learner.id}")).status_code == 204
    assert (await api.delete(f"{path}/{academy.learner.id}")).status_code == 204
    assert (await api.get(path)).json() == []
    assert (await api.get(f"/api/courses/{academy.course_id}")).json()["learners"] == 0
    assert (await academy.learner.api.get("/api/courses")).json() == []
    assert (await academy.learner.browser.get(f"/dashboard/courses/{academy.course_id}")).status_code == 404
    assert "Optics" not in (await academy.learner.browser.get("/dashboard")).text
    assert academy.learner.email not in (await academy.teacher.browser.get(f"{academy.course}/people")).text
    again = await api.post(path, json={"emails": [academy.learner.email]})
    assert again.json() == {"added": [academy.learner.email], "already": [], "unknown": []}
    assert "Optics" in (await academy.learner.browser.get("/dashboard")).text


@on_both_databases
async def test_enrolment_from_before_the_facts_can_end_and_go_on(
    academy: Academy, database: Database, held_clock: HeldClock, make_account: MakeAccount
) -> None:
    emmy = await make_account("learner", "emmy@example.edu", "Emmy Noether")
    async with database.write() as session:
        values = {"course_id": academy.course_id, "user_id": emmy.id, "created_at": held_clock.now()}
        await session.execute(insert(Enrolment).values(values))
    teacher, now = academy.teacher.viewer, held_clock.now()
    for _ in range(2):
        await enrolments.remove(database, teacher, academy.course_id, emmy.id, now)
        await enrolments.add(database, teacher, academy.course_id, [emmy.email], now)
    assert await facts(database, emmy.id) == [
        "0 left by Max Born",
        "1 enrolled by Max Born",
        "1 left by Max Born",
        "2 enrolled by Max Born",
    ]


@on_both_databases
async def test_two_long_lists_at_once_enrol_everybody_once(
    academy: Academy, database: Database, held_clock: HeldClock
) -> None:
    await add_people(database, 120)
    emails = [f"person-{n:04d}@students.example.edu" for n in range(120)]
    both = await asyncio.gather(
        *(
            enrolments.add(database, academy.teacher.viewer, academy.course_id, order, held_clock.now())
            for order in (emails, [*reversed(emails), "who@example.edu", academy.learner.email])
        )
    )
    assert sorted(email for added in both for email in added.added) == emails
    assert [added.unknown for added in both] == [(), ("who@example.edu",)]
    assert academy.learner.email in both[1].already
    assert both[1].added == tuple(sorted(both[1].added, reverse=True))  # in the given order
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(LearningEvent)) == 121
    assert await learners(database, academy) == 121


async def test_list_that_is_too_long_is_refused_and_kept(academy: Academy, database: Database) -> None:
    typed = "\n".join(f"{n}@x.edu" for n in range(rules.MAX_ADDRESSES + 1))
    answer = await academy.teacher.browser.post(f"{academy.course}/people/learners", data={"emails": typed})
    assert answer.status_code == 422
    assert "The list has more than 5,000 addresses. Split it." in answer.text
    assert typed in answer.text
    api = await academy.teacher.api.post(
        f"/api/courses/{academy.course_id}/enrolments", json={"emails": typed.split()}
    )
    assert api.status_code == 400
    assert await learners(database, academy) == 1


@on_both_databases
async def test_unknown_addresses_are_searched_while_somebody_else_writes(
    academy: Academy, database: Database, held_clock: HeldClock
) -> None:
    """Nothing is written for them, and the search does not wait for a writer, nor a writer for it."""
    teacher, course_id, now = academy.teacher.viewer, academy.course_id, held_clock.now()
    emails = [f"{n}@x.edu" for n in range(rules.MAX_ADDRESSES)]
    async with database.write() as session, asyncio.timeout(20):
        await session.execute(update(User).values(name="Somebody"))
        added = await enrolments.add(database, teacher, course_id, emails, now)
        assert len(added.unknown) == len(emails)
        with pytest.raises(Invalid, match="4@x"):
            await instructors.add(database, teacher, course_id, emails[: instructors.MAX_ADDED])
        with pytest.raises(Invalid, match="more than 5000 addresses"):
            await enrolments.add(database, teacher, course_id, [f"{n}@x.edu" for n in range(150_000)], now)
        with pytest.raises(Invalid, match="more than 500 addresses"):
            await instructors.add(database, teacher, course_id, emails)


@on_both_databases
async def test_long_list_is_written_in_short_transactions(
    academy: Academy, database: Database, held_clock: HeldClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In each, others wait for at most so many people."""
    await add_people(database, 3 * enrolments.BATCH_PEOPLE)
    enrolled: list[int] = []
    enrol = enrolments.enrol

    async def counted(session: AsyncSession, course_id: str, user_ids: list[str], **given: Any) -> set[str]:
        enrolled.append(len(user_ids))
        return await enrol(session, course_id, user_ids, **given)

    monkeypatch.setattr(enrolments, "enrol", counted)
    emails = [f"person-{n:04d}@students.example.edu" for n in range(3 * enrolments.BATCH_PEOPLE)]
    await enrolments.add(database, academy.teacher.viewer, academy.course_id, emails, held_clock.now())
    assert enrolled == [enrolments.BATCH_PEOPLE] * 3


async def test_pasted_text_that_is_too_long_is_refused(academy: Academy) -> None:
    """Before it is searched for addresses: a second for 1.9 MB of commas."""
    answer = await academy.teacher.browser.post(
        f"{academy.course}/people/learners", data={"emails": "," * (rules.MAX_LIST_LENGTH + 1)}
    )
    assert answer.status_code == 422
    assert "The list is longer than 300,000 characters. Split it." in answer.text


async def test_repeated_addresses_count_once(
    academy: Academy, database: Database, held_clock: HeldClock
) -> None:
    emails = [academy.learner.email.upper(), f" {academy.learner.email} "] * rules.MAX_ADDRESSES
    added = await enrolments.add(
        database, academy.teacher.viewer, academy.course_id, emails, held_clock.now()
    )
    assert (added.added, added.already) == ((), (academy.learner.email,))


@on_both_databases
async def test_instructors_are_added_all_or_none(
    academy: Academy, database: Database, make_account: MakeAccount
) -> None:
    lise = await make_account("instructor", "lise@example.edu", "Lise Meitner")
    otto = await make_account("instructor", "otto@example.edu", "Otto Hahn")
    path = f"/api/courses/{academy.course_id}/instructors"

    async def add(*emails: str) -> tuple[int, str]:
        answer = await academy.teacher.api.post(path, json={"emails": emails})
        return answer.status_code, answer.text

    for unknown in ("who@example.edu", academy.learner.email):
        status, text = await add(lise.email, unknown, otto.email)
        assert status == 400
        assert unknown in text
        assert lise.email not in text
        assert [person.name for person in await of_course(database, academy)] == ["Max Born"]
    for _ in range(2):
        assert (await add(lise.email, otto.email))[0] == 200
    assert [person.name for person in await of_course(database, academy)] == [
        "Lise Meitner", "Max Born", "Otto Hahn",
    ]  # fmt: skip


async def of_course(database: Database, academy: Academy) -> list[Member]:
    return await instructors.of_course(database, academy.teacher.viewer, academy.course_id)


async def test_sentence_names_a_few_of_many(academy: Academy, database: Database) -> None:
    with pytest.raises(Invalid, match=r"9@x\.edu, …\. An administrator"):
        emails = [f"{n}@x.edu" for n in range(400)]
        await instructors.add(database, academy.teacher.viewer, academy.course_id, emails)


async def test_undo_of_a_removal_goes_on_with_the_enrolment(academy: Academy, database: Database) -> None:
    browser, path = academy.teacher.browser, f"{academy.course}/people"
    begun, _ = await row(database, academy)
    await browser.post(f"{path}/learners/{academy.learner.id}/remove")
    shown = (await browser.get(path)).text
    assert "Ada Lovelace is removed." in shown
    assert f'name="emails" value="{academy.learner.email}"' in shown
    await browser.post(f"{path}/learners", data={"emails": academy.learner.email})
    assert await row(database, academy) == (begun, None)
    gone = await browser.post(f"{path}/learners/nobody/remove")  # as from a second window
    assert gone.headers["location"] == path


async def test_actor_of_the_fact_is_the_signed_in_person(
    academy: Academy, administrator: Account, database: Database
) -> None:
    await administrator.browser.post(f"{academy.course}/people/learners/{academy.learner.id}/remove")
    async with database.read() as session:
        left = (await session.scalars(select(LearningEvent).where(LearningEvent.kind == "left"))).one()
    assert (left.user_id, left.actor_id, left.course_id) == (
        academy.learner.id,
        administrator.id,
        academy.course_id,
    )
