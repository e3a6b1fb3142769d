"""Terms of a challenge, its state on a local day, and its bar. Pure. Days are labels (YYYY-MM-DD)."""

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial

import msgspec

from server.core.errors import Invalid, all_valid
from server.core.text.normalize import is_invisible, one_line, paragraphs
from storage.messages import N_
from storage.states import Audience, ChallengeMetric, ChallengeMode

TITLE_LENGTH = 120
REASON_LENGTH = 500
MOST_DAYS = 366  # from the first to the last
MOST_TARGET = 100_000_000
GRACE = timedelta(hours=1)  # after the end, until everything that belongs to it has arrived
ONE_DAY = timedelta(days=1)
_FORBIDDEN = ("Cc", "Cs", "Cn")  # control characters, surrogates, unassigned code points


class ChallengeState(StrEnum):
    PLANNED = "planned"
    RUNNING = "running"
    COUNTING = "counting"  # it is over, and its result is not written yet
    OVER = "over"


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a challenge is about. They are frozen once it has begun."""

    title: str
    first_day: str
    last_day: str
    metric: ChallengeMetric
    mode: ChallengeMode
    target: int
    audience: Audience
    course_id: str | None = None
    team_id: str | None = None


def clean(values: Mapping[str, str], today: str) -> Terms:
    """Terms of typed texts, by the names of the fields. Raises one Invalid with all errors.

    `whom`: "everybody", or "course" or "team", a colon and an id.
    """
    checks = {
        "title": partial(_title, values["title"]),
        "first_day": partial(_day, values["first_day"], "first_day"),
        "last_day": partial(_day, values["last_day"], "last_day"),
        "metric": partial(_metric, values["metric"]),
        "mode": partial(_mode, values["mode"]),
        "target": partial(_target, values["target"]),
        "whom": partial(_whom, values["whom"]),
    }
    found = all_valid(checks)
    kind, _, of = found.pop("whom").partition(":")
    terms = Terms(
        title=found["title"],
        first_day=found["first_day"],
        last_day=found["last_day"],
        metric=ChallengeMetric(found["metric"]),
        mode=ChallengeMode(found["mode"]),
        target=int(found["target"]),
        audience=Audience(kind),
        course_id=of if kind == Audience.COURSE else None,
        team_id=of if kind == Audience.TEAM else None,
    )
    _require_days(terms, today)
    return terms


def whom(audience: Audience, course_id: str | None, team_id: str | None) -> str:
    """The audience as a form has it."""
    return audience if audience == Audience.EVERYBODY else f"{audience}:{course_id or team_id or ''}"


def state(
    first_day: str, last_day: str, ended_at: datetime | None, settled_at: datetime | None, today: str
) -> ChallengeState:
    if settled_at is not None:
        return ChallengeState.OVER
    if ended_at is not None or today > last_day:
        return ChallengeState.COUNTING
    return ChallengeState.PLANNED if today < first_day else ChallengeState.RUNNING


def is_due(last_day: str, ended_at: datetime | None, now: datetime, day_then: str) -> bool:
    """Whether the result can be written. `day_then`: label of the local day at GRACE before `now`."""
    return day_then > last_day or (ended_at is not None and now >= ended_at + GRACE)


def days_left(last_day: str, today: str) -> int:
    """Days with today and the last one; 0 when it is over."""
    return max(0, (date.fromisoformat(last_day) - date.fromisoformat(today)).days + 1)


def percent(progress: int, target: int) -> int:
    """0-100, and 100 only when the target is reached."""
    return max(0, min(100, 100 * progress // target))


def clean_reason(text: str) -> str:
    reason = paragraphs(text, limit=REASON_LENGTH)
    if is_invisible(reason) or len(reason) > REASON_LENGTH:
        raise _invalid("reason", N_("Write the reason, in at most 500 characters: learners see it."))
    return reason


def _require_days(terms: Terms, today: str) -> None:
    if terms.first_day < today:
        raise _invalid("first_day", N_("A challenge begins today or later."))
    days = (date.fromisoformat(terms.last_day) - date.fromisoformat(terms.first_day)).days + 1
    if days < 1:
        raise _invalid("last_day", N_("The last day comes before the first one."))
    if days > MOST_DAYS:
        raise _invalid("last_day", N_("A challenge takes at most 366 days."))
    if terms.mode == ChallengeMode.EACH and terms.metric == ChallengeMetric.DAYS and terms.target > days:
        raise _invalid("target", N_("The challenge has fewer days than that."))


def _title(text: str) -> str:
    title = one_line(text, limit=TITLE_LENGTH)
    if (
        is_invisible(title)
        or len(title) > TITLE_LENGTH
        or any(unicodedata.category(c) in _FORBIDDEN for c in title)
    ):
        raise _invalid("title", N_("Write a title of 1 to 120 characters."))
    return title


def _day(text: str, field: str) -> str:
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        found = date.max
    if not 1970 <= found.year < 9000 or text.strip() != found.isoformat():
        raise _invalid(field, N_("Write a day as in 2026-12-01."))
    return found.isoformat()


def _target(text: str) -> str:
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10 and 0 < int(digits) <= MOST_TARGET):
        raise _invalid("target", N_("Write a whole number from 1 on."))
    return str(int(digits))


def _metric(text: str) -> str:
    if text not in list(ChallengeMetric):
        raise _invalid("metric", N_("Choose what counts: xp, lessons or days."))
    return text


def _mode(text: str) -> str:
    if text not in list(ChallengeMode):
        raise _invalid("mode", N_("Choose whose target it is: together or each."))
    return text


def _whom(text: str) -> str:
    kind, colon, of = text.partition(":")
    known = not colon if kind == Audience.EVERYBODY else kind in list(Audience) and bool(of)
    if not known:
        raise _invalid("whom", N_("Choose whom it is for: everybody, a course or a team."))
    return text


def _invalid(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={field: sentence})
