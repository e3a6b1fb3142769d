"""Terms of challenges, their state on a day, and their bar."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.errors import Invalid
from server.gamification.teams.challenges import rules
from server.gamification.teams.challenges.rules import ChallengeState, Terms
from storage.states import Audience, ChallengeMetric, ChallengeMode

TODAY = "2026-11-22"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
TYPED = {
    "title": "A thousand lessons",
    "first_day": TODAY,
    "last_day": "2026-12-01",
    "metric": "lessons",
    "mode": "together",
    "target": "1000",
    "whom": "everybody",
}
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31)).map(date.isoformat)


def faults(**changed: str) -> set[str]:
    with pytest.raises(Invalid) as caught:
        rules.clean(TYPED | changed, TODAY)
    return set(caught.value.fields)


def test_terms_of_a_form() -> None:
    assert rules.clean(TYPED | {"whom": "team:t"}, TODAY) == Terms(
        title="A thousand lessons",
        first_day=TODAY,
        last_day="2026-12-01",
        metric=ChallengeMetric.LESSONS,
        mode=ChallengeMode.TOGETHER,
        target=1000,
        audience=Audience.TEAM,
        team_id="t",
    )


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("title", " "),
        ("title", "x" * 121),
        ("first_day", "2026-11-21"),
        ("first_day", "22.11.2026"),
        ("first_day", "20261201"),
        ("first_day", "0001-01-01"),
        ("last_day", "2026-11-21"),
        ("last_day", "2027-11-23"),
        ("last_day", "9999-12-31"),
        ("metric", "coins"),
        ("mode", "both"),
        ("target", "0"),
        ("target", "-5"),
        ("target", "1.5"),
        ("target", "٣"),
        ("target", "9" * 30),
        ("whom", "course:"),
        ("whom", "everybody:t"),
        ("whom", "class:t"),
    ],
)
def test_bad_terms_are_refused_at_their_field(field: str, text: str) -> None:
    assert faults(**{field: text}) == {field}


def test_all_faults_are_told_at_once() -> None:
    assert faults(title="", target="many", last_day="soon") == {"title", "target", "last_day"}


def test_nobody_can_learn_on_more_days_than_there_are() -> None:
    assert faults(metric="days", mode="each", target="11") == {"target"}
    assert rules.clean(TYPED | {"metric": "days", "mode": "each", "target": "10"}, TODAY).target == 10


@given(DAYS, DAYS, DAYS, st.booleans(), st.booleans())
def test_state_follows_the_days(one: str, other: str, today: str, ended: bool, settled: bool) -> None:
    first, last = sorted((one, other))
    found = rules.state(first, last, NOW if ended else None, NOW if settled else None, today)
    if settled:
        assert found == ChallengeState.OVER
    elif ended or today > last:
        assert found == ChallengeState.COUNTING
    else:
        assert found == (ChallengeState.RUNNING if today >= first else ChallengeState.PLANNED)
    assert (rules.days_left(last, today) > 0) == (today <= last)


def test_result_waits_an_hour_after_the_end() -> None:
    assert not rules.is_due("2026-11-21", None, NOW, "2026-11-21")  # an hour ago it was still running
    assert rules.is_due("2026-11-21", None, NOW, "2026-11-22")
    assert not rules.is_due("2026-11-30", NOW, NOW + timedelta(minutes=59), TODAY)
    assert rules.is_due("2026-11-30", NOW, NOW + timedelta(minutes=60), TODAY)


@given(st.integers(0, 10**9), st.integers(1, 10**8))
def test_bar_is_full_only_when_the_target_is_reached(progress: int, target: int) -> None:
    assert (rules.percent(progress, target) == 100) == (progress >= target)
    assert 0 <= rules.percent(progress, target) <= 100


def test_whom_as_a_form_has_it() -> None:
    assert rules.whom(Audience.EVERYBODY, None, None) == "everybody"
    assert rules.whom(Audience.COURSE, "c", None) == "course:c"
    assert rules.whom(Audience.TEAM, None, None) == "team:"  # deleted since


def test_reason_is_needed() -> None:
    assert rules.clean_reason(" School  is\r\nclosed. ") == "School  is\nclosed."
    for text in ("", " \n", "x" * 501):
        with pytest.raises(Invalid):
            rules.clean_reason(text)
