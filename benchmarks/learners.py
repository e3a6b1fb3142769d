"""Generator of learners with their facts and XP ledger, for the benchmark of leaderboards.

The same seed gives the same rows. A thousand careers are made by the product's own rules; each learner has
one of them, moved by whole weeks and some minutes, so that ties are frequent. `stamping` writes them.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, NamedTuple

import msgspec

from server.gamification.xp import defaults, engine, ledger
from server.gamification.xp.engine import Award, Book, Due, Fact, History, Key, Outcome, Version
from storage.states import FactKind

SEED = 17
CAREERS = 1000
LINES = 20  # of the ledger, at least, a learner
WEEKS = 40  # over which learners are spread
HIDDEN = 0.1  # share who hide their names
MONDAY = date(2026, 11, 23)  # of the newest week
NOW = datetime(2026, 11, 27, 18, tzinfo=UTC)
BOOK = Book(
    versions={Key(rule, ""): (Version(1, amount),) for rule, amount in defaults.XP.items()},
    awards=tuple(
        Award(id=one.id, criterion=one.criterion, threshold=one.threshold) for one in defaults.ACHIEVEMENTS
    ),
)


class Career(msgspec.Struct, frozen=True):
    facts: Sequence[Fact]
    days: Sequence[tuple[str, datetime]]
    lines: Sequence[dict[str, Any]]
    outcome: Outcome


class Learner(NamedTuple):
    """Whose career a learner has, and by how much it is later."""

    number: int
    id: str
    career: int
    days: int
    minutes: int
    hidden: bool


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


def learners(people: int) -> Iterator[Learner]:
    random = Random(SEED)
    for number in range(people):
        weeks = -int(WEEKS * random.random() ** 3)  # most of them recently
        career, minutes, hidden = random.randrange(CAREERS), random.randrange(120), random.random() < HIDDEN
        yield Learner(number, user_id(number), career, 7 * weeks, minutes, hidden)
