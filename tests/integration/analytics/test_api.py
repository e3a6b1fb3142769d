"""The administrators' API: its fields, live figures, health, and a day that is computed again."""

from collections.abc import Iterator

import pytest
from litestar.testing import TestClient
