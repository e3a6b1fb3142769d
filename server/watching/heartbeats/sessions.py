"""Effect of one heartbeat on its session of the player and on the person's coverage. No I/O."""

from datetime import datetime

from server.core.clock import set_back
from server.watching import rules, spans
from server.watching.heartbeats.rows import AllowanceRow, CoverageRow, PlayerRow
from server.watching.rules import Allowance, Seen, Spare
from server.watching.schemas import Heartbeat, Received, Recorded

MOST_GAPS = 50  # in the numbers of a session's heartbeats; of those in older gaps, nothing is recorded
GRACE_SECONDS = 15.0  # by which a session may have watched longer than it has lasted, for jitter
DEVICES = ("desktop", "phone", "tablet", "tv")


def is_known(session: PlayerRow, seq: int) -> bool:
    return any(start <= seq < end for start, end in spans.from_json(session.heartbeats))


def seen_in(heartbeat: Heartbeat, opened_at: datetime, now: datetime) -> list[Seen]:
    sent_at = heartbeat.sent_at or 0.0
    return [
        Seen(
            spans.tenths(played.start),
            spans.tenths(played.end),
            played.rate,
            now if played.at is None else rules.made_at(played.at, sent_at, now, opened_at),
        )
        for played in heartbeat.events
        if played.start < played.end
    ]


def apply(
    received: Received,
    duration: int,
    allowance: AllowanceRow,
    coverage: CoverageRow,
    session: PlayerRow,
    now: datetime,
) -> tuple[Recorded, bool]:
    """Update the three rows, and tell whether a view began. A heartbeat that was recorded before changes
    nothing."""
    heartbeat = received.heartbeat
    dropped, new_view = 0, False
    if not is_known(session, heartbeat.seq):
        _follow_clock(session, coverage, now)
        seen = seen_in(heartbeat, session.started_at, now)
        got = rules.credit(
            rules.restarted(_allowance(allowance), seen, now),
            spans.from_json(coverage.spans),
            seen,
            duration,
            session.started_at,
        )
        dropped = got.dropped
        allowance.balance, allowance.as_of = got.allowance.balance, got.allowance.as_of
        allowance.spare = [[one.start, one.end, one.seconds] for one in got.allowance.spare] or None
        allowance.dropped += dropped / spans.TENTHS
        coverage.spans, coverage.covered = spans.to_json(got.coverage), spans.length(got.coverage)
        _update_session(session, heartbeat, seen, duration, now)
        new_view = _update_coverage(coverage, session, heartbeat, now)
    recorded = Recorded(
        covered_seconds=coverage.covered / spans.TENTHS,
        percent=rules.percent(spans.from_json(coverage.spans), duration),
        dropped_seconds=dropped / spans.TENTHS,
    )
    return recorded, new_view


def _allowance(row: AllowanceRow) -> Allowance:
    return Allowance(row.balance, row.as_of, tuple(Spare(*one) for one in row.spare or ()))


def _follow_clock(session: PlayerRow, coverage: CoverageRow, now: datetime) -> None:
    """Move what lies ahead of a clock that was set back: the session lasts as long as before, and the last
    view was not later than now."""
    lost = set_back(max(session.started_at, session.last_at), now)
    session.started_at, session.last_at = session.started_at - lost, session.last_at - lost
    coverage.last_at -= set_back(coverage.last_at, now)
    if coverage.viewed_at is not None:
        coverage.viewed_at -= set_back(coverage.viewed_at, now)


def _update_session(
    session: PlayerRow, heartbeat: Heartbeat, seen: list[Seen], duration: int, now: datetime
) -> None:
    received = spans.union(spans.from_json(session.heartbeats), [(heartbeat.seq, heartbeat.seq + 1)])
    latest = heartbeat.seq + 1 >= received[-1][1]  # a late one does not move the position back
    session.heartbeats = spans.to_json(spans.at_most(received, MOST_GAPS))
    played = spans.clip(((one.start, one.end) for one in seen), duration)
    before_spans = spans.from_json(session.spans)
    after_spans = spans.union(before_spans, played)
    if len(after_spans) <= rules.MOST_SPANS:
        session.spans = spans.to_json(after_spans)
    session.completion_percentage = rules.percent(spans.from_json(session.spans), duration)
    session.last_at = max(session.last_at, now)
    most = (now - session.started_at).total_seconds() + GRACE_SECONDS
    before = session.watch_seconds
    session.watch_seconds = max(before, min(most, before + rules.watched_seconds(seen)))
    if session.watch_seconds > before and seen:
        mean = sum(one.end - one.start for one in seen) / spans.TENTHS / rules.watched_seconds(seen)
        share = (session.watch_seconds - before) / session.watch_seconds
        session.playback_speed += (mean - session.playback_speed) * share
    if latest:
        position = heartbeat.position if heartbeat.position is not None else _last_end(seen)
        session.position = session.position if position is None else min(position, duration / spans.TENTHS)
        session.quality_selected = heartbeat.quality or session.quality_selected
        session.device_type = heartbeat.device if heartbeat.device in DEVICES else session.device_type


def _update_coverage(coverage: CoverageRow, session: PlayerRow, heartbeat: Heartbeat, now: datetime) -> bool:
    if heartbeat.seq + 1 >= spans.from_json(session.heartbeats)[-1][1]:
        coverage.position = session.position
    coverage.last_at = max(coverage.last_at, now)
    new_view = rules.is_new_view(session.watch_seconds, coverage.viewed_at, session.started_at)
    if new_view:
        coverage.views, coverage.viewed_at = coverage.views + 1, session.started_at
    return new_view


def _last_end(seen: list[Seen]) -> float | None:
    return max(seen, key=lambda one: one.made).end / spans.TENTHS if seen else None
