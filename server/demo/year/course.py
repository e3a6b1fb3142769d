"""One learner in one course: which lesson comes next, and what comes of studying it. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

from server.demo.catalogue.lessons import CoursePlan, LessonPlan
from server.demo.ids import ident
from server.demo.people.members import Member
from server.demo.year.deeds import Asked, Deed, Reached, Read, Reviewed, Tried, Watched
from server.demo.year.terms import TERM_WEEKS
from server.demo.year.words import question, review
from server.learning import rules as learning
from server.learning.quizzes import rules as quizzes
from server.learning.quizzes.model import Question, QuestionKind
from server.learning.quizzes.rules import Given
from server.watching import spans
from server.watching.spans import Spans
from storage.states import FactKind, LessonKind

THRESHOLD = 90  # percent of a video
DEVICES = (("desktop", 60), ("phone", 26), ("tablet", 11), ("tv", 3))
QUALITIES = (("720p", 70), ("480p", 30))
SPEEDS = ((1.0, 60), (1.25, 18), (1.5, 14), (0.75, 8))
ASKS, REVIEWS = 0.03, 0.4  # shares of studied lessons and of completed courses
AGAIN = 0.6  # share of sittings before the next lesson's week in which something is watched again
HARD_SECONDS = 10  # of a lecture that many play again

Value = TypeVar("Value")
Lengths = Mapping[str, int]  # of videos by lesson, in tenths of a second


class Course:
    """`begun`: enrolment; `until`: when the learner stops."""

    def __init__(
        self, member: Member, plan: CoursePlan, lengths: Lengths, begun: datetime, until: datetime
    ) -> None:
        self.member, self.plan, self.lengths, self.until = member, plan, lengths, until
        self.begun = begun
        self.done = set[int]()
        self.opened = set[int]()
        self.seen: dict[int, Spans] = {}
        self.tries = 0

    def postpone(self, time: timedelta) -> None:
        """Enrol later."""
        self.begun += time

    def _deed(self, kind: FactKind, at: datetime, lesson: int = 0) -> Reached:
        about = {"user_id": self.member.id, "course": self.plan.number, "lesson": lesson}
        return Reached(at=at, kind=kind, **about)  # type: ignore[arg-type]

    def enrolled(self) -> Deed:
        return self._deed(FactKind.ENROLLED, self.begun)

    def left(self, at: datetime) -> Deed:
        return self._deed(FactKind.LEFT, at)

    def next_lesson(self, at: datetime) -> LessonPlan | None:
        """The first one that is not completed, once its week has come; diligent learners are ahead."""
        weeks = (at - self.begun) / timedelta(weeks=1) * (0.8 + 0.9 * self.member.diligence)
        lessons = self.plan.lessons
        step = (TERM_WEEKS - 4) / (len(lessons) - 1)
        for lesson in lessons:
            if lesson.position not in self.done:
                return lesson if weeks >= lesson.position * step else None
        return None

    def study(self, at: datetime, draw: Random, number: int) -> Iterator[Deed]:
        """What is done in one sitting that begins at `at`. `number`: of the learner's sittings."""
        lesson = self.next_lesson(at)
        if lesson is None:
            if self.member.number == 0 or draw.random() < AGAIN:
                yield from self._watch_again(at, draw, number)
            return
        if lesson.kind == LessonKind.VIDEO:
            deeds = self._watch(lesson, at, draw, number)
        elif lesson.kind == LessonKind.TEXT:
            deeds = self._read(lesson, at, draw)
        else:
            deeds = self._try(lesson, at, draw)
        last = at
        for deed in deeds:
            yield deed
            last = deed.at
        if draw.random() < ASKS:
            topic, text = question(self.plan.subject, draw)
            yield Asked(
                at=last + timedelta(minutes=4),
                user_id=self.member.id,
                course=self.plan.number,
                lesson=lesson.position,
                topic=topic,
                text=text,
            )

    def _open(self, lesson: int, at: datetime) -> Iterator[Deed]:
        if lesson not in self.opened:
            self.opened.add(lesson)
            yield self._deed(FactKind.LESSON_STARTED, at, lesson)

    def _complete(self, lesson: int, at: datetime, draw: Random) -> Iterator[Deed]:
        self.done.add(lesson)
        yield self._deed(FactKind.LESSON_COMPLETED, at, lesson)
        required = len(self.plan.lessons)
        if learning.is_halfway(len(self.done), required) and not learning.is_halfway(
            len(self.done) - 1, required
        ):
            yield self._deed(FactKind.COURSE_HALFWAY, at)
        if len(self.done) == required:
            yield self._deed(FactKind.COURSE_COMPLETED, at)
            if draw.random() < REVIEWS:
                stars, text = review(self.plan.subject, draw)
                yield Reviewed(
                    at=at + timedelta(minutes=6),
                    user_id=self.member.id,
                    course=self.plan.number,
                    stars=stars,
                    text=text,
                )

    def _watch(self, lesson: LessonPlan, at: datetime, draw: Random, number: int) -> Iterator[Deed]:
        """From where it was left, to the end or until something else is more important."""
        position, length = lesson.position, self.lengths[lesson.id]
        before = self.seen.get(position, ())
        start = before[0][1] if before and before[0][0] == 0 and before[0][1] < length else 0
        end = length if draw.random() < 0.45 + 0.5 * self.member.diligence else draw.randint(start, length)
        played = [(start, max(end, min(length, start + 110)))]
        if draw.random() < 0.35:
            hard = int(length * hard_part(lesson.id))
            played.append((hard, min(length, hard + HARD_SECONDS * spans.TENTHS)))
        session = self._session(lesson, played, at, draw, number)
        yield session
        yield from self._open(position, session.at)
        self.seen[position] = spans.union(before, played)
        if spans.length(self.seen[position]) >= learning.needed(length, THRESHOLD):
            yield from self._complete(position, session.at, draw)

    def _session(
        self, lesson: LessonPlan, played: list[spans.Span], at: datetime, draw: Random, number: int
    ) -> Watched:
        speed = _chosen(SPEEDS, draw)
        seconds = round(sum(end - start for start, end in played) / spans.TENTHS / speed, 1)
        return Watched(
            at=at + timedelta(seconds=seconds),
            user_id=self.member.id,
            course=self.plan.number,
            lesson=lesson.position,
            number=number,
            seen=spans.union(played),
            seconds=seconds,
            speed=speed,
            device=_chosen(DEVICES, draw),
            quality=_chosen(QUALITIES, draw),
        )

    def _watch_again(self, at: datetime, draw: Random, number: int) -> Iterator[Deed]:
        """A part of a lecture that was seen before, mostly the one that is hard to understand."""
        known = [lesson for lesson in self.plan.lessons if lesson.position in self.seen]
        if not known:
            return
        lesson = draw.choice(known)
        length = self.lengths[lesson.id]
        hard = int(length * hard_part(lesson.id))
        start = hard if draw.random() < 0.5 else draw.randint(0, length // 2)
        end = min(length, start + draw.randint(15, 40) * spans.TENTHS)
        session = self._session(lesson, [(start, end)], at, draw, number)
        self.seen[lesson.position] = spans.union(self.seen[lesson.position], [(start, end)])
        yield session
        covered = spans.length(self.seen[lesson.position])
        if lesson.position not in self.done and covered >= learning.needed(length, THRESHOLD):
            yield from self._complete(lesson.position, session.at, draw)

    def _read(self, lesson: LessonPlan, at: datetime, draw: Random) -> Iterator[Deed]:
        yield Read(at=at, user_id=self.member.id, course=self.plan.number, lesson=lesson.position)
        yield from self._open(lesson.position, at)
        if draw.random() < 0.75 + 0.2 * self.member.diligence:
            yield from self._complete(lesson.position, at + timedelta(minutes=draw.randint(1, 6)), draw)

    def _try(self, lesson: LessonPlan, at: datetime, draw: Random) -> Iterator[Deed]:
        content = lesson.quiz
        assert content is not None  # noqa: S101 - a quiz lesson has one
        self.tries += 1
        sure = min(0.97, 0.5 + 0.35 * self.member.diligence + 0.12 * self.tries)
        given = {one.id: answer(one, draw, sure * easiness(one.id)) for one in content.questions}
        mark = quizzes.mark(content.questions, given, content.settings.pass_mark)
        minutes = draw.randint(3, 14)
        submitted = at + timedelta(minutes=minutes)
        yield Tried(
            at=submitted,
            user_id=self.member.id,
            course=self.plan.number,
            lesson=lesson.position,
            n=self.tries,
            minutes=minutes,
            given=given,
            mark=mark,
        )
        if mark.passed:
            yield from self._complete(lesson.position, submitted, draw)


def answer(question: Question, draw: Random, sure: float) -> Given:
    """The right answer with this probability, else a wrong one or none."""
    right = draw.random() < sure
    if question.kind is QuestionKind.TEXT:
        return (question.accepted[0],) if right else draw.choice(((), ("I do not know",)))
    ids = [option.id for option in question.options if option.right]
    wrong = [option.id for option in question.options if not option.right]
    if right:
        return tuple(ids)
    return (draw.choice(wrong),) if question.kind is QuestionKind.SINGLE else (ids[0], draw.choice(wrong))


def hard_part(lesson_id: str) -> float:
    """Where in a lecture many go back, as a share of its length."""
    return 0.25 + 0.5 * int(lesson_id[:4], 16) / 0xFFFF


def easiness(question_id: str) -> float:
    """Of a question, from 0.7 to 1.05."""
    return 0.7 + 0.35 * int(ident("easy", question_id)[:4], 16) / 0xFFFF


def _chosen(weighted: tuple[tuple[Value, int], ...], draw: Random) -> Value:
    return draw.choices([value for value, _ in weighted], [weight for _, weight in weighted])[0]
