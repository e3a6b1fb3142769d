"""Payments on both databases: written once, taken back, refunded; revenue, MRR and charges of periods."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from server.analytics.payments import charges, queries, service
from server.analytics.payments.queries import Revenue
from server.analytics.payments.rules import PARTS
from server.analytics.payments.schemas import NewPayment, Result
from server.core.errors import Conflict, Invalid
from server.services import Services
from storage.database.engine import Database
from storage.database.tables import Institution, LearningEvent, Payment, User
from storage.states import FactKind
from storage.states import PaymentKind as Kind
from tests.fixtures.database import on_both_databases
from tests.world.builder import World

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
pytestmark = on_both_databases


@pytest.fixture
async def by(world: World) -> str:
    return (await world.person("Office")).id


def paid(reference: str, amount: int = 1000, at: str = "2026-11-20", **more: Any) -> NewPayment:
    return NewPayment(external_id=reference, amount=amount, at=at, **{"currency": "EUR", **more})


def monthly(reference: str, at: str = "2026-09-10", **more: Any) -> NewPayment:
    return paid(reference, at=at, kind=Kind.RECURRING, **more)


def about(reference: str, kind: Kind, to: str, at: str, **more: Any) -> NewPayment:
    return NewPayment(external_id=reference, kind=kind, refers_to=to, at=at, **more)


async def record(database: Database, by: str, *posted: NewPayment, now: datetime = NOW) -> Result:
    return await service.record(database, posted, by, now)


async def revenue(database: Database, first: str = "2026-01-01", last: str = "2026-12-31") -> list[Revenue]:
    async with database.read() as session:
        return await queries.revenue(session, first, last)


async def charged(database: Database) -> list[tuple[str, int]]:
    """Booked periods that were not taken back, by day."""
    async with database.read() as session:
        found = select(Payment.local_day, Payment.amount).where(
            Payment.kind == Kind.CHARGE, queries.NOT_VOIDED
        )
        return [(day, amount) for day, amount in await session.execute(found.order_by(Payment.at))]


async def test_payment_that_is_posted_again_is_not_added_again(database: Database, by: str) -> None:
    first = await record(database, by, paid("R-1"), paid("R-2", 250))
    again = await record(database, by, paid("R-1"), paid("R-2", 250), paid("R-3"))
    assert (first.added, again.added, again.unchanged) == (2, 1, 2)
    assert again.payments[:2] == [type(one)(one.id, one.external_id, False) for one in first.payments]
    other = await record(database, by, paid("R-1", source="shop"))
    assert other.added == 1
    with pytest.raises(Conflict, match="reference is already"):
        await record(database, by, paid("R-1", 999))


async def test_one_wrong_payment_keeps_the_whole_list_out(database: Database, by: str) -> None:
    with pytest.raises(Invalid, match="Payment 2: Write the currency"):
        await record(database, by, paid("R-1"), paid("R-2", currency="EURO"))
    with pytest.raises(Invalid, match="no such course"):
        await record(database, by, paid("R-1"), paid("R-2", course_id="none"))
    assert await revenue(database) == []


async def test_refund_lowers_the_revenue_of_its_own_day(database: Database, by: str) -> None:
    await record(database, by, paid("R-1"), paid("J-1", 500, currency="JPY"))
    await record(database, by, about("B-1", Kind.REFUND, "R-1", "2026-11-25", amount=400))
    assert await revenue(database) == [
        Revenue("2026-11-20", "EUR", 1000, 1000, 0),
        Revenue("2026-11-20", "JPY", 500, 500, 0),
        Revenue("2026-11-25", "EUR", -400, 0, 400),
    ]
    with pytest.raises(Invalid, match=r"At most €6\.00 of it"):
        await record(database, by, about("B-2", Kind.REFUND, "R-1", "2026-11-26", amount=601))
    with pytest.raises(Invalid, match="before what it belongs to"):
        await record(database, by, about("B-3", Kind.REFUND, "R-1", "2026-11-19", amount=1))
    with pytest.raises(Invalid, match="Only a one-off payment"):
        await record(database, by, about("B-4", Kind.REFUND, "B-1", "2026-11-26", amount=1))


async def test_list_may_name_a_payment_before_it_comes(database: Database, by: str) -> None:
    back = about("B-1", Kind.REFUND, "R-1", "2026-11-25", amount=1000)
    assert (await record(database, by, back, paid("R-1"))).added == 2
    with pytest.raises(Invalid, match="no payment with the reference “R-9”"):
        await record(database, by, about("B-9", Kind.REFUND, "R-9", "2026-11-25", amount=1))


async def test_mistake_is_taken_back_on_its_own_day_and_once(database: Database, by: str) -> None:
    made = await record(database, by, paid("R-1"), paid("R-2", 300))
    void = NewPayment(kind=Kind.VOID, source="void", at=NOW.isoformat(), refers_to=made.payments[0].id)
    assert (await record(database, by, void)).added == 1
    assert (await record(database, by, void)).unchanged == 1
    assert await revenue(database) == [Revenue("2026-11-20", "EUR", 300, 300, 0)]
    with pytest.raises(Invalid, match="was taken back"):
        await record(database, by, about("B-1", Kind.REFUND, "R-1", "2026-11-25", amount=1))
    await record(database, by, about("B-2", Kind.REFUND, "R-2", "2026-11-25", amount=100))
    with pytest.raises(Invalid, match="Take the refund back first"):
        await record(database, by, NewPayment(kind=Kind.VOID, at="2026-11-26", refers_to="R-2"))
    await record(database, by, NewPayment(kind=Kind.VOID, at="2026-11-26", refers_to="B-2"))
    assert await revenue(database) == [
        Revenue("2026-11-20", "EUR", 300, 300, 0),
        Revenue("2026-11-25", "EUR", 0, 0, 0),
    ]


async def test_mrr_and_movements_from_rows(database: Database, by: str, world: World) -> None:
    course = await world.course()
    await record(
        database,
        by,
        monthly("S-1", email="a@example.edu"),
        monthly("S-2", amount=12000, months=12, email="b@example.edu", course_id=course.id),
        monthly("S-3", currency="JPY"),
        about("E-1", Kind.PAUSED, "S-1", "2026-10-01"),
        about("E-2", Kind.CHANGED, "S-2", "2026-10-05", amount=18000),
    )
    async with database.read() as session:
        now = await queries.mrr(session, NOW)
        of_course = await queries.mrr(session, NOW, [Payment.course_id == course.id])
        moved = await queries.movements(session, datetime(2026, 9, 1, tzinfo=UTC), NOW)
    assert {currency: sums.minor for currency, sums in now.items()} == {"EUR": 2500, "JPY": 1000}
    assert (now["EUR"].paused, now["EUR"].active) == (1000 * PARTS, 2)
    assert {currency: sums.minor for currency, sums in of_course.items()} == {"EUR": 1500}
    assert (moved["EUR"].new, moved["EUR"].expanded) == (2000 * PARTS, 500 * PARTS)
    await record(database, by, NewPayment(kind=Kind.VOID, at="2026-11-26", refers_to="E-1"))
    async with database.read() as session:
        assert (await queries.mrr(session, NOW))["EUR"].paused == 0


async def test_periods_are_booked_as_they_begin(database: Database, by: str, services_of: Any) -> None:
    await record(database, by, monthly("S-1"), monthly("S-2", automatic=False))
    assert await charged(database) == [(f"2026-{month}-10", 1000) for month in ("09", "10", "11")]
    services = services_of(database)
    assert await charges.run(services, NOW, NOW) is None
    later = datetime(2027, 1, 10, tzinfo=UTC)
    await charges.run(services, later, later)
    assert [day for day, _ in await charged(database)][-2:] == ["2026-12-10", "2027-01-10"]
    assert await charges.run(services, later, later) is None
    with pytest.raises(Invalid, match="books its periods by itself"):
        await record(database, by, about("C-1", Kind.CHARGE, "S-1", "2026-11-10", amount=1000))
    assert (await record(database, by, about("C-2", Kind.CHARGE, "S-2", "2026-11-10", amount=1000))).added


async def test_late_changes_correct_what_was_booked(database: Database, by: str) -> None:
    await record(database, by, monthly("S-1"))
    await record(database, by, about("E-1", Kind.PAUSED, "S-1", "2026-10-01"))
    assert await charged(database) == [("2026-09-10", 1000)]
    await record(database, by, about("E-2", Kind.RESUMED, "S-1", "2026-11-01"))
    await record(database, by, about("E-3", Kind.CHANGED, "S-1", "2026-11-05", amount=1500))
    assert await charged(database) == [("2026-09-10", 1000), ("2026-11-10", 1500)]
    await record(database, by, NewPayment(kind=Kind.VOID, at="2026-11-26", refers_to="E-1"))
    assert await charged(database) == [("2026-09-10", 1000), ("2026-10-10", 1000), ("2026-11-10", 1500)]
    assert sum(day.amount for day in await revenue(database)) == 3500
    await record(database, by, NewPayment(kind=Kind.VOID, at="2026-11-26", refers_to="S-1"))
    assert await charged(database) == []
    assert sum(day.amount for day in await revenue(database)) == 0


async def test_what_people_decided_about_a_period_stays(database: Database, by: str) -> None:
    await record(database, by, monthly("S-1"))
    async with database.read() as session:
        rows = select(Payment.id).where(Payment.kind == Kind.CHARGE).order_by(Payment.at)
        first, second, _ = await session.scalars(rows)
    await record(database, by, NewPayment(kind=Kind.VOID, at="2026-11-26", refers_to=first))
    await record(database, by, about("B-1", Kind.REFUND, second, "2026-11-26", amount=100))
    await record(database, by, about("E-1", Kind.PAUSED, "S-1", "2026-10-01"))
    assert await charged(database) == [("2026-10-10", 1000)]


async def test_nothing_is_entered_after_the_end(database: Database, by: str) -> None:
    await record(database, by, monthly("S-1"), about("E-1", Kind.CANCELLED, "S-1", "2026-10-01"))
    assert await charged(database) == [("2026-09-10", 1000)]
    with pytest.raises(Invalid, match="has ended by then"):
        await record(database, by, about("E-2", Kind.PAUSED, "S-1", "2026-10-10"))


async def test_learner_is_found_by_address_and_told_as_a_fact(
    database: Database, by: str, world: World
) -> None:
    learner = await world.person("Ada Lovelace")
    await record(database, by, paid("R-1", email=learner.email.upper()), paid("R-2", email="x@example.edu"))
    async with database.read() as session:
        assert await session.scalar(select(Payment.user_id).where(Payment.external_id == "R-1")) == learner.id
        facts = select(LearningEvent).where(LearningEvent.kind == FactKind.PAYMENT)
        fact = (await session.scalars(facts)).one()
    assert (fact.user_id, fact.actor_id, fact.local_day) == (learner.id, by, "2026-11-20")
    async with database.write() as session:
        await session.delete(await session.get_one(User, learner.id))
    assert len(await revenue(database)) == 1


async def test_days_are_the_institutions(database: Database, by: str) -> None:
    async with database.write() as session:
        session.add(Institution(id=1, time_zone="Asia/Kathmandu", day_start_hour=4))
    await record(
        database,
        by,
        paid("R-1", at="2026-11-20T22:14:59Z"),  # 3:59:59 of the 21st
        paid("R-2", at="2026-11-20T22:15:00Z"),
        paid("R-3", at="2026-11-21"),
    )
    days = await revenue(database)
    assert [(day.local_day, day.amount) for day in days] == [("2026-11-20", 1000), ("2026-11-21", 2000)]
    async with database.read() as session:
        found = await session.scalar(select(Payment.at).where(Payment.external_id == "R-3"))
    assert found == datetime(2026, 11, 20, 22, 15, tzinfo=UTC)
    with pytest.raises(Invalid, match="has not come yet"):
        await record(database, by, paid("R-4", at=(NOW + timedelta(days=1)).isoformat()))


async def test_import_that_is_interrupted_is_sent_again(
    database: Database, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "IMPORTED_AT_ONCE", 2)
    monkeypatch.setattr(service, "PAUSE_SECONDS", 0)
    from server.analytics.payments import entering

    place = await _place(database)
    posted = [about("E-1", Kind.PAUSED, "S-1", "2026-10-01"), monthly("S-1"), paid("R-1"), paid("R-2")]
    entries = [entering.checked(new, place, NOW) for new in posted]
    await service.import_entries(database, entries[1:3], by, NOW)
    done = await service.import_entries(database, entries, by, NOW)
    assert (done.added, done.unchanged, done.problems) == (2, 2, {})
    assert await charged(database) == [("2026-09-10", 1000)]  # and those of the pause taken back
    async with database.read() as session:
        count = await session.scalar(select(func.count()).select_from(Payment))
    assert (await service.import_entries(database, entries, by, NOW)).added == 0
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Payment)) == count


async def _place(database: Database) -> Any:
    async with database.read() as session:
        return await service.place_of(session)


@pytest.fixture
def services_of(settings: Any, folder_store: Any, recorded_queue: Any) -> Any:
    return lambda database: Services(settings, database, folder_store, recorded_queue)
