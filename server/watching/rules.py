"""Rules of watching: what of the reported spans is credited, what counts as a view, where to resume. Pure.

Spec section 4. Times of the server are arguments.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from server.core.clock import set_back
from server.watching import spans
from server.watching.spans import TENTHS, Spans

GROWTH = 2.05  # seconds of allowance per second: playing at 2× pays for itself, with some tolerance
MOST_SECONDS = 120.0  # the allowance never grows beyond this,
FIRST_SECONDS, SHARE = 15.0, 0.1  # nor beyond these seconds and this part of the lesson
SPARE_SECONDS = 86_400.0  # of discarded growth that is kept, for devices that were offline
SPARE_STEP = 600.0  # in entries of at most so many seconds
MOST_SPARES = 160
MAX_RATE = 2.0  # the player's highest speed
RATE_TOLERANCE = 1.05

MOST_SPANS = 300  # of one person and lesson; no viewer seeks so often, and each heartbeat reads them all

VIEW_SECONDS = 10.0  # of watching that make a view
VIEW_EVERY = timedelta(hours=1)
RESUME_FROM, RESUME_TO, RESUME_DURATION = 0.05, 0.95, 60.0  # parts of a video; its least duration in seconds


class Seen(msgspec.Struct, frozen=True):
    """A span that was played without interruption."""

    start: int  # tenths of a second of the lecture
    end: int
    rate: float
    made: datetime  # when it ended, by the server's clock


class Spare(msgspec.Struct, frozen=True):
    """Growth that the cap did not take. It pays for what was played then and is reported late, by a device
    that was offline while another one reported."""

    start: float  # seconds of the server's clock, since 1970
    end: float
    seconds: float  # of allowance: at most GROWTH times the time between


class Allowance(msgspec.Struct, frozen=True):
    """How much new coverage one person can be credited with, over all sessions and lessons."""

    balance: float  # seconds
    as_of: datetime
    spare: tuple[Spare, ...] = ()  # oldest first


class Credit(msgspec.Struct, frozen=True):
    allowance: Allowance
    coverage: Spans
    dropped: int  # tenths of a second that the allowance could not pay


def cap(duration: int) -> float:
    """Seconds up to which the allowance grows while a lesson of `duration` tenths is watched."""
    return min(MOST_SECONDS, FIRST_SECONDS + SHARE * duration / TENTHS)


def grown(allowance: Allowance, at: datetime, most: float) -> Allowance:
    """Never less than before; a moment that has passed already adds nothing."""
    seconds = (at - allowance.as_of).total_seconds()
    if seconds <= 0:
        return allowance
    full = allowance.balance + GROWTH * seconds
    balance = max(allowance.balance, min(most, full))
    more = Spare(_clock(allowance.as_of), _clock(at), math.floor(10 * (full - balance)) / 10)
    return Allowance(balance, at, _with_spare(allowance.spare, more))


def _clock(moment: datetime) -> float:
    return round(moment.timestamp(), 1)


def _with_spare(spare: tuple[Spare, ...], more: Spare) -> tuple[Spare, ...]:
    if more.seconds <= 0:
        return spare
    if spare and spare[-1].end == more.start and more.end - spare[-1].start <= SPARE_STEP:
        last = spare[-1]
        spare, more = spare[:-1], Spare(last.start, more.end, last.seconds + more.seconds)
    kept = [one for one in spare if one.end > more.end - SPARE_SECONDS]
    return (*kept, more)[-MOST_SPARES:]


def drawn(allowance: Allowance, start: float, end: float, wanted: float) -> tuple[Allowance, float]:
    """The allowance without what it discarded between two moments, at most `wanted` seconds, and how many."""
    found: list[Spare] = []
    taken = 0.0
    for one in allowance.spare:
        first, last = max(one.start, start), min(one.end, end)
        if first >= last:
            found.append(one)
            continue
        rate = one.seconds / (one.end - one.start)
        inside = rate * (last - first)
        used = min(inside, wanted - taken)
        taken += used
        parts = (
            Spare(one.start, first, rate * (first - one.start)),
            Spare(first, last, inside - used),
            Spare(last, one.end, rate * (one.end - last)),
        )
        found += [part for part in parts if part.seconds > 0.05]
    return Allowance(allowance.balance, allowance.as_of, tuple(found)[-MOST_SPARES:]), taken


def restarted(allowance: Allowance, seen: Iterable[Seen], now: datetime) -> Allowance:
    """The allowance when the server's clock was set back: it grows from the first of the spans, instead of
    not at all until the clock has caught up. What it gains by that is less than what the clock lost."""
    lost = set_back(allowance.as_of, now)
    if not lost:
        return allowance
    begun = max(now - lost, min((span.made for span in seen), default=now))
    return Allowance(allowance.balance, begun, allowance.spare)


def credit(
    allowance: Allowance, coverage: Spans, seen: Iterable[Seen], duration: int, opened_at: datetime
) -> Credit:
    """Coverage with what is new in `seen`, as far as the allowance pays for it, oldest spans first.

    Each span is paid at the moment it was made, so that nothing is lost by a connection that was away:
    the allowance never grows faster than the server's clock whatever moments are claimed. What the balance
    cannot pay is paid from growth that was discarded while the span was played, not before the session was
    opened. Faster spans than the player can play are dropped.
    """
    dropped = 0
    for span in sorted(seen, key=lambda span: (span.made, span.start)):
        allowance = grown(allowance, span.made, cap(duration))
        new = spans.difference(spans.clip([(span.start, span.end)], duration), coverage)
        paid: Spans = ()
        too_many = len(coverage) >= MOST_SPANS and len(spans.union(coverage, new)) > len(coverage)
        if span.rate <= MAX_RATE * RATE_TOLERANCE and not too_many:
            allowance, paid = _pay(allowance, span, new, opened_at)
        coverage = spans.union(coverage, paid)
        dropped += spans.length(new) - spans.length(paid)
    return Credit(allowance, coverage, dropped)


def _pay(allowance: Allowance, span: Seen, new: Spans, opened_at: datetime) -> tuple[Allowance, Spans]:
    """The allowance afterwards, and what of the new coverage it pays for."""
    missing = spans.length(new) / TENTHS - allowance.balance
    if missing > 0:
        length = (span.end - span.start) / TENTHS / span.rate * RATE_TOLERANCE
        begun = max(span.made.timestamp() - length, opened_at.timestamp())
        allowance, more = drawn(allowance, begun, span.made.timestamp(), missing)
        allowance = Allowance(allowance.balance + more, allowance.as_of, allowance.spare)
    paid = spans.first(new, int(allowance.balance * TENTHS + 1e-6))
    return Allowance(allowance.balance - spans.length(paid) / TENTHS, allowance.as_of, allowance.spare), paid


def made_at(at: float, sent_at: float, now: datetime, opened_at: datetime) -> datetime:
    """When an event was made, by the server's clock.

    `at` and `sent_at`: milliseconds of the client's clock, which may be wrong by any amount; only their
    difference counts. Never before the session was opened, nor after `now`.
    """
    age = timedelta(milliseconds=max(0.0, min(sent_at - at, 10.0 * 365 * 86_400_000)))
    return max(opened_at, now - age) if opened_at <= now else now


def watched_seconds(seen: Sequence[Seen]) -> float:
    """Seconds spent on the spans, what was played again included."""
    return sum((span.end - span.start) / TENTHS / span.rate for span in seen)


def is_new_view(watched: float, last_view: datetime | None, now: datetime) -> bool:
    """Whether a session that has watched so many seconds is another view."""
    return watched >= VIEW_SECONDS and (last_view is None or now - last_view >= VIEW_EVERY)


def resume_at(position: float, duration: float) -> float:
    """Where to go on, in seconds: at the start when the lesson was hardly begun, or seen to its end."""
    inside = duration * RESUME_FROM <= position < duration * RESUME_TO
    return position if duration > RESUME_DURATION and inside else 0.0


def percent(coverage: Spans, duration: int) -> int:
    """Percentage of the lesson that is covered, rounded down: 100 only when all of it is."""
    return 100 * spans.length(spans.clip(coverage, duration)) // duration if duration > 0 else 0


def delivered(bits: bytes, segment_seconds: float, duration: int) -> Spans:
    """Spans of the segments whose bit is set, the first segment in the lowest bit of the first byte."""
    return spans.clip(
        spans.union(
            (spans.tenths(number * segment_seconds), spans.tenths((number + 1) * segment_seconds))
            for number in range(len(bits) * 8)
            if bits[number // 8] >> number % 8 & 1
        ),
        duration,
    )
