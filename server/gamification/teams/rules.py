"""Names of teams and their ranks by average XP. Pure."""

import unicodedata
from collections.abc import Iterable, Iterator
from math import lcm

import msgspec

from server.core.errors import Invalid
from server.core.text.normalize import is_invisible, one_line
from server.gamification.xp.rules import ranked
from storage.messages import N_
from storage.states import Timeframe

NAME_LENGTH = 80
LEAST_PEOPLE = 3  # learners of a team whose average is shown: with fewer, one person's XP would show
_FORBIDDEN = ("Cc", "Cs", "Cn")  # control characters, surrogates, unassigned code points


class Score(msgspec.Struct, frozen=True):
    """XP of a team's learners in a period."""

    id: str
    name: str
    people: int
    xp: int

    @property
    def is_shown(self) -> bool:
        return self.people >= LEAST_PEOPLE

    @property
    def average(self) -> float:
        return round(self.xp / self.people, 1) if self.people else 0.0


def clean_name(text: str) -> str:
    name = one_line(text, limit=NAME_LENGTH)
    if (
        is_invisible(name)
        or len(name) > NAME_LENGTH
        or any(unicodedata.category(c) in _FORBIDDEN for c in name)
    ):
        sentence = N_("Write a name of 1 to 80 characters.")
        raise Invalid(sentence, fields={"name": sentence})
    return name


def clean_timeframe(text: str) -> Timeframe:
    if text not in list(Timeframe):
        sentence = N_("The timeframe is all_time, monthly or weekly.")
        raise Invalid(sentence, fields={"timeframe": sentence})
    return Timeframe(text)


def ranks(scores: Iterable[Score]) -> Iterator[tuple[int | None, Score]]:
    """Teams that are shown, by average, with ranks "1224"; last, without a rank, those without XP.

    Averages are compared exactly, as whole numbers over one denominator.
    """
    shown = sorted((one for one in scores if one.is_shown), key=lambda one: (one.name.casefold(), one.id))
    whole = lcm(*(one.people for one in shown))
    shown.sort(key=lambda one: -one.xp * (whole // one.people))
    with_xp = [one for one in shown if one.xp > 0]
    yield from ranked(with_xp, (one.xp * (whole // one.people) for one in with_xp))
    yield from ((None, one) for one in shown if one.xp <= 0)
