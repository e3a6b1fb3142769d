"""Answers about the learners of a course."""

from datetime import datetime

import msgspec

from server.learning.learners.rules import LearnerStatus, LessonState
from storage.states import LessonKind


class LearnerProgress(msgspec.Struct, frozen=True, kw_only=True):
    """A learner's row in the table of a course."""

    user_id: str
    name: str
    email: str
    enrolled_at: datetime
    status: LearnerStatus
    done: int  # lessons completed, of those that are required now
    required: int
    percent: int  # of the required lessons
    score: int | None  # percent: mean of the best scores over the quizzes attempted
    quizzes_passed: int
    quizzes: int  # of the course
    last_seen: datetime | None  # in this course


class Learners(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a course's learners."""

    learners: list[LearnerProgress]
    page: int
    pages: int
    count: int


class LessonOfLearner(msgspec.Struct, frozen=True, kw_only=True):
    """What one learner did in one lesson."""

    lesson_id: str
    title: str
    kind: LessonKind
    state: LessonState
    percent: int | None  # of the video that was watched; None without a video
    score: int | None  # percent: mean of the best scores over the lesson's quizzes
    last_seen: datetime | None
    duration_seconds: float | None
    watched: tuple[tuple[float, float], ...]  # start and width in percent; empty where no timeline is shown


class OneLearner(msgspec.Struct, frozen=True, kw_only=True):
    """A learner with the published lessons of the course."""

    progress: LearnerProgress
    lessons: list[LessonOfLearner]
    shows_timeline: bool
