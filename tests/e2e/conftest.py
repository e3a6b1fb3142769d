"""`--screenshots docs/screenshots` renews the pictures in the documentation (`make screenshots`)."""

from pathlib import Path

import pytest

from tests.e2e.shots import Shots


@pytest.fixture
def shots(pytestconfig: pytest.Config, tmp_path: Path) -> Shots:
    kept: str | None = pytestconfig.getoption("--screenshots")
    return Shots(Path(kept) if kept else tmp_path / "screenshots")
