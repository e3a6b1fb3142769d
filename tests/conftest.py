"""Fixtures live by subject in tests/fixtures."""

import pytest
from hypothesis import settings

# How long an example takes says more of the machine than of the code.
settings.register_profile("calm", deadline=None)
settings.load_profile("calm")

pytest_plugins = [
    "tests.fixtures.postgres",
    "tests.fixtures.database",
    "tests.fixtures.objects",
    "tests.fixtures.relay",
    "tests.fixtures.lessons",
    "tests.fixtures.queue",
    "tests.fixtures.workers",
    "tests.fixtures.clips",
    "tests.fixtures.media",
    "tests.fixtures.canary",
    "tests.fixtures.web",
    "tests.fixtures.worker_context",
    "tests.fixtures.academy",
    "tests.fixtures.uploads",
    "tests.fixtures.desk",
    "tests.fixtures.browser",
    "tests.fixtures.product",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", metavar="FOLDER", help="keep the pictures of the pages there")
