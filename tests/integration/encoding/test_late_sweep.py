"""Sweeps that come late, because the database took no writes or the clock went ahead: no job pays for it."""

from datetime import timedelta

import pytest

from server.encoding.tasks import LATE, sweep_jobs
from server.services import Services
from server.settings import Settings
from storage.database.engine import Database
from storage.objects.store import ObjectStore
from tests.fixtures.database import on_both_databases
from tests.fixtures.web import RecordedQueue
from tests.integration.transcoder.jobs.lifecycle import prepared
from tests.world.clock import START
from transcoder.jobs import claiming, leases
from transcoder.jobs.queue import TRANSCODE
from transcoder.jobs.timing import Timing

pytestmark = on_both_databases

SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=Timing().lease)


class EmptyQueue(RecordedQueue):
    def length(self, queue_name: str) -> int:
        return 0


@pytest.fixture
def services(settings: Settings, database: Database, folder_store: ObjectStore) -> Services:
    return Services(settings, database, folder_store, EmptyQueue())


@pytest.mark.parametrize("alive", [True, False], ids=["alive", "dead"])
async def test_lease_that_could_not_be_renewed_is_extended_once(
    services: Services, database: Database, alive: bool
) -> None:
    await prepared(database, seconds=12)
    held = await claiming.claim_next(database, TRANSCODE, "a/1", START, Timing())
    assert held
    back = START + timedelta(seconds=80)  # of a full disk
    await sweep_jobs(services, START, back)
    assert await leases.is_owned(database, held)
    if alive:
        await leases.renew(database, held, back + 5 * SECOND, Timing())
    later = back + LEASE + SECOND
    await sweep_jobs(services, later - LATE, later)
    assert await leases.is_owned(database, held) is alive
