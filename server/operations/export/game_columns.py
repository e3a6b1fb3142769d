"""Columns of an export: XP ledger, its rules, achievements and calendar."""

from server.operations.export.rules import Table
from storage.database.base import Base
from storage.database.tables import (
    Achievement,
    CalendarDay,
    CalendarWeek,
    GamePreference,
    RuleChange,
    StreakBreak,
    UserAchievement,
    XpRuleVersion,
    XpTransaction,
)

GAME: dict[type[Base], Table] = {
    XpRuleVersion: Table(
        "xp_rules.jsonl",
        "Values of the XP rules; what happened is paid by the version that was valid then.",
        {
            "rule": "as in xp.jsonl",
            "subject": "achievement that names its own value; empty: all others",
            "version": "from 1",
            "amount": "XP",
            "valid_from": "since when; null: from the beginning",
            "created_at": "when it was entered; null: it came with the server",
        },
    ),
    XpTransaction: Table(
        "xp.jsonl",
        "Ledger of XP: a person's total is the sum of their lines.",
        {
            "user_id": "the person",
            "rule": "what it is for, as in lesson_completed",
            "subject": "lesson, quiz, course, post, achievement or day; corrections end in # and a number",
            "amount": "XP; negative in corrections",
            "reason": "earned, changed or taken_back",
            "rule_version": "of xp_rules.jsonl",
            "at": "of what it is for",
            "local_day": "of the institution, as 2026-11-27",
            "course_id": "course; null: none",
            "lesson_id": "lesson; null: none",
        },
    ),
    Achievement: Table(
        "achievements.jsonl",
        "Achievements that can be unlocked.",
        {
            "id": "of the achievement",
            "name": "as learners see it",
            "description": "plain text",
            "criterion": "what it counts",
            "threshold": "how many of it unlock it",
            "since": "who reached it before does not unlock it; null: from the beginning",
            "earlier": "terms of before, for those who had reached the new ones too early",
            "rarity": "common, rare, epic or legendary",
            "position": "on the page, from 0",
            "created_at": "when it was made; null: it came with the server",
            "retired_at": "since when nobody unlocks it; null: it can be unlocked",
        },
    ),
    UserAchievement: Table(
        "unlocked.jsonl",
        "Achievements that people have unlocked.",
        {"user_id": "the person", "achievement_id": "achievement", "unlocked_at": "when"},
    ),
    GamePreference: Table(
        "game_preferences.jsonl",
        "What people let others see.",
        {
            "user_id": "the person",
            "name_hidden": "whether leaderboards hide their name",
            "profile_public": "whether everybody sees their profile",
        },
    ),
    CalendarDay: Table(
        "days_off.jsonl",
        "Days off of the institution.",
        {"day": "as 2026-12-24", "name": "of the day", "source": "imported file; empty: entered by hand"},
    ),
    CalendarWeek: Table(
        "weekdays_off.jsonl",
        "Weekdays off, from a day on.",
        {"valid_from": "day; empty: from the beginning", "weekdays": "digits, 0 Monday to 6 Sunday"},
    ),
    RuleChange: Table(
        "rule_changes.jsonl",
        "Changes of XP values, achievements and calendar, drafts too.",
        {
            "id": "of the change",
            "change": "what is changed",
            "state": "previewing, previewed, applying or applied",
            "scope": "from_now or from_beginning; null: not applied",
            "created_at": "when it was entered",
            "created_by": "person; null when the account was deleted",
            "applied_at": "when it was applied; null: not applied",
            "result": "numbers of its dry run; null: not complete",
        },
    ),
    StreakBreak: Table(
        "breaks.jsonl",
        "Planned breaks of learners.",
        {
            "user_id": "the person",
            "first_day": "of the break",
            "last_day": "of the break",
            "created_at": "when it was entered",
        },
    ),
}
