"""What the handlers here are given besides what every handler may have."""

from litestar.datastructures import State
from litestar.di import Provide

from server.operations.health import Health
from server.services import Services


async def services(state: State) -> Services:
    return Services(state["settings"], state["database"], state["store"], state["queue"])


async def health(state: State, services: Services) -> Health:
    """One for the process: it remembers what it found a moment ago."""
    if "health" not in state:
        state["health"] = Health(services)
    kept: Health = state["health"]
    return kept


DEPENDENCIES = {"services": Provide(services), "health": Provide(health)}
