"""Days of streaks against a second, slower way to count them."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from server.gamification.xp.streaks import Break, Calendar, DayState, walk

MONDAY = date(2026, 3, 2)
EVERY_DAY = Calendar(weeks=(("", ""),))


def label(day: int) -> str:
    return (MONDAY + timedelta(days=day)).isoformat()


def test_days_in_a_row() -> None:
    streak = walk({label(day) for day in range(3)}, EVERY_DAY, (), label(2))
    assert (streak.current, streak.longest, streak.freezes) == (3, 3, 0)


def test_today_is_open_until_it_is_over() -> None:
    learned = {label(0), label(1)}
    assert walk(learned, EVERY_DAY, (), label(2)).current == 2
    assert walk(learned, EVERY_DAY, (), label(2)).days[label(2)] == DayState.OPEN
    assert walk(learned, EVERY_DAY, (), label(3)).current == 0


def test_days_off_neither_break_nor_extend() -> None:
    week = {label(day) for day in range(6)}  # Monday to Saturday
    streak = walk(week | {label(7)}, Calendar(days=frozenset({label(2)})), (), label(7))
    assert streak.current == 5  # without Wednesday off and the Saturday
    assert streak.days[label(5)] == DayState.EXTRA
    assert streak.days[label(6)] == DayState.OFF


def test_freeze_of_seven_days_covers_a_missed_one() -> None:
    learned = {label(day) for day in range(15) if day != 8}
    streak = walk(learned, EVERY_DAY, (), label(14))
    assert streak.earned == (label(6), label(14))
    assert streak.frozen == [label(8)]
    assert (streak.current, streak.freezes) == (14, 1)


def test_planned_break() -> None:
    learned = {label(0), label(1), label(9)}
    assert walk(learned, EVERY_DAY, [Break(label(2), label(8))], label(9)).current == 3


def slowly(learned: set[int], off: set[int], today: int) -> tuple[int, int, int]:
    """Current and longest streak and freezes, counted from the last day backwards for every day anew."""
    current = longest = freezes = 0
    for day in range(min(learned, default=0), today + 1):
        if day in off:
            continue
        if day in learned:
            current, longest = current + 1, max(longest, current + 1)
            freezes = min(2, freezes + (current % 7 == 0))
        elif day != today:
            current, freezes = (current, freezes - 1) if freezes else (0, 0)
    return current, longest, freezes


@given(st.sets(st.integers(0, 80)), st.sets(st.integers(0, 80)), st.integers(0, 90))
def test_agrees_with_a_plain_count(learned: set[int], off: set[int], today: int) -> None:
    calendar = Calendar(days=frozenset(label(day) for day in off), weeks=())
    streak = walk({label(day) for day in learned}, calendar, (), label(today))
    known = {day for day in learned if day <= today}
    assert (streak.current, streak.longest, streak.freezes) == slowly(known, off, today if known else -1)
    assert all(streak.days[label(day)] in (DayState.LEARNED, DayState.EXTRA) for day in known)
