"""Replies to what was asked: by those who teach the course and by learners who were there then. Pure."""

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from server.demo.catalogue.lessons import courses
from server.demo.ids import ident, random_for
from server.demo.year.deeds import Asked, Deed, Replied
from server.demo.year.words import reply

BY_STAFF, BY_LEARNERS = 0.6, (0.45, 0.35, 0.15, 0.05)  # share; shares of none, one, two, three
NEAR = timedelta(days=10)  # in which a learner of the same course was seen


def thread_id(asked: Asked) -> str:
    return ident("thread", asked.user_id, asked.course, asked.lesson, asked.at.isoformat())


def questions(deeds: Sequence[Deed]) -> list[Asked]:
    """What was asked, each question once in a lesson: who has it later finds it there."""
    asked = sorted(
        (deed for deed in deeds if isinstance(deed, Asked)), key=lambda deed: deed.at, reverse=True
    )
    return [*{(one.course, one.lesson, one.text): one for one in asked}.values()]


def replies(
    deeds: Sequence[Deed], teaching: Mapping[int, Sequence[str]], end: datetime
) -> dict[str, list[Replied]]:
    """By thread, in the order of time."""
    there: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
    for deed in sorted(deeds, key=lambda deed: deed.at):
        there[deed.course].append((deed.at, deed.user_id))
    found: dict[str, list[Replied]] = {}
    for asked in questions(deeds):
        course = there[asked.course]
        first, last = (bisect(course, (moment, "")) for moment in (asked.at - NEAR, asked.at + NEAR))
        near = sorted({user_id for _, user_id in course[first:last]} - {asked.user_id})
        own = [*_by_learners(asked, near), *_by_staff(asked, teaching[asked.course])]
        found[thread_id(asked)] = sorted((one for one in own if one.at < end), key=lambda one: one.at)
    return found


def _by_staff(asked: Asked, staff: Sequence[str]) -> Iterator[Replied]:
    draw = random_for("staff", thread_id(asked))
    if draw.random() < BY_STAFF:
        yield _reply(asked, draw.choice(staff), draw.uniform(1.5, 40.0), staff=True)


def _by_learners(asked: Asked, near: Sequence[str]) -> Iterator[Replied]:
    draw = random_for("learners", thread_id(asked))
    count = draw.choices(range(len(BY_LEARNERS)), BY_LEARNERS)[0]
    for user_id in draw.sample(near, min(count, len(near))):
        yield _reply(asked, user_id, draw.uniform(0.2, 30.0), staff=False)


def _reply(asked: Asked, user_id: str, hours: float, *, staff: bool) -> Replied:
    draw, subject = random_for("text", thread_id(asked), user_id), courses()[asked.course].subject
    text = reply(subject, asked.topic, asked.text, draw, staff=staff)
    return Replied(
        at=asked.at + timedelta(hours=hours),
        user_id=user_id,
        course=asked.course,
        lesson=asked.lesson,
        to=thread_id(asked),
        text=text,
        staff=staff,
    )
