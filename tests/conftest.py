"""Pytest plug-ins and options. Fixtures are in tests/fixtures, one module per subject."""

import gc

import pytest
from hypothesis import settings

from server.cli import COLLECT_AFTER
from tools import bundle

gc.set_threshold(*COLLECT_AFTER)  # here, since most modules are still to be imported

# The duration of an example depends on the machine, not on the code.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")

pytest_plugins = [
    "tests.fixtures.postgres",
    "tests.fixtures.database",
    "tests.fixtures.copies",
    "tests.fixtures.objects",
    "tests.fixtures.relay",
    "tests.fixtures.queue",
    "tests.fixtures.workers",
    "tests.fixtures.clips",
    "tests.fixtures.media",
    "tests.fixtures.canary",
    "tests.fixtures.web",
    "tests.fixtures.smtp",
    "tests.world.fixtures",
    "tests.fixtures.worker_context",
    "tests.fixtures.server_process",
    "tests.fixtures.hosts",
    "tests.fixtures.desk",
    "tests.fixtures.browser",
    "tests.fixtures.product",
]


def pytest_configure(config: pytest.Config) -> None:
    """Bundles scripts and styles again if a source has changed; once, before the parallel processes start."""
    if not hasattr(config, "workerinput") and bundle.is_stale():
        bundle.bundle()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """Leave the modules alone: looking for garbage in them took a tenth of the time of database tests."""
    gc.collect()
    gc.freeze()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", metavar="FOLDER", help="save page screenshots in this folder")
