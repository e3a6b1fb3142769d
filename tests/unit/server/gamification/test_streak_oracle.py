"""Days of simulated learners in forty zones against a brute-force count (issue 17).

STREAK_LEARNERS sets the number of learners; 10,000 take some minutes.
"""

import os
from datetime import date, timedelta
from random import Random

from server.core.clock import local_day
from server.gamification.learner.schemas import DayView
from server.gamification.learner.stats import AHEAD, streak_view
from server.gamification.xp import engine, streaks
from server.gamification.xp.engine import History
from server.gamification.xp.streaks import Break, Calendar
from storage.states import XpRule
from tests.unit.server.gamification.streak_oracle import (
    DAYS,
    FIRST,
    ZONES,
    Simulated,
    count,
    label_of,
    simulate,
)
from tests.unit.server.gamification.test_engine import PLAIN

LEARNERS = int(os.environ.get("STREAK_LEARNERS", "320"))
LOOKS = 3  # days of a learner on which the card is looked at


def written(made: Simulated) -> list[str]:
    """Labels of what happened as the product writes them, each with the zone of its moment."""
    found = []
    for at in made.acts:
        _, zone, hour = [rule for rule in made.zones if rule[0] <= at][-1]
        found.append(local_day(at, zone, hour).isoformat())
    return found


def wrong_days(made: Simulated, random: Random) -> int:
    """Days on which product and count differ: labels, states, ledger lines, card and week."""
    each = written(made)
    labels = set(each)
    wrong = sum(label != label_of(made, at) for label, at in zip(each, made.acts, strict=True))
    calendar = Calendar(frozenset(made.holidays), tuple(sorted(made.weeks)))
    breaks = tuple(Break(*one) for one in made.breaks)
    last = (FIRST + timedelta(days=DAYS + 5)).isoformat()
    for today in [last, *(_day(random) for _ in range(LOOKS))]:
        found, expected = streaks.walk(labels, calendar, breaks, today), count(made, list(labels), today)
        wrong += sum(found.days.get(day) != state for day, state in expected.states.items())
        wrong += len(found.days.keys() - expected.states.keys())
        numbers = (found.current, found.longest, found.freezes, list(found.earned))
        wrong += numbers != (expected.current, expected.longest, expected.freezes, expected.earned)
        wrong += _wrong_in_week(streak_view(found, today).week, expected.states, today)
    return wrong + _wrong_lines(made, labels, calendar, breaks)


def _day(random: Random) -> str:
    return (FIRST + timedelta(days=random.randrange(DAYS))).isoformat()


def _wrong_in_week(week: list[DayView], states: dict[str, str], today: str) -> int:
    monday = date.fromisoformat(today) - timedelta(days=date.fromisoformat(today).weekday())
    expected = []
    for number in range(7):
        label = (monday + timedelta(days=number)).isoformat()
        before = "open" if label == today else "before"
        expected.append((label, AHEAD if label > today else states.get(label, before)))
    return sum((one.day, str(one.state)) != other for one, other in zip(week, expected, strict=True))


def _wrong_lines(made: Simulated, labels: set[str], calendar: Calendar, breaks: tuple[Break, ...]) -> int:
    """Lines that the ledger has for days and freezes, up to the last day of learning."""
    if not labels:
        return 0
    book = engine.Book(versions=PLAIN.versions, calendar=calendar)
    dues = engine.settle(History(days=dict.fromkeys(labels), breaks=breaks), book).dues
    expected = count(made, list(labels), max(labels))
    by_rule = {
        XpRule.DAILY_STREAK: {day for day, state in expected.states.items() if state == "learned"},
        XpRule.FREEZE_EARNED: set(expected.earned),
        XpRule.FREEZE_USED: {day for day, state in expected.states.items() if state == "frozen"},
    }
    return sum(
        len({key.subject for key in dues if key.rule == rule} ^ days) for rule, days in by_rule.items()
    )


def test_no_day_of_a_simulated_learner_is_wrong() -> None:
    assert len(ZONES) == len(set(ZONES)) == 40
    wrong = {}
    for number in range(LEARNERS):
        random = Random(number)
        if found := wrong_days(simulate(random, ZONES[number % len(ZONES)]), random):
            wrong[number] = found
    assert wrong == {}
