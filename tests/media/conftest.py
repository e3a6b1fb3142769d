"""Order of the media tests."""

import pytest

LONGEST = "seventy_minutes"  # half of the stage: the other process of the test run takes the rest meanwhile


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONGEST not in item.name)
