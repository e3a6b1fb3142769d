"""Definitions of rates: of two counts that stand beside them. None, shown as "–", without a whole."""

from server.analytics.rules import percent


def completion_rate(completed: int, started: int) -> float | None:
    return percent(completed, started)


def stickiness(active_day: int | None, active_month: int | None) -> float | None:
    return percent(active_day, active_month)


def encode_success_rate(succeeded: int, failed: int) -> float | None:
    return percent(succeeded, succeeded + failed)
