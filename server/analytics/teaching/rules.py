"""Hardest moments of a lecture, and who may need help, by rules that say why. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median

import msgspec

from server.watching.insight.heatmap import STEPS, Drop
from storage.messages import N_, Message, message

MOST_MOMENTS = 3  # of each kind in a lecture
AGAIN = 1.5  # sessions for each viewer, of what is usual in the lecture
LEAST_SESSIONS = 3
SLOW_SHARE = 0.25  # of the sessions at a moment
WRONG_SHARE = 0.4  # of the answers to the questions at a moment
AWAY = timedelta(days=14)
NOT_STARTED = timedelta(days=7)
TRIES = 2  # at a quiz that is not passed
BEHIND = 0.5  # of what half of the learners have completed
LEAST_LEARNERS = 5  # that the middle is taken of


class MomentKind(StrEnum):
    LEFT = "left"  # viewers who did not go on
    AGAIN = "again"  # sessions: it was played again
    SLOWLY = "slowly"  # sessions slower than recorded
    WRONG = "wrong"  # wrong answers to the questions there


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    kind: MomentKind
    at: float  # seconds
    count: int
    of: int

    @property
    def share(self) -> float:
        return self.count / self.of if self.of else 0.0


def left(drops: Sequence[Drop], viewers: int) -> list[Moment]:
    return [Moment(kind=MomentKind.LEFT, at=one.at, count=one.viewers, of=viewers) for one in drops]


def again(sessions: Sequence[int], viewers: Sequence[int], duration: float) -> list[Moment]:
    """Peaks of sessions for each viewer, against what is usual in the lecture. The count is of sessions more
    than viewers."""
    rates = [count / seen if seen else 0.0 for count, seen in zip(sessions, viewers, strict=True)]
    usual = median([rate for rate in rates if rate] or [1.0])
    peaks = [
        (rates[step], step)
        for step in _peaks(rates)
        if rates[step] >= AGAIN * usual and sessions[step] - viewers[step] >= LEAST_SESSIONS
    ]
    return [
        Moment(
            kind=MomentKind.AGAIN,
            at=_at(step, duration),
            count=sessions[step] - viewers[step],
            of=sessions[step],
        )
        for _, step in _largest(peaks)
    ]


def slowly(slow: Sequence[int], sessions: Sequence[int], duration: float) -> list[Moment]:
    shares = [count / whole if whole else 0.0 for count, whole in zip(slow, sessions, strict=True)]
    peaks = [
        (shares[step], step)
        for step in _peaks(shares)
        if shares[step] >= SLOW_SHARE and slow[step] >= LEAST_SESSIONS
    ]
    return [
        Moment(kind=MomentKind.SLOWLY, at=_at(step, duration), count=slow[step], of=sessions[step])
        for _, step in _largest(peaks)
    ]


def wrong(at: float, right: int, asked: int) -> list[Moment]:
    """Questions that stop the video at a moment."""
    failed = asked - right
    if not asked or failed / asked < WRONG_SHARE:
        return []
    return [Moment(kind=MomentKind.WRONG, at=at, count=failed, of=asked)]


def _peaks(values: Sequence[float]) -> list[int]:
    """First steps of the highest level places, each no lower than its neighbours."""
    found = []
    for step, value in enumerate(values):
        before = values[step - 1] if step else -1.0
        following = next((one for one in values[step + 1 :] if one != value), -1.0)
        if value > before and value > following:
            found.append(step)
    return found


def _largest(peaks: Sequence[tuple[float, int]]) -> list[tuple[float, int]]:
    chosen = sorted(peaks, key=lambda peak: (-peak[0], peak[1]))[:MOST_MOMENTS]
    return sorted(chosen, key=lambda peak: peak[1])


def _at(step: int, duration: float) -> float:
    return step * duration / STEPS


class Tried(msgspec.Struct, frozen=True):
    """A quiz that somebody has not passed."""

    title: str
    attempts: int


class Learner(msgspec.Struct, frozen=True, kw_only=True):
    user_id: str
    name: str
    enrolled_at: datetime
    last_seen: datetime | None  # None: has not started
    done: int  # required lessons
    required: int
    failed: tuple[Tried, ...] = ()


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    learner: Learner
    reasons: list[Message]


def who_needs_help(learners: Sequence[Learner], now: datetime) -> list[Needs]:
    """Those to whom a rule applies, most reasons first, without those who have completed everything."""
    middle = median([one.done for one in learners]) if len(learners) >= LEAST_LEARNERS else 0
    found = [
        Needs(learner=one, reasons=reasons(one, middle, now)) for one in learners if one.done < one.required
    ]
    return sorted(
        (one for one in found if one.reasons),
        key=lambda one: (-len(one.reasons), one.learner.done, one.learner.name, one.learner.user_id),
    )


def reasons(learner: Learner, middle: float, now: datetime) -> list[Message]:
    """Sentences that say what was counted. `middle`: lessons that half of the learners have completed."""
    found = []
    if learner.last_seen is None:
        if now - learner.enrolled_at >= NOT_STARTED:
            found.append(
                message(
                    N_("Enrolled %(days)s days ago and has not begun."),
                    days=(now - learner.enrolled_at).days,
                )
            )
    elif now - learner.last_seen >= AWAY:
        found.append(
            message(
                N_("Last active %(days)s days ago, with %(left)s of %(required)s lessons left."),
                days=(now - learner.last_seen).days,
                left=learner.required - learner.done,
                required=learner.required,
            )
        )
    found += [
        message(
            N_("Has tried the quiz “%(title)s” %(attempts)s times and has not passed it."),
            title=one.title,
            attempts=one.attempts,
        )
        for one in learner.failed
        if one.attempts >= TRIES
    ]
    if learner.last_seen is not None and learner.done < BEHIND * middle:
        found.append(
            message(
                N_("Has completed %(done)s lessons; half of the learners have at least %(middle)s."),
                done=learner.done,
                middle=int(middle),
            )
        )
    return found
