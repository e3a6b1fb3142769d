"""Fixtures live by subject in tests/fixtures."""

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
    "tests.fixtures.uploads",
    "tests.fixtures.browser",
    "tests.fixtures.product",
]
