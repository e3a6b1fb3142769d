"""Fair shares of the encoders between people, and between the lectures of one person. Pure.

The person whose lectures used the encoders least in the last minutes comes first; of one person's
lectures, the one with the least work left. A lecture that waits gains on newer, shorter ones, so none
waits for ever. Short lectures also have a worker of their own (`transcoder.jobs.claiming`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

WINDOW = timedelta(minutes=2)  # over which a person's use of the encoders counts
LEAST_USE = 30.0  # seconds that a running job counts at least, so that two in a row do not seem unused
PATIENCE = 0.1  # cost that a lecture gains on newer ones per second of waiting
SHORT_COST = 180.0  # of a whole lecture that the quick workers encode, too: about two minutes at 1080p


class Backlog(msgspec.Struct, frozen=True):
    """Work that is left of one active revision. Costs as in `transcoder.planning.cost`."""

    video_id: str
    person: str | None  # who submitted it; None counts as one person
    waited: float  # seconds since it was submitted
    cost: float  # of the whole lecture; 0 while it has no plan
    left: float  # of what is not encoded yet
    finishing: bool = False  # only its finish job is left
    running: bool = False  # a job of it is running
    first: bool = False  # it has a job that comes before others of the same person

    @property
    def short(self) -> bool:
        return 0 < self.cost <= SHORT_COST

    @property
    def rank(self) -> tuple[float, str]:
        """Order among the lectures of one person."""
        return self.left - PATIENCE * self.waited, self.video_id


class Run(msgspec.Struct, frozen=True):
    """Job that is running, or that ended within the last WINDOW."""

    person: str | None
    cost: float
    progress: float  # 0-1
    started_at: datetime
    finished_at: datetime | None  # None: still running


def use(runs: Iterable[Run], now: datetime) -> dict[str | None, float]:
    """Seconds of encoder time in the last WINDOW, by person."""
    seconds: dict[str | None, float] = defaultdict(float)
    for run in runs:
        spent = ((run.finished_at or now) - max(run.started_at, now - WINDOW)).total_seconds()
        seconds[run.person] += max(spent, 0.0 if run.finished_at else LEAST_USE)
    return seconds


def in_order(backlogs: Iterable[Backlog], used: Mapping[str | None, float]) -> list[Backlog]:
    """The order in which free encoders take the lectures."""
    return sorted(
        backlogs, key=lambda one: (not one.finishing, used.get(one.person, 0.0), not one.first, one.rank)
    )


def seconds_left(mine: Backlog, backlogs: Sequence[Backlog], speed: float) -> float:
    """Seconds until a lecture of `backlogs` is encoded when all encoders do `speed` of cost per second.

    As if every person's first lecture were encoded at once, each at an equal part of the speed; the
    short lectures, which have a worker of their own, count as one more person.
    """
    queues: dict[object, list[Backlog]] = defaultdict(list)  # of each person, the first lecture last
    for one in sorted(backlogs, key=lambda one: one.rank, reverse=True):
        if one.left > 0:
            queues[("short",) if one.short else one.person].append(one)
    elapsed, done = 0.0, dict.fromkeys(queues, 0.0)  # of each person's first lecture
    while mine.left > 0 and queues:
        soonest = min(queues, key=lambda person: queues[person][-1].left - done[person])
        step = queues[soonest][-1].left - done[soonest]
        elapsed += step * len(queues) / speed
        for person in queues:
            done[person] += step
        done[soonest] = 0.0
        if queues[soonest].pop().video_id == mine.video_id:
            break
        if not queues[soonest]:
            del queues[soonest]
    return elapsed


def until_free(running: Sequence[Run], speed: float) -> float:
    """Seconds until the first of the running jobs ends, at a part of the speed each; 0 without any."""
    return min((run.cost * (1 - run.progress) * len(running) / speed for run in running), default=0.0)


def place(video_id: str, ordered: Iterable[Backlog]) -> int:
    """Place among the lectures of which no job is running; 1 is next."""
    waiting = [one.video_id for one in ordered if not one.running or one.video_id == video_id]
    return waiting.index(video_id) + 1 if video_id in waiting else 1
