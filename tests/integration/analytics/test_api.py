"""The administrators' API: its fields, the current day, health, and a day that is computed again."""

from datetime import timedelta

import pytest

from server.analytics.rollups.collecting import collect
from storage.database.engine import Database
from storage.database.tables import Course
from tests.fixtures.web import Account, HeldClock
from tests.world.builder import World
from tests.world.clock import START

BASE = "/api/admin/analytics"
MONTHLY = [{"currency": "EUR", "amount": 100}]
TODAY = START.date().isoformat()


@pytest.fixture
async def course(world: World, learner: Account, instructor: Account) -> Course:
    """With one lesson that the learner has completed, and 90 seconds of it watched."""
    course = await world.course("Optics", instructors=[instructor], learners=[learner])
    lesson = await world.lesson(course)
    await world.video(lesson)
    await world.watched(await world.reload(lesson), learner, ((0, 600),))
    await world.completed(lesson, learner)
    return course


async def test_dashboard_has_the_fields_that_programs_rely_on(
    administrator: Account, learner: Account, course: Course, database: Database
) -> None:
    await collect(database, START)
    found = (await administrator.api.get(f"{BASE}/dashboard")).json()
    assert found["overview"]["total_users"] == 1
    assert found["overview"]["new_users"] == {"value": 1, "before": 0, "change_percent": None}
    assert found["overview"]["total_enrollments"] == 1
    assert found["overview"]["completion_rate"] == {"percent": 100.0, "count": 1, "of": 1}
    assert found["overview"]["watch_seconds"]["value"] == 60
    assert found["overview"]["funnel"] == {"enrolled": 1, "started": 1, "halfway": 1, "completed": 1}
    assert found["overview"]["span"]["as_of"] == "2026-11-22T09:00:00Z"
    assert found["engagement"]["mau"] >= found["engagement"]["dau"]
    assert found["revenue"]["mrr"] == []
    assert found["top_courses"][0]["title"] == "Optics"
    assert found["top_courses"][0]["enrollments"] == 1
    assert found["top_instructors"][0]["enrollments"] == 1
    assert len(found["user_growth"]["series"]) == 30
    assert found["user_growth"]["series"][-1] == {"day": TODAY, "new_users": 1, "total_users": 1}


async def test_every_part_can_be_asked_for_alone(administrator: Account, course: Course) -> None:
    whole = (await administrator.api.get(f"{BASE}/dashboard")).json()
    for name, path in (
        ("overview", "/"),
        ("user_growth", "/user-growth?days=30"),
        ("engagement", "/engagement?days=30"),
        ("revenue", "/revenue?days=30"),
    ):
        found = (await administrator.api.get(BASE + path)).json()
        assert found == whole[name], name
    top = (await administrator.api.get(f"{BASE}/top-courses?limit=1&metric=rating")).json()
    assert [one["title"] for one in top["courses"]] == ["Optics"]
    assert (await administrator.api.get(f"{BASE}/top-courses?metric=size")).status_code == 400
    assert (await administrator.api.get(f"{BASE}/engagement?days=0")).status_code == 400
    assert len((await administrator.api.get(f"{BASE}/engagement?days=7")).json()["series"]) == 7


PARTS = ("", "/user-growth", "/engagement", "/revenue", "/top-courses", "/top-instructors", "/dashboard")


@pytest.mark.parametrize("part", PARTS)
async def test_days_of_its_own_and_those_that_cannot_be(
    administrator: Account, course: Course, part: str
) -> None:
    asked = {"first": "2026-11-01", "last": "2026-11-10"}
    found = (await administrator.api.get(BASE + part, params=asked)).json()
    span = found.get("span") or found["overview"]["span"]
    assert (span["first_day"], span["last_day"]) == ("2026-11-01", "2026-11-10")
    assert (span["compared_first_day"], span["compared_last_day"]) == ("2026-10-22", "2026-10-31")
    for first, last in (("2026-11-30", "2026-12-01"), ("abc", "2026-11-10"), ("2026-11-01", "")):
        refused = await administrator.api.get(BASE + part, params={"first": first, "last": last})
        assert refused.status_code == 400
        assert refused.json()["detail"].startswith("Choose a first and a last day")


async def test_growth_of_past_days_ends_with_what_there_was(administrator: Account, world: World) -> None:
    await world.person("Emmy Noether")
    await collect(world.database, START)
    asked = {"first": "2026-11-01", "last": (START - timedelta(days=1)).date().isoformat()}
    found = (await administrator.api.get(f"{BASE}/user-growth", params=asked)).json()
    assert found["total_users"] == 1
    assert found["new_users"]["value"] == 0
    assert found["series"][-1]["total_users"] == 0


async def test_filter_counts_the_course_alone(
    administrator: Account, world: World, learner: Account, course: Course
) -> None:
    other = await world.course("Waves", learners=[learner])
    for chosen, count in ((course.id, 1), (other.id, 0)):
        found = (await administrator.api.get(BASE, params={"course": chosen})).json()
        assert found["total_enrollments"] == 1
        assert found["lessons_completed"]["value"] == count
    team = await world.team("10b", learner)
    found = (await administrator.api.get(BASE, params={"team": team.id})).json()
    assert (found["total_users"], found["total_enrollments"]) == (1, 2)


async def test_money_of_the_institution_a_course_and_a_team(
    administrator: Account, world: World, learner: Account, course: Course
) -> None:
    other = await world.course("Waves", learners=[learner])
    await world.payment(amount=1000, course_id=course.id, email=learner.email)
    await world.payment(amount=500, course_id=other.id)
    await world.payment(amount=300, currency="USD")
    await world.payment(kind="recurring", amount=1200, months=12, course_id=course.id)
    euro = {"currency": "EUR", "before": 0, "change_percent": None}

    async def revenue(**chosen: str) -> list[dict[str, object]]:
        found = (await administrator.api.get(f"{BASE}/revenue", params=chosen)).json()
        assert found["series"][-1]["day"] == TODAY
        sums = {one["currency"]: one["amount"] for one in found["series"][-1]["amounts"]}
        assert sums == {one["currency"]: one["amount"] for one in found["revenue"]}
        assert found["mrr"] == ([] if chosen.get("course") == other.id or "team" in chosen else MONTHLY)
        return list(found["revenue"])

    dollars = {**euro, "currency": "USD", "amount": 300}
    assert await revenue() == [{**euro, "amount": 2700}, dollars]
    assert await revenue(course=course.id) == [{**euro, "amount": 2200}]
    assert await revenue(course=other.id) == [{**euro, "amount": 500}]
    team = await world.team("10b", learner)
    assert await revenue(team=team.id) == [{**euro, "amount": 1000}]
    top = (await administrator.api.get(f"{BASE}/top-courses?metric=revenue")).json()["courses"]
    assert [one["title"] for one in top] == ["Optics", "Waves"]


async def test_system_health_tells_what_to_do(administrator: Account) -> None:
    found = (await administrator.api.get(f"{BASE}/system-health")).json()
    assert not found["well"]
    assert found["lights"]["database"] == {"ok": True, "says": "", "remedy": ""}
    assert found["lights"]["workers"]["remedy"].startswith("Start a worker")
    assert (found["queue_depth"], found["oldest_job_seconds"], found["last_heartbeat"]) == (0, None, None)
    assert found["disk"]["total"] > 0
    assert found["active_sessions"] >= 1
    assert {"uptime_seconds", "version", "store_free", "workers", "queues"} <= found.keys()


async def test_day_is_computed_again(administrator: Account, course: Course, held_clock: HeldClock) -> None:
    early = await administrator.api.post(f"{BASE}/aggregate/{TODAY}")
    assert early.status_code == 400
    assert "Write a day that is over" in early.text
    held_clock.advance(days=1)
    first = (await administrator.api.post(f"{BASE}/aggregate/{TODAY}")).json()
    assert (first["sealed"], first["figures"]["lessons_completed"]) == (False, 1)
    assert first["message"] == "The day was computed again from its facts."
    assert (await administrator.api.post(f"{BASE}/aggregate/{TODAY}")).json() == first
    found = (await administrator.api.get(BASE)).json()
    assert found["lessons_completed"]["value"] == 1
    for wrong in ("2026-13-01", "yesterday", (START + timedelta(days=9)).date().isoformat()):
        assert (await administrator.api.post(f"{BASE}/aggregate/{wrong}")).status_code == 400


async def test_calls_are_in_the_document(administrator: Account) -> None:
    paths = (await administrator.api.get("/api/schema/openapi.json")).json()["paths"]
    wanted = ("", "/user-growth", "/engagement", "/revenue", "/top-courses", "/top-instructors")
    others = ("/system-health", "/dashboard", "/aggregate/{date}")
    assert {BASE + path for path in (*wanted, *others)} <= paths.keys()
