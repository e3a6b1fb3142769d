"""Courses, people and slides of the demo: complete, distinct, and the same in every run."""

from datetime import UTC, datetime

import pytest

from server.accounts.rules import clean_email, clean_name
from server.demo.catalogue.lessons import SAMPLES, courses
from server.demo.catalogue.subjects import subjects
from server.demo.people.members import MOST, members, teaching, teams
from server.demo.recordings.glyphs import DOTS, ROWS, glyphs
from server.demo.recordings.slides import HEIGHT, MARGIN, TALKS, WIDTH, doubled, frames
from server.demo.year.terms import Calendar
from server.library.rules import clean_title
from storage.states import LessonKind, Role

CALENDAR = Calendar(datetime(2026, 11, 27, 15, tzinfo=UTC), "Europe/Berlin")


def test_forty_courses_with_sixty_lectures_of_which_three_are_encoded() -> None:
    lessons = [lesson for course in courses() for lesson in course.lessons]
    lectures = [lesson for lesson in lessons if lesson.kind == LessonKind.VIDEO]
    assert (len(courses()), len(lectures)) == (40, 60)
    assert [one.course for one in lectures[:SAMPLES]] == [0] * SAMPLES
    assert {one.sample for one in lectures} == set(range(SAMPLES)) == set(range(len(TALKS)))
    assert len({lesson.id for lesson in lessons}) == len(lessons)
    for course in courses():
        assert [lesson.kind for lesson in course.lessons].count(LessonKind.QUIZ) == 1
        assert [lesson.position for lesson in course.lessons] == list(range(len(course.lessons)))


def test_lessons_that_play_a_copy_say_so() -> None:
    lectures = [one for course in courses() for one in course.lessons if one.kind == LessonKind.VIDEO]
    assert ["sample recording" in one.description for one in lectures] == [False] * 3 + [True] * 57


def test_subjects_are_complete_and_have_valid_titles() -> None:
    for subject in subjects():
        assert clean_title(subject.title) == subject.title
        assert subject.teaser.endswith(".")
        assert len({term.name for term in subject.terms}) == 4
        assert all(term.meaning for term in subject.terms)
    assert len({subject.title for subject in subjects()}) == len(subjects())


@pytest.mark.parametrize("people", [40, 200, MOST])
def test_people_are_distinct_and_valid(people: int) -> None:
    everybody = members(people, CALENDAR)
    assert len(everybody) == people
    for key in ("id", "name", "email"):
        assert len({getattr(one, key) for one in everybody}) == people
    for one in everybody:
        assert (clean_email(one.email), clean_name(one.name)) == (one.email, one.name)
        assert CALENDAR.begin <= one.joined < CALENDAR.end
    assert {one.role for one in everybody} == {Role.LEARNER, Role.INSTRUCTOR}


def test_a_smaller_university_is_a_part_of_a_larger_one() -> None:
    few, many = members(60, CALENDAR), members(200, CALENDAR)
    known = {one.id: one.joined for one in many}
    assert all(known[one.id] == one.joined for one in few)


def test_every_course_is_taught_and_every_class_has_learners() -> None:
    everybody = members(200, CALENDAR)
    instructors = {one.id for one in everybody if one.role == Role.INSTRUCTOR}
    assert set(teaching(everybody)) == {course.number for course in courses()}
    assert {one for own in teaching(everybody).values() for one in own} == instructors
    for team in teams(everybody):
        assert team.user_ids
        assert not instructors.intersection(team.user_ids)


def test_slides_can_be_written_and_fit() -> None:
    known = glyphs()
    for talk in TALKS:
        for place, (title, lines) in enumerate(talk.slides):
            assert set("".join((title, *lines))) <= set(known)
            large = (title, *lines) if place else (title,)  # the lines of the first slide are smaller
            assert all(MARGIN + len(line) * 2 * (DOTS + 1) <= WIDTH for line in large)
            assert 62 + len(lines) * (ROWS * 2 + 8) <= HEIGHT
        assert 40 <= talk.seconds <= 90


def test_frames_are_whole_pictures() -> None:
    assert len(frames(TALKS[0])) == len(TALKS[0].slides) * WIDTH * HEIGHT * 3


def test_doubled_dots_have_round_corners() -> None:
    edge = [False, True, True, False]
    assert doubled([[True, True], [True, True]]) == [edge, [True] * 4, [True] * 4, edge]
    assert doubled([[True]]) == [[True, True], [True, True]]
