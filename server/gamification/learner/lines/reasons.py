"""Why a line of the ledger was written, as a sentence, and the page of what earned it. Pure."""

from collections.abc import Mapping

from server.core.text.formats import day_label, translated
from server.gamification.learner.lines.subjects import Subjects, subject
from storage.database.tables import XpTransaction
from storage.messages import N_, message
from storage.states import LineReason, XpRule

NAMES: Mapping[XpRule, str] = {
    XpRule.LESSON_COMPLETED: N_("Lesson completed"),
    XpRule.QUIZ_PASSED: N_("Quiz passed"),
    XpRule.QUIZ_PERFECT: N_("Quiz without a mistake"),
    XpRule.COURSE_COMPLETED: N_("Course completed"),
    XpRule.DAILY_STREAK: N_("Day of learning"),
    XpRule.ACHIEVEMENT_UNLOCKED: N_("Achievement"),
    XpRule.FIRST_REVIEW: N_("Review of a course"),
    XpRule.DISCUSSION_POST: N_("Post in a discussion"),
    XpRule.FREEZE_EARNED: N_("Freeze earned"),
    XpRule.FREEZE_USED: N_("Freeze used"),
}
_LESSONS: Mapping[XpRule, tuple[str, str]] = {  # with its title, and when it is gone
    XpRule.LESSON_COMPLETED: (
        N_("You completed “%(title)s”."),
        N_("You completed a lesson that is no longer there."),
    ),
    XpRule.QUIZ_PASSED: (
        N_("You passed the quiz of “%(title)s”."),
        N_("You passed a quiz that is no longer there."),
    ),
    XpRule.QUIZ_PERFECT: (
        N_("You answered everything right in the quiz of “%(title)s”: this is what a pass had not paid yet."),
        N_("You answered everything right in a quiz that is no longer there: what a pass had not paid yet."),
    ),
    XpRule.DISCUSSION_POST: (
        N_("You wrote in the discussion of “%(title)s”."),
        N_("You wrote in the discussion of a lesson that is no longer there."),
    ),
}
_COURSES: Mapping[XpRule, tuple[str, str]] = {
    XpRule.COURSE_COMPLETED: (
        N_("You completed the course “%(title)s”."),
        N_("You completed a course that is no longer there."),
    ),
    XpRule.FIRST_REVIEW: (
        N_("You reviewed the course “%(title)s”."),
        N_("You reviewed a course that is no longer there."),
    ),
}
_DAYS: Mapping[XpRule, str] = {
    XpRule.DAILY_STREAK: N_("You learned on %(day)s, a day of your streak."),
    XpRule.FREEZE_EARNED: N_("You got a freeze: %(day)s was another seventh day of your streak."),
    XpRule.FREEZE_USED: N_("A freeze saved %(day)s."),
}
_ACHIEVEMENT = (N_("You unlocked “%(title)s”."), N_("You unlocked an achievement that is no longer there."))

POST_DELETED = N_("The post was deleted or hidden.")
POST_LATE = N_("An earlier post of that day was approved later, and only the first ten of a day are paid.")
DAY_GONE = N_("That day no longer counts: the calendar was changed from the beginning.")
GONE = N_("What it was for no longer counts.")
CHANGED = N_("The rules were changed from the beginning.")
COUNTS_AGAIN = N_("It counts again.")
PERFECT_CHANGED = N_("Counted anew: a result without a mistake pays what the pass did not.")
_TAKEN_BACK: Mapping[XpRule, str] = {
    XpRule.DISCUSSION_POST: POST_LATE,
    **dict.fromkeys((XpRule.DAILY_STREAK, XpRule.FREEZE_EARNED, XpRule.FREEZE_USED), DAY_GONE),
}


def why(line: XpTransaction, subjects: Subjects) -> str:
    """In the reader's language: what it was for, after the reason of a correction."""
    given = _subject_sentence(line, subjects)
    if line.reason == LineReason.EARNED:
        return given
    return f"{translated(correction(line, subjects))} {given}"


def correction(line: XpTransaction, subjects: Subjects) -> str:
    """Why a line that was paid is corrected."""
    if line.reason == LineReason.TAKEN_BACK:
        if line.rule == XpRule.DISCUSSION_POST and subject(line) in subjects.deleted_posts:
            return POST_DELETED
        return _TAKEN_BACK.get(line.rule, GONE)
    if line.rule == XpRule.QUIZ_PERFECT:
        return PERFECT_CHANGED
    if line.rule == XpRule.DISCUSSION_POST and line.amount > 0:
        return COUNTS_AGAIN
    return CHANGED


def href(line: XpTransaction, subjects: Subjects) -> str | None:
    about = subject(line)
    match line.rule:
        case XpRule.LESSON_COMPLETED | XpRule.QUIZ_PASSED | XpRule.QUIZ_PERFECT:
            return subjects.open_lessons.get(line.lesson_id or "")
        case XpRule.COURSE_COMPLETED:
            return subjects.open_courses.get(about)
        case XpRule.FIRST_REVIEW:
            page = subjects.open_courses.get(about)
            return page and f"{page}/reviews"
        case XpRule.DISCUSSION_POST:
            page = subjects.open_lessons.get(line.lesson_id or "")
            return page and f"{page}/posts" + ("" if about in subjects.deleted_posts else f"#post-{about}")
        case XpRule.ACHIEVEMENT_UNLOCKED:
            return f"/dashboard/achievements#{about}" if about in subjects.achievements else None
        case _:
            return f"/dashboard/streak?year={about[:4]}#month-{about[:7]}"


def _subject_sentence(line: XpTransaction, subjects: Subjects) -> str:
    about = subject(line)
    if line.rule in _DAYS:
        return translated(message(_DAYS[line.rule], day=day_label(about)))
    if line.rule in _COURSES:
        title, (known, gone) = subjects.courses.get(about), _COURSES[line.rule]
    elif line.rule in _LESSONS:
        title, (known, gone) = subjects.lessons.get(line.lesson_id or ""), _LESSONS[line.rule]
    else:
        title, (known, gone) = subjects.achievements.get(about), _ACHIEVEMENT
    return translated(gone) if title is None else translated(message(known, title=title))
