"""MRR and its movements: the cases of spec section 10, and the identity over random recurring payments."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.analytics.payments import mrr
from server.analytics.payments.mrr import Movements
from server.analytics.payments.rules import (
    PARTS,
    PERIODS,
    TICK,
    Change,
    Recurring,
    Standing,
    add_months,
    due_charges,
    step_at,
    timeline,
)
from storage.states import PaymentKind as Kind
from tests.unit.server.analytics.subscriptions import moments, plain_mrr, recurring_payments


def at(month: int, day: int = 1, year: int = 2026) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def plan(
    *changes: Change, amount: int = 1200, months: int = 1, payer: str = "a", **more: object
) -> Recurring:
    values = {"id": "s", "currency": "EUR", "zone": "UTC", "start": at(1), **more}
    return Recurring(payer=payer, amount=amount, months=months, changes=changes, **values)  # type: ignore[arg-type]


def total(moment: datetime, *payments: Recurring) -> int:
    found = mrr.mrr(payments, moment)
    return found["EUR"].minor if found else 0


def moved(begin: datetime, end: datetime, *payments: Recurring) -> Movements:
    return mrr.shown(mrr.movements(payments, begin, end).get("EUR", Movements()))


def test_amount_over_its_months() -> None:
    assert total(at(1), plan(months=1)) == 1200
    assert total(at(1), plan(months=12)) == 100
    thirds = [plan(amount=1000, months=12, payer=str(number)) for number in range(3)]
    assert total(at(1), *thirds) == 250  # 83.33 each
    assert total(at(12, 31, 2025), plan()) == 0
    assert all(PARTS % months == 0 for months in PERIODS)


def test_currencies_are_never_added() -> None:
    found = mrr.mrr([plan(), plan(currency="JPY"), plan(currency="JPY", payer="b")], at(2))
    assert {currency: sums.minor for currency, sums in found.items()} == {"EUR": 1200, "JPY": 2400}


def test_trial_counts_nothing_and_is_new_when_it_ends() -> None:
    tried = plan(trial_end=at(1, 15))
    assert total(at(1, 14), tried) == 0
    assert total(at(1, 15), tried) == 1200
    assert moved(at(1), at(2), tried).new == 1200
    given_up = plan(Change(kind=Kind.ENDED, at=at(1, 10)), trial_end=at(1, 15))
    assert mrr.movements([given_up], at(1), at(3)) == {}


def test_free_month_counts_nothing_and_is_no_churn() -> None:
    one = plan(Change(kind=Kind.FREE, at=at(3), free_months=1))
    assert [total(at(month), one) for month in (2, 3, 4)] == [1200, 0, 1200]
    found = moved(at(2), at(5), one)
    assert (found.contracted, found.expanded, found.churned, found.reactivated) == (1200, 1200, 0, 0)


def test_paused_and_past_due_count_and_are_listed_apart() -> None:
    paused = plan(Change(kind=Kind.PAUSED, at=at(2)))
    late = plan(Change(kind=Kind.PAST_DUE, at=at(2)), payer="b")
    found = mrr.mrr([paused, late], at(2, 10))["EUR"]
    assert (found.total, found.paused, found.past_due) == (2400 * PARTS, 1200 * PARTS, 1200 * PARTS)
    assert total(at(2) + timedelta(days=30) - TICK, late) == 1200
    assert total(at(2) + timedelta(days=30), late) == 0
    assert moved(at(3), at(4), late).churned == 1200
    recovered = plan(*late.changes, Change(kind=Kind.RECOVERED, at=at(5)), payer="b")
    assert moved(at(3), at(6), recovered).reactivated == 1200


def test_cancelled_counts_until_the_end_of_its_period() -> None:
    yearly = plan(Change(kind=Kind.CANCELLED, at=at(2)), months=12)
    assert total(at(12, 31), yearly) == 100
    assert total(at(1, 1, 2027), yearly) == 0
    kept = plan(*yearly.changes, Change(kind=Kind.KEPT, at=at(3)), months=12)
    assert total(at(1, 1, 2027), kept) == 100
    named = plan(Change(kind=Kind.CANCELLED, at=at(2), until=at(2, 10)))
    assert total(at(2, 10), named) == 0
    tried = plan(Change(kind=Kind.CANCELLED, at=at(1, 5)), trial_end=at(1, 15))
    assert timeline(tried)[-1].at == at(1, 15)


def test_nothing_happens_after_the_end() -> None:
    one = plan(Change(kind=Kind.ENDED, at=at(2)), Change(kind=Kind.CHANGED, at=at(3), amount=5000))
    assert step_at(one, at(4)).standing == Standing.ENDED


def test_other_amount_expands_or_contracts() -> None:
    one = plan(
        Change(kind=Kind.CHANGED, at=at(2), amount=2000), Change(kind=Kind.CHANGED, at=at(3), amount=500)
    )
    found = moved(at(2), at(4), one)
    assert (found.opening, found.expanded, found.contracted, found.closing) == (1200, 800, 1500, 500)


def test_change_of_plan_by_one_payer_is_no_churn() -> None:
    old = plan(Change(kind=Kind.ENDED, at=at(3)))
    new = plan(amount=2000, start=at(3))
    found = moved(at(2), at(4), old, new)
    assert (found.expanded, found.new, found.churned) == (800, 0, 0)
    other = moved(at(2), at(4), old, plan(amount=2000, start=at(3), payer="b"))
    assert (other.new, other.churned) == (2000, 1200)


def test_payer_who_comes_back_is_reactivated() -> None:
    found = moved(at(1), at(6), plan(Change(kind=Kind.ENDED, at=at(3))), plan(start=at(5)))
    assert (found.new, found.churned, found.reactivated) == (1200, 1200, 1200)


def test_months_end_at_the_last_day_and_follow_the_clock() -> None:
    first = datetime(2026, 1, 30, 23, tzinfo=UTC)  # midnight of the 31st in Berlin
    assert add_months(first, 1, "Europe/Berlin") == datetime(2026, 2, 27, 23, tzinfo=UTC)
    assert add_months(first, 2, "Europe/Berlin") == datetime(2026, 3, 30, 22, tzinfo=UTC)
    assert add_months(datetime(2024, 2, 29, tzinfo=UTC), 12, "UTC") == at(2, 28, 2025)


def test_charges_are_due_on_first_days_that_are_paid_for() -> None:
    one = plan(
        Change(kind=Kind.PAUSED, at=at(3, 10)),
        Change(kind=Kind.RESUMED, at=at(4, 10)),
        Change(kind=Kind.CHANGED, at=at(5, 10), amount=2000),
        Change(kind=Kind.CANCELLED, at=at(7, 10)),
        free_months=1,
    )
    assert due_charges(one, None, at(12)) == [
        (at(2), 1200),
        (at(3), 1200),
        (at(5), 1200),
        (at(6), 2000),
        (at(7), 2000),
    ]
    assert due_charges(one, at(3), at(6)) == [(at(5), 1200), (at(6), 2000)]
    assert due_charges(plan(trial_end=at(1, 15)), None, at(2, 14)) == [(at(1, 15), 1200)]
    assert due_charges(plan(), None, at(12, 31, 2025)) == []


payments = st.lists(recurring_payments(), max_size=6)


@given(payments, moments)
def test_mrr_is_amount_over_months_exactly(found: list[Recurring], moment: datetime) -> None:
    exact = {currency: Fraction(sums.total, PARTS) for currency, sums in mrr.mrr(found, moment).items()}
    assert exact == plain_mrr(found, moment)


@given(payments, moments, moments)
def test_movements_are_the_difference_of_mrr(found: list[Recurring], one: datetime, other: datetime) -> None:
    begin, end = sorted((one, other))
    before, after = (mrr.mrr(found, moment - TICK) for moment in (begin, end))
    moved = mrr.movements(found, begin, end)
    for currency in before.keys() | after.keys() | moved.keys():
        sums = moved.get(currency, Movements())
        assert sums.opening == (before[currency].total if currency in before else 0)
        assert sums.closing == (after[currency].total if currency in after else 0)
        assert sums.closing - sums.opening == sums.delta
        assert min(sums.new, sums.reactivated, sums.expanded, sums.contracted, sums.churned) >= 0


@given(payments, st.lists(moments, min_size=2, max_size=8))
def test_movements_of_days_add_up_to_their_range(found: list[Recurring], edges: list[datetime]) -> None:
    edges.sort()
    whole = mrr.movements(found, edges[0], edges[-1])
    parts = [mrr.movements(found, *pair) for pair in pairwise(edges)]
    for currency in {currency for sums in (whole, *parts) for currency in sums}:
        for name in mrr.Movement:
            one = [getattr(sums.get(currency, Movements()), name) for sums in parts]
            assert sum(one) == getattr(whole.get(currency, Movements()), name)


@given(payments, moments, moments)
def test_rounded_movements_still_add_up(found: list[Recurring], one: datetime, other: datetime) -> None:
    for sums in mrr.movements(found, min(one, other), max(one, other)).values():
        rounded = mrr.shown(sums)
        assert rounded.closing - rounded.opening == rounded.delta
        for name in mrr.Movement:
            assert abs(getattr(rounded, name) * PARTS - getattr(sums, name)) < PARTS


@pytest.mark.parametrize(("parts", "minor"), [(0, 0), (PARTS // 2 - 1, 0), (PARTS // 2, 1), (PARTS, 1)])
def test_half_a_minor_unit_is_rounded_up(parts: int, minor: int) -> None:
    assert mrr.in_minor(parts) == minor


@given(payments, st.lists(moments, min_size=1, max_size=8))
def test_curve_is_the_mrr_of_every_moment(found: list[Recurring], chosen: list[datetime]) -> None:
    curves = mrr.curves(found)
    for moment in chosen:
        counted = {code: (sums.total, sums.active) for code, sums in mrr.mrr(found, moment).items()}
        shown = {code: curve.at(moment) for code, curve in curves.items()}
        assert counted == {code: (one.total, one.active) for code, one in shown.items() if one.active}
