"""A year of learning that is generated from a seed, and its figures counted again in plain Python.

2032 has a leap day and a week 53. The facts are written as the product writes them, moment by moment.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from server.analytics.rollups import marking
from server.analytics.rollups.collecting import collect_since
from server.analytics.rules import Range
from server.core import events
from server.core.events import Event, note_activity, publish_all
from server.institution import service as institution
from storage.database.base import new_id
from storage.database.engine import Database
from storage.database.tables import Lesson, User, Video, VideoAnalytics
from storage.states import FactKind, RevisionState
from tests.world.builder import World

BEGIN, END = datetime(2032, 1, 1, tzinfo=UTC), datetime(2033, 1, 1, tzinfo=UTC)
QUIET = (datetime(2032, 7, 10, tzinfo=UTC), datetime(2032, 7, 20, tzinfo=UTC))  # nothing happens
DAYS = Range("2031-12-31", "2033-01-01")
METRICS = {
    FactKind.ENROLLED: "enrolments_new",
    FactKind.LEFT: "enrolments_left",
    FactKind.COURSE_STARTED: "enrolments_started",
    FactKind.COURSE_HALFWAY: "enrolments_halfway",
    FactKind.COURSE_COMPLETED: "enrolments_completed",
    FactKind.LESSON_COMPLETED: "lessons_completed",
    FactKind.QUIZ_SUBMITTED: "quizzes_submitted",
    FactKind.QUIZ_PASSED: "quizzes_passed",
    FactKind.REVIEW_POSTED: "reviews_posted",
}
OTHERS = (FactKind.LESSON_STARTED, FactKind.POST_CREATED, FactKind.CERTIFICATE_ISSUED)
ACTIVE = (
    FactKind.LESSON_STARTED,
    FactKind.LESSON_COMPLETED,
    FactKind.QUIZ_SUBMITTED,
    FactKind.POST_CREATED,
    FactKind.REVIEW_POSTED,
)


@dataclass(frozen=True)
class Done:
    """Something that somebody did in a course."""

    kind: FactKind
    user_id: str
    course_id: str
    at: datetime


@dataclass(frozen=True)
class Played:
    """Seconds of a session, noted at a moment."""

    session_id: str
    user_id: str
    course_id: str
    at: datetime
    seconds: int


@dataclass(frozen=True)
class Encoded:
    course_id: str
    submitted: datetime
    ended: datetime
    state: RevisionState
    seconds: int


@dataclass
class Year:
    """What was written, as Python values."""

    database: Database
    zone: str
    hour: int
    draw: random.Random
    begin: datetime = BEGIN
    people: dict[str, datetime] = field(default_factory=dict)
    lessons: list[Lesson] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    played: list[Played] = field(default_factory=list)
    encoded: list[Encoded] = field(default_factory=list)

    def copy(self, database: Database) -> "Year":
        """The same in a copy of its database, with the handlers of days."""
        events.bind(database, {}, days=(marking.mark,))
        return replace(
            self,
            database=database,
            draw=random.Random(1),
            people=dict(self.people),
            lessons=[*self.lessons],
            done=[*self.done],
            played=[*self.played],
            encoded=[*self.encoded],
        )

    def label(self, at: datetime) -> str:
        """Local day, by the offset of the moment."""
        offset = ZoneInfo(self.zone).utcoffset(at.astimezone(ZoneInfo(self.zone))) or timedelta(0)
        return (at + offset - timedelta(hours=self.hour)).date().isoformat()

    def moment(self) -> datetime:
        """Any since the beginning; often near the end of a day and in the nights of clock changes."""
        while True:
            at = self.begin + self.draw.random() * (END - self.begin)
            if self.draw.random() < 0.3:
                month, day = self.draw.choice(
                    [(3, 28), (10, 31), (3, 14), (11, 7), (2, 29), (12, 31), (4, 4)]
                )
                at = datetime(2032, month, day, tzinfo=UTC) + timedelta(hours=self.draw.uniform(-14, 14))
            if (
                not QUIET[0] - timedelta(days=1) < at < QUIET[1] + timedelta(days=1)
                and self.begin <= at < END
            ):
                return at.replace(microsecond=0)

    async def write(self, done: Iterable[Done]) -> None:
        """Publish facts, and mark the days of learning."""
        new = sorted(done, key=lambda one: one.at)
        self.done += new
        async with self.database.write() as session:
            await publish_all(
                session,
                [
                    Event(
                        kind=one.kind,
                        user_id=one.user_id,
                        subject=new_id(),
                        at=one.at,
                        course_id=one.course_id,
                    )
                    for one in new
                ],
            )
            for one in new:
                if one.kind in ACTIVE:
                    await note_activity(session, [one.user_id], one.at)

    async def play(self, count: int) -> None:
        """Sessions of the player; every third is played on after its first seconds were noted."""
        rows, more = [], []
        for _ in range(count):
            lesson, user_id, at = (
                self.draw.choice(self.lessons),
                self.draw.choice(list(self.people)),
                self.moment(),
            )
            first = Played(new_id(), user_id, lesson.course_id, at, self.draw.randint(1, 4000))
            seconds = first.seconds + self.draw.random() * 0.99
            rows.append(_player(first, lesson.id, seconds))
            self.played.append(first)
            if self.draw.random() < 0.3:
                later = at + timedelta(minutes=self.draw.randint(1, 300))
                more.append(
                    Played(first.session_id, user_id, lesson.course_id, later, self.draw.randint(1, 900))
                )
        async with self.database.write() as session:
            session.add_all(rows)
            for row in rows:
                await note_activity(session, [row.user_id], row.last_at)
        await collect_since(self.database, None)
        async with self.database.write() as session:
            for one in more:
                row = await session.get_one(VideoAnalytics, one.session_id)
                row.last_at, row.watch_seconds = one.at, row.watch_seconds + one.seconds
                await note_activity(session, [one.user_id], one.at)
        self.played += more
        await collect_since(self.database, None)

    async def encode(self, count: int) -> None:
        rows = []
        for _ in range(count):
            lesson, at = self.draw.choice(self.lessons), self.moment()
            state = self.draw.choice([RevisionState.READY, RevisionState.READY, RevisionState.FAILED])
            one = Encoded(
                lesson.course_id, at, at + timedelta(minutes=50), state, self.draw.randint(60, 6000)
            )
            self.encoded.append(one)
            rows.append(_video(one, lesson.id))
        async with self.database.write() as session:
            session.add_all(rows)
        await collect_since(self.database, None)

    def active(self, first: str, last: str, course_id: str | None = None) -> set[str]:
        """Who learned on these days; in a course as its own definition says."""
        wanted = [one for one in self.done if one.kind in ACTIVE and course_id in (None, one.course_id)]
        found = {(one.user_id, self.label(one.at)) for one in wanted}
        seconds: Counter[tuple[str, str, str]] = Counter()
        for one in self.played:
            if course_id in (None, one.course_id):
                seconds[one.session_id, one.user_id, self.label(one.at)] += one.seconds
        found |= {
            (user_id, day) for (_, user_id, day), value in seconds.items() if course_id is None or value >= 10
        }
        return {user_id for user_id, day in found if first <= day <= last}

    def figures(self) -> dict[str, Counter[tuple[str, str | None]]]:
        """Sums by metric, day and course."""
        found: dict[str, Counter[tuple[str, str | None]]] = defaultdict(Counter)
        for at in self.people.values():
            found["people_new"][self.label(at), None] += 1
        for done in self.done:
            if metric := METRICS.get(done.kind):
                found[metric][self.label(done.at), done.course_id] += 1
        for played in self.played:
            found["watch_seconds"][self.label(played.at), played.course_id] += played.seconds
        for one in self.encoded:
            found["uploads"][self.label(one.submitted), one.course_id] += 1
            ready = one.state == RevisionState.READY
            ended = (self.label(one.ended), one.course_id)
            found["encodes_succeeded" if ready else "encodes_failed"][ended] += 1
            found["encoded_seconds"][ended] += one.seconds if ready else 0
        return found

    def forget(self, user_id: str) -> None:
        del self.people[user_id]
        self.done = [one for one in self.done if one.user_id != user_id]
        self.played = [one for one in self.played if one.user_id != user_id]


def _player(first: Played, lesson_id: str, seconds: float) -> VideoAnalytics:
    return VideoAnalytics(
        id=first.session_id,
        user_id=first.user_id,
        lesson_id=lesson_id,
        started_at=first.at - timedelta(minutes=10),
        last_at=first.at,
        watch_seconds=seconds,
    )


def _video(one: Encoded, lesson_id: str) -> Video:
    return Video(
        id=(video_id := new_id()),
        lesson_id=lesson_id,
        source_key=video_id,
        source_bytes=1000,
        state=one.state,
        plan={"duration": one.seconds + 0.5},
        created_at=one.submitted,
        finished_at=one.ended,
    )


async def make_year(
    database: Database,
    zone: str,
    hour: int = 0,
    *,
    size: int = 300,
    people: int = 10,
    seed: int = 1,
    begin: datetime = BEGIN,
) -> Year:
    """People, courses, some hundred facts, sessions and encodings. The only handlers are those of days."""
    events.bind(database, {}, days=(marking.mark,))
    values = {"time_zone": zone, "day_start_hour": str(hour)}
    await institution.save(database, values, 1, begin)
    year = Year(database, zone, hour, random.Random(seed), begin)
    made: list[User] = []
    for number in range(people):
        at = year.moment()
        person = await World(database, lambda at=at: at).person(f"Learner {number}")  # type: ignore[misc]
        year.people[person.id] = at
        made.append(person)
    world = World(database, lambda: begin)
    teacher = await world.person("Max Born", role="instructor")
    for title in ("Optics", "Waves", "Heat"):
        course = await world.course(title, instructors=[teacher])
        year.lessons += [await world.lesson(course, name) for name in ("One", "Two")]
    await year.write(some(year, size))
    await year.play(size // 4)
    await year.encode(size // 10)
    return year


def some(year: Year, count: int) -> list[Done]:
    """Facts of any kind, of anybody in any course."""
    kinds = [*METRICS, *OTHERS]
    people, courses = list(year.people), sorted({lesson.course_id for lesson in year.lessons})
    return [
        Done(year.draw.choice(kinds), year.draw.choice(people), year.draw.choice(courses), year.moment())
        for _ in range(count)
    ]
