"""Changes of rules as value objects: from now on nothing changes, from the beginning only what they say."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.errors import Invalid
from server.gamification.changes import entering, proposing, rules
from server.gamification.changes.preview import Places
from server.gamification.changes.rules import (
    AchievementChange,
    CalendarChange,
    Change,
    DayOff,
    Since,
    ValuesChange,
    changed,
)
from server.gamification.xp import engine
from server.gamification.xp.engine import Fact, History, Key, Version
from server.gamification.xp.streaks import Calendar
from storage.states import Criterion, FactKind, Rarity, XpRule
from tests.unit.server.gamification.test_engine import BOOK, START, days, fact, facts

NOW = Since(START + timedelta(days=70), (START + timedelta(days=71)).date().isoformat())
MONDAY = START.date().isoformat()


def achievement(**values: object) -> AchievementChange:
    found = {"id": "new", "name": "New", "description": "", "rarity": Rarity.RARE}
    return msgspec.convert({"criterion": "lessons", "threshold": 3, **found, **values}, AchievementChange)


labels = st.integers(0, 75).map(lambda day: (START + timedelta(days=day)).date().isoformat())
changes: st.SearchStrategy[Change] = st.one_of(
    st.dictionaries(st.sampled_from(entering.PAYING), st.integers(0, 500), min_size=1).map(ValuesChange),
    st.builds(
        AchievementChange,
        id=st.sampled_from(["new", "first_steps", "level_5", "committed"]),
        name=st.just("Name"),
        description=st.just(""),
        rarity=st.sampled_from(Rarity),
        criterion=st.sampled_from(Criterion),
        threshold=st.integers(1, 12),
        points=st.none() | st.integers(0, 900),
    ),
    st.builds(
        CalendarChange,
        add=st.lists(labels.map(DayOff), max_size=5).map(tuple),
        remove=st.lists(labels, max_size=5).map(tuple),
        weekdays=st.none() | st.sampled_from(["", "6", "0", "123456"]),
    ),
)


def held(found: list[Fact], learned: Mapping[str, datetime]) -> History:
    """History of somebody whose achievements are settled, as everybody's are."""
    known = History(facts=found, days=learned)
    moment = engine.latest(known, BOOK)
    unlocked = engine.settle(known, BOOK).unlocked
    new = [Fact(FactKind.ACHIEVEMENT_UNLOCKED, name, moment.at, moment.day) for name in unlocked]
    return History(facts=[*found, *new], days=learned)


@given(changes, facts, days)
def test_from_now_on_changes_nothing_that_has_happened(
    change: Change, found: list[Fact], learned: dict[str, datetime]
) -> None:
    known = held(found, learned)
    before, after = engine.settle(known, BOOK), engine.settle(known, changed(BOOK, change, NOW))
    assert {key: due.amount for key, due in after.dues.items()} == {
        key: due.amount for key, due in before.dues.items()
    }
    assert (after.unlocked, after.streak) == ((), before.streak)


@given(changes, changes, facts, days)
def test_what_a_change_takes_costs_no_achievement(
    first: Change, second: Change, found: list[Fact], learned: dict[str, datetime]
) -> None:
    known = held(found, learned)
    after = engine.settle(known, changed(changed(BOOK, first), second))
    kept = {one.subject for one in known.facts if one.kind == FactKind.ACHIEVEMENT_UNLOCKED}
    assert kept <= {key.subject for key in after.dues if key.rule == XpRule.ACHIEVEMENT_UNLOCKED}


@given(changes)
def test_change_is_read_as_it_was_stored(change: Change) -> None:
    assert rules.read(msgspec.json.decode(msgspec.json.encode(rules.stored(change)))) == change


@given(changes)
def test_fingerprint_tells_other_rules(change: Change) -> None:
    after = changed(BOOK, change)
    same = (after.versions, after.awards, after.calendar) == (BOOK.versions, BOOK.awards, BOOK.calendar)
    assert (rules.fingerprint(after) == rules.fingerprint(BOOK)) == same


def lessons(count: int, day: int = 0) -> list[Fact]:
    return [fact(FactKind.LESSON_COMPLETED, f"{day}-{number}", day, number) for number in range(count)]


def test_new_achievement_from_now_on_is_for_those_who_reach_it_after() -> None:
    book = changed(BOOK, achievement(), NOW)
    early, late = lessons(3), lessons(2) + lessons(1, day=80)
    assert "new" not in engine.settle(History(facts=early + lessons(5, day=80)), book).terms
    assert "new" in engine.settle(History(facts=late), book).unlocked
    assert "new" in engine.settle(History(facts=early), changed(BOOK, achievement())).unlocked


def test_new_terms_from_now_on_leave_those_of_before_to_whom_they_come_too_late() -> None:
    book = changed(BOOK, achievement(threshold=10))
    easier = changed(book, achievement(threshold=3), NOW)
    on_the_way = lessons(7)
    assert engine.settle(History(facts=on_the_way), easier).terms["new"].threshold == 10
    assert "new" in engine.settle(History(facts=on_the_way + lessons(3, day=80)), easier).unlocked
    assert "new" in engine.settle(History(facts=lessons(2) + lessons(1, day=80)), easier).unlocked
    harder = changed(book, achievement(threshold=20), NOW)
    assert "new" not in engine.settle(History(facts=on_the_way + lessons(3, day=80)), harder).unlocked


def test_points_from_now_on_leave_what_was_paid() -> None:
    book = changed(BOOK, achievement(id="first_steps", threshold=1, points=500), NOW)
    known = held(lessons(1), {})
    assert engine.settle(known, book).total == 250
    later = [fact(FactKind.LESSON_COMPLETED, "l", day=80)]
    assert engine.settle(History(facts=later), book).total == 550


def test_retired_one_comes_back() -> None:
    retired = msgspec.structs.replace(BOOK.awards[0], retired=True)
    book = msgspec.structs.replace(BOOK, awards=(retired,))
    change = achievement(id="first_steps", threshold=1)
    assert engine.settle(History(facts=lessons(1)), changed(book, change)).unlocked == ("first_steps",)
    assert engine.settle(History(facts=lessons(1)), changed(book, change, NOW)).unlocked == ()


def test_value_from_the_beginning_pays_for_everything() -> None:
    key = Key(XpRule.LESSON_COMPLETED, "")
    book = changed(
        changed(BOOK, ValuesChange({XpRule.LESSON_COMPLETED: 60}), NOW), ValuesChange({key.rule: 70})
    )
    assert book.versions[key] == (Version(1, 50), Version(2, 60, NOW.at), Version(3, 70))
    assert book.value(key.rule, START) == Version(3, 70)
    assert changed(book, ValuesChange({key.rule: 70}), NOW) == book


def test_day_off_gives_its_xp_back_and_the_streak_goes_on() -> None:
    learned = {(START + timedelta(days=day)).date().isoformat(): START for day in (0, 1, 3)}
    known = History(days=learned)
    wednesday = (START + timedelta(days=2)).date().isoformat()
    after = engine.settle(known, changed(BOOK, CalendarChange(add=(DayOff(wednesday),))))
    assert (engine.settle(known, BOOK).streak.current, after.streak.current) == (1, 3)
    off = engine.settle(known, changed(BOOK, CalendarChange(add=(DayOff(MONDAY),))))
    assert off.total == 40


def test_weekdays_off_from_a_day_on() -> None:
    book = changed(BOOK, CalendarChange(weekdays="4"), NOW)
    assert book.calendar.weeks == (("", "56"), (NOW.day, "4"))
    assert changed(book, CalendarChange(weekdays="6")).calendar == Calendar(weeks=(("", "6"),))


@given(st.lists(st.integers(0, 30), max_size=30))
def test_places_are_one_more_than_those_who_have_more(scores: list[int]) -> None:
    counts = {xp: scores.count(xp) for xp in scores if xp}
    places = Places(counts)
    for xp in scores:
        expected = 1 + sum(other > xp for other in scores) if xp else None
        assert places.rank(xp) == expected


def test_wrong_fields_are_told_together() -> None:
    with pytest.raises(Invalid) as caught:
        proposing.entered({"name": " ", "threshold": "0", "rarity": "gold", "points": "-1"})
    assert caught.value.fields.keys() == {"name", "threshold", "rarity", "criterion", "points"}
    with pytest.raises(Invalid) as caught:
        entering.clean_amounts(dict.fromkeys(entering.PAYING, "1,5"))
    assert caught.value.fields.keys() == set(entering.PAYING)


@pytest.mark.parametrize(
    ("first", "last", "count"), [("2026-12-24", "", 1), ("2026-12-24", "2027-01-06", 14)]
)
def test_days_as_entered(first: str, last: str, count: int) -> None:
    assert len(entering.clean_days(first, last, "Holidays")) == count


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("", ""),
        ("24.12.2026", ""),
        ("2026-12-24", "2026-12-23"),
        ("1026-01-01", ""),
        ("2026-01-01", "2036-01-01"),
    ],
)
def test_wrong_days_are_told(first: str, last: str) -> None:
    with pytest.raises(Invalid):
        entering.clean_days(first, last, "")


def test_a_day_for_learning_is_left() -> None:
    with pytest.raises(Invalid):
        entering.checked_weekdays("0123456")
    assert entering.checked_weekdays("65") == "56"
