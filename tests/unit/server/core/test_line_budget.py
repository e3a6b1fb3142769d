"""Budget of log lines by client."""

from server.core.web.middleware.line_budget import BURST, CLIENTS, PER_SECOND, LineBudget


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_one_client_cannot_fill_the_log() -> None:
    time = Time()
    budget = LineBudget(time)
    written = 0
    for _ in range(60_000):  # a thousand a second for a minute
        written += budget.take("a") is not None
        time.now += 0.001
    assert BURST <= written <= BURST + 60 * PER_SECOND + 1
    assert budget.take("b") == 0  # others have theirs


def test_withheld_lines_are_told_with_the_next_one() -> None:
    time = Time()
    budget = LineBudget(time)
    assert [budget.take("a") for _ in range(BURST)] == [0] * BURST
    assert [budget.take("a") for _ in range(7)] == [None] * 7
    time.now += 1
    assert [budget.take("a"), budget.take("a")] == [7, 0]


def test_memory_is_bounded() -> None:
    budget = LineBudget(Time())
    for number in range(3 * CLIENTS):
        budget.take(str(number))
    assert len(budget._accounts) == CLIENTS
