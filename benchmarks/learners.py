"""Generator of learners with their facts and XP ledger, for the benchmark of leaderboards.

The same seed gives the same rows. A thousand careers are made by the product's own rules and stamped onto
the learners, moved by whole weeks and some minutes, so that ties are frequent. Each learner's rows lie far
apart in the tables, as they would after months.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, NamedTuple

import msgspec

from server.gamification.xp import defaults, engine, ledger
from server.gamification.xp.engine import Award, Book, Due, Fact, History, Key, Outcome, Version
from storage.states import Criterion, FactKind

SEED = 17
CAREERS = 1000
LINES = 20  # of the ledger, at least, a learner
WEEKS = 40  # over which learners are spread
BLOCK = 50_000  # learners whose rows are mixed
HIDDEN = 0.1  # share who hide their names
MONDAY = date(2026, 11, 23)  # of the newest week
NOW = datetime(2026, 11, 27, 18, tzinfo=UTC)
BOOK = Book(
    versions={Key(rule, ""): (Version(1, amount),) for rule, amount in defaults.XP.items()},
    awards=tuple(
        Award(id=one.id, criterion=one.criterion, threshold=one.threshold) for one in defaults.ACHIEVEMENTS
    ),
)

Rows = tuple[str, tuple[str, ...], list[tuple[Any, ...]]]  # table, columns, rows
FACT = ("id", "at", "local_day", "kind", "user_id", "actor_id", "subject")
STATS = ("total_xp", "level", "lessons", "courses", "quizzes", "longest_streak")
LINE = ("id", "user_id", "rule", "subject", "amount", "reason", "rule_version", "at", "local_day")


class Career(msgspec.Struct, frozen=True):
    facts: Sequence[Fact]
    days: Sequence[tuple[str, datetime]]
    lines: Sequence[dict[str, Any]]
    outcome: Outcome


class Move(NamedTuple):
    """By how much a learner's career is later."""

    days: int
    by: timedelta
    labels: dict[str, str]

    def label(self, day: str) -> str:
        return self.labels.setdefault(day, (date.fromisoformat(day) + timedelta(days=self.days)).isoformat())


def user_id(number: int) -> str:
    return f"0197{number:028x}"


def careers() -> list[Career]:
    random = Random(SEED)
    return [_career(random) for _ in range(CAREERS)]


def _career(random: Random) -> Career:
    """Two weeks of learning, until the ledger has its lines."""
    monday = MONDAY - timedelta(weeks=1)
    weekdays = sorted(random.sample([0, 1, 2, 3, 4, 7, 8, 9, 10, 11], random.randint(2, 6)))
    days = [
        ((monday + timedelta(days=day)).isoformat(), _at(monday + timedelta(days=day), random))
        for day in weekdays
    ]
    facts: list[Fact] = []
    if random.random() < 0.05:
        facts += [
            _fact(kind, "post", days[0], random) for kind in (FactKind.POST_CREATED, FactKind.POST_DELETED)
        ]
    kinds = (
        FactKind.LESSON_COMPLETED,
        FactKind.LESSON_COMPLETED,
        FactKind.QUIZ_PASSED,
        FactKind.POST_CREATED,
    )
    number = 0
    while True:
        history = History(facts=facts, days=dict(days))
        outcome = engine.settle(history, BOOK)
        if len(outcome.dues) >= LINES:
            break
        facts.append(_fact(random.choice(kinds), f"s{number:03d}", random.choice(days), random))
        number += 1
    moment = engine.latest(history, BOOK)
    facts += [Fact(FactKind.ACHIEVEMENT_UNLOCKED, name, *moment) for name in outcome.unlocked]
    outcome = engine.settle(History(facts=facts, days=dict(days)), BOOK)
    return Career(facts, days, _lines(facts, days, outcome), outcome)


def _lines(
    facts: Sequence[Fact], days: Sequence[tuple[str, datetime]], outcome: Outcome
) -> list[dict[str, Any]]:
    """The ledger, with a post that was paid before it was deleted."""
    kept = [fact for fact in facts if fact.kind != FactKind.POST_DELETED]
    before = engine.settle(History(facts=kept, days=dict(days)), BOOK)
    lines = list(ledger.changes(before.dues, {}))
    paid = {
        (line["rule"], line["subject"]): ledger.Paid(
            amount=line["amount"],
            lines=1,
            first=Due(amount=0, version=line["rule_version"], at=line["at"], day=line["local_day"]),
        )
        for line in lines
    }
    return [*lines, *ledger.changes(outcome.dues, paid)]


def _at(day: date, random: Random) -> datetime:
    return datetime.combine(day, time(9), UTC) + timedelta(minutes=random.randrange(480))


def _fact(kind: FactKind, subject: str, day: tuple[str, datetime], random: Random) -> Fact:
    return Fact(kind, subject, _at(date.fromisoformat(day[0]), random), day[0])


def rows(people: int) -> Iterator[Rows]:
    """Rows of all tables, some thousand at a time."""
    made, random = careers(), Random(SEED)
    for first in range(0, people, BLOCK):
        block = range(first, min(first + BLOCK, people))
        learners = [(number, made[random.randrange(CAREERS)], _move(random)) for number in block]
        yield from _people(learners, random)
        for place in range(max(len(career.facts) for _, career, _ in learners)):
            yield (
                "learning_events",
                FACT,
                [
                    _fact_row(number, place, career.facts[place], move)
                    for number, career, move in learners
                    if place < len(career.facts)
                ],
            )
        for place in range(max(len(career.lines) for _, career, _ in learners)):
            yield (
                "xp_transactions",
                LINE,
                [
                    _line_row(number, place, career.lines[place], move)
                    for number, career, move in learners
                    if place < len(career.lines)
                ],
            )


def _move(random: Random) -> Move:
    weeks = -int(WEEKS * random.random() ** 3)  # most of them recently
    return Move(7 * weeks, timedelta(weeks=weeks, minutes=random.randrange(120)), {})


def _people(learners: Sequence[tuple[int, Career, Move]], random: Random) -> Iterator[Rows]:
    ids = [user_id(number) for number, _, _ in learners]
    yield (
        "users",
        ("id", "email", "name", "search_key", "role", "created_at"),
        [(one, f"{one}@example.edu", f"Learner {one[-6:]}", one, "learner", NOW) for one in ids],
    )
    hidden = [(one, True, False) for one in ids if random.random() < HIDDEN]
    yield "game_preferences", ("user_id", "name_hidden", "profile_public"), hidden
    stats = [(user_id(number), *_stats(career)) for number, career, _ in learners]
    yield "user_stats", ("user_id", *STATS, "celebrated_level", "updated_at"), stats
    yield (
        "activity_days",
        ("user_id", "day", "first_at", "settled"),
        [
            (user_id(number), move.label(day), at + move.by, True)
            for number, career, move in learners
            for day, at in career.days
        ],
    )
    yield (
        "user_achievements",
        ("user_id", "achievement_id", "unlocked_at"),
        [
            (user_id(number), fact.subject, fact.at + move.by)
            for number, career, move in learners
            for fact in career.facts
            if fact.kind == FactKind.ACHIEVEMENT_UNLOCKED
        ],
    )


def _stats(career: Career) -> tuple[Any, ...]:
    outcome = career.outcome
    counted = (Criterion.LEVEL, Criterion.LESSONS, Criterion.COURSES, Criterion.QUIZZES)
    counts = (outcome.counts[criterion] for criterion in counted)
    return (outcome.total, *counts, outcome.streak.longest, 0, NOW)


def _fact_row(number: int, place: int, fact: Fact, move: Move) -> tuple[Any, ...]:
    own = user_id(number)
    return (
        f"01970{place:03x}{number:024x}",
        fact.at + move.by,
        move.label(fact.day),
        str(fact.kind),
        own,
        own,
        fact.subject,
    )


def _line_row(number: int, place: int, line: dict[str, Any], move: Move) -> tuple[Any, ...]:
    subject = line["subject"]
    if line["rule"] in ("daily_streak", "freeze_earned", "freeze_used"):
        subject = move.label(subject)
    return (
        f"01971{place:03x}{number:024x}",
        user_id(number),
        str(line["rule"]),
        subject,
        line["amount"],
        str(line["reason"]),
        line["rule_version"],
        line["at"] + move.by,
        move.label(line["local_day"]),
    )
