"""XP values and achievements that a new server starts with (spec section 2)."""

from collections.abc import Mapping

import msgspec

from storage.messages import N_
from storage.states import Criterion, Rarity, XpRule

XP: Mapping[XpRule, int] = {
    XpRule.LESSON_COMPLETED: 50,
    XpRule.QUIZ_PASSED: 100,
    XpRule.QUIZ_PERFECT: 150,  # instead of the 100
    XpRule.COURSE_COMPLETED: 500,
    XpRule.DAILY_STREAK: 20,
    XpRule.ACHIEVEMENT_UNLOCKED: 200,  # of an achievement that names no points
    XpRule.FIRST_REVIEW: 50,
    XpRule.DISCUSSION_POST: 30,
}


class Default(msgspec.Struct, frozen=True):
    id: str
    name: str
    description: str
    criterion: Criterion
    threshold: int
    rarity: Rarity


ACHIEVEMENTS = (
    Default("first_steps", N_("First Steps"), N_("Complete a lesson."), Criterion.LESSONS, 1, Rarity.COMMON),
    Default(
        "learning_enthusiast",
        N_("Learning Enthusiast"),
        N_("Complete 10 lessons."),
        Criterion.LESSONS,
        10,
        Rarity.COMMON,
    ),
    Default(
        "knowledge_seeker",
        N_("Knowledge Seeker"),
        N_("Complete 50 lessons."),
        Criterion.LESSONS,
        50,
        Rarity.RARE,
    ),
    Default(
        "course_graduate",
        N_("Course Graduate"),
        N_("Complete a course."),
        Criterion.COURSES,
        1,
        Rarity.COMMON,
    ),
    Default(
        "multi_skilled", N_("Multi-Skilled"), N_("Complete 5 courses."), Criterion.COURSES, 5, Rarity.RARE
    ),
    Default(
        "master_learner",
        N_("Master Learner"),
        N_("Complete 10 courses."),
        Criterion.COURSES,
        10,
        Rarity.EPIC,
    ),
    Default(
        "committed", N_("Committed"), N_("Learn on 7 days in a row."), Criterion.STREAK, 7, Rarity.COMMON
    ),
    Default(
        "dedicated", N_("Dedicated"), N_("Learn on 30 days in a row."), Criterion.STREAK, 30, Rarity.RARE
    ),
    Default(
        "unstoppable",
        N_("Unstoppable"),
        N_("Learn on 100 days in a row."),
        Criterion.STREAK,
        100,
        Rarity.LEGENDARY,
    ),
    Default("level_5", N_("Level 5"), N_("Reach level 5."), Criterion.LEVEL, 5, Rarity.COMMON),
    Default("level_10", N_("Level 10"), N_("Reach level 10."), Criterion.LEVEL, 10, Rarity.EPIC),
    Default("level_25", N_("Level 25"), N_("Reach level 25."), Criterion.LEVEL, 25, Rarity.LEGENDARY),
)
