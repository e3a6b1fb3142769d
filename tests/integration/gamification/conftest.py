"""People and services of changes of rules."""

import pytest

from server.accounts.identity import Viewer
from server.services import Services
from server.settings import Settings
from storage.database.engine import Database
from storage.objects.store import ObjectStore
from storage.states import Role
from tests.fixtures.web import RecordedQueue
from tests.world.builder import World


@pytest.fixture
def services(
    settings: Settings, database: Database, folder_store: ObjectStore, recorded_queue: RecordedQueue
) -> Services:
    return Services(settings, database, folder_store, recorded_queue)


@pytest.fixture
async def admin(world: World) -> Viewer:
    person = await world.person("Grace", role=Role.ADMINISTRATOR)
    return Viewer(id=person.id, email=person.email, name=person.name, role=Role.ADMINISTRATOR)
