"""What facts are worth: spec section 2, whatever their order and repetition."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.gamification.xp import defaults, engine, rules
from server.gamification.xp.engine import Award, Book, Fact, History, Key, Version
from storage.states import Criterion, FactKind, XpRule

START = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday
AWARDS = tuple(
    Award(id=one.id, criterion=one.criterion, threshold=one.threshold) for one in defaults.ACHIEVEMENTS
)
BOOK = Book(
    versions={Key(rule, ""): (Version(1, amount),) for rule, amount in defaults.XP.items()}, awards=AWARDS
)
PLAIN = Book(versions=BOOK.versions)


def fact(kind: FactKind, subject: str, day: int = 0, minute: int = 0) -> Fact:
    at = START + timedelta(days=day, minutes=minute)
    return Fact(kind, subject, at, at.date().isoformat(), "course", "lesson")


def total(*facts: Fact, book: Book = PLAIN) -> int:
    return engine.settle(History(facts=facts), book).total


def test_values_of_the_facts() -> None:
    assert total(fact(FactKind.LESSON_COMPLETED, "a")) == 50
    assert total(fact(FactKind.QUIZ_PASSED, "q")) == 100
    assert total(fact(FactKind.COURSE_COMPLETED, "c")) == 500
    assert total(fact(FactKind.REVIEW_POSTED, "c")) == 50
    assert total(fact(FactKind.POST_CREATED, "p")) == 30
    assert engine.settle(History(days={"2026-03-02": START}), PLAIN).total == 20


@pytest.mark.parametrize("perfect_first", [True, False])
def test_pass_and_perfect_are_150_in_both_orders(perfect_first: bool) -> None:
    passed, perfect = fact(FactKind.QUIZ_PASSED, "q"), fact(FactKind.QUIZ_PERFECT, "q", minute=5)
    assert total(perfect) == 150
    assert total(*((perfect, passed) if perfect_first else (passed, perfect))) == 150


def test_ten_posts_a_day_net_of_deletions() -> None:
    posts = [fact(FactKind.POST_CREATED, f"p{number:02}", minute=number) for number in range(12)]
    assert total(*posts) == 300
    gone = [fact(FactKind.POST_DELETED, f"p{number:02}") for number in range(3)]
    assert total(*posts, *gone) == 270  # nine are left
    assert total(*posts, fact(FactKind.POST_CREATED, "q", day=1)) == 330


def test_first_achievements_reach_a_fixed_point() -> None:
    history = History(facts=[fact(FactKind.LESSON_COMPLETED, str(number)) for number in range(10)])
    outcome = engine.settle(history, BOOK)
    assert outcome.unlocked == ("first_steps", "learning_enthusiast")
    assert outcome.total == 10 * 50 + 2 * 200
    assert outcome.counts[Criterion.LEVEL] == 3


def test_xp_of_an_achievement_unlocks_the_next() -> None:
    levels = tuple(Award(id=f"l{n}", criterion=Criterion.LEVEL, threshold=n) for n in (2, 1))
    outcome = engine.settle(
        History(facts=[fact(FactKind.QUIZ_PASSED, "q")]), Book(versions=PLAIN.versions, awards=levels)
    )
    assert outcome.unlocked == ("l1",)  # 300 XP are level 1
    outcome = engine.settle(
        History(facts=[fact(FactKind.QUIZ_PASSED, "q"), fact(FactKind.QUIZ_PASSED, "r")]),
        Book(versions=PLAIN.versions, awards=levels),
    )
    assert (outcome.unlocked, outcome.total) == (("l1", "l2"), 600)


def test_version_of_the_moment_pays() -> None:
    key = Key(XpRule.LESSON_COMPLETED, "")
    later = Version(2, 70, START + timedelta(days=1))
    book = Book(versions={**PLAIN.versions, key: (Version(1, 50), later)})
    assert (
        total(fact(FactKind.LESSON_COMPLETED, "a"), fact(FactKind.LESSON_COMPLETED, "b", day=1), book=book)
        == 120
    )
    from_the_beginning = Book(versions={**PLAIN.versions, key: (Version(1, 50), Version(2, 70))})
    assert total(fact(FactKind.LESSON_COMPLETED, "a"), book=from_the_beginning) == 70


kinds = st.sampled_from([kind for kind in engine.KINDS if kind != FactKind.ACHIEVEMENT_UNLOCKED])
facts = st.lists(
    st.builds(fact, kinds, st.sampled_from("abcdefgh"), st.integers(0, 20), st.integers(0, 600)),
    max_size=40,
    unique_by=lambda one: (one.kind, one.subject),
)
days = st.sets(st.integers(0, 60)).map(
    lambda found: {(START + timedelta(days=day)).date().isoformat(): START for day in found}
)


@given(facts, days, st.randoms())
def test_order_of_facts_changes_nothing(
    found: list[Fact], learned: dict[str, datetime], random: object
) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one = engine.settle(History(facts=found, days=learned), BOOK)
    other = engine.settle(History(facts=shuffled, days=dict(reversed(learned.items()))), BOOK)
    assert (one.dues, one.counts, set(one.unlocked)) == (other.dues, other.counts, set(other.unlocked))


@given(facts, days)
def test_held_achievements_settle_to_the_same(found: list[Fact], learned: dict[str, datetime]) -> None:
    first = engine.settle(History(facts=found, days=learned), BOOK)
    moment = engine.latest(History(facts=found, days=learned), BOOK)
    held = [Fact(FactKind.ACHIEVEMENT_UNLOCKED, name, moment.at, moment.day) for name in first.unlocked]
    again = engine.settle(History(facts=[*found, *held], days=learned), BOOK)
    assert (again.unlocked, again.total) == ((), first.total)
    assert all(due.amount >= 0 for due in again.dues.values())


@given(st.integers(0, 10**9))
def test_level_is_the_exact_root(xp: int) -> None:
    level = rules.level(xp)
    assert 100 * level * level <= xp < 100 * (level + 1) ** 2
    gained, size, percent = rules.level_progress(xp)
    assert 0 <= gained < size
    assert 0 <= percent <= 99


def test_ranks_share_a_place_and_leave_a_gap() -> None:
    assert [rank for rank, _ in rules.ranked("abcd", [9, 7, 7, 5])] == [1, 2, 2, 4]
    assert [rank for rank, _ in rules.ranked("ab", [7, 5], first=2, above=7)] == [2, 3]
