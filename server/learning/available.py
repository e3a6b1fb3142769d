"""Lessons that are there to be learned: what courses require, together with being published."""

from sqlalchemy import exists, or_

from storage.database.tables import Lesson, Quiz

HAS_QUIZ = exists().where(Quiz.lesson_id == Lesson.id, Quiz.moment.is_(None), Quiz.questions > 0)
AVAILABLE = or_(Lesson.video_id.is_not(None), HAS_QUIZ)  # condition of a query for lessons
