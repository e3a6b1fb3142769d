"""Who may read /metrics."""

from dataclasses import replace

from server.settings import Settings
from storage.database.engine import Database
from storage.objects.store import ObjectStore
from tests.fixtures.web import Account, HeldClock, RecordedQueue, client_of


async def test_local_programs_need_a_token_where_there_may_be_a_proxy(
    settings: Settings,
    database: Database,
    folder_store: ObjectStore,
    recorded_queue: RecordedQueue,
    held_clock: HeldClock,
    administrator: Account,
    learner: Account,
) -> None:
    """nginx on the same machine is a local program, too, whatever headers it was told to send."""
    public = replace(settings, base_url="https://media.example.edu")
    async with client_of(public, database, folder_store, recorded_queue, held_clock) as client:
        assert (await client.get("/metrics")).status_code == 403
        for account, status in ((learner, 403), (administrator, 200)):
            bearer = {"Authorization": f"Bearer {account.token}"}
            assert (await client.get("/metrics", headers=bearer)).status_code == status
    async with client_of(settings, database, folder_store, recorded_queue, held_clock) as client:
        assert (await client.get("/metrics")).status_code == 200
        for header in ("X-Forwarded-For", "X-Real-IP", "Via", "Forwarded"):
            assert (await client.get("/metrics", headers={header: "203.0.113.9"})).status_code == 403
