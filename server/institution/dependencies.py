"""Institution's name in the application's state, from where every page reads it."""

import structlog
from litestar import Litestar
from sqlalchemy.exc import DBAPIError

from server.institution import service

log = structlog.get_logger()
STATE_KEY = "institution_name"  # read by `server.core.web.pages`


async def load_name(app: Litestar) -> None:
    """Reload the name: after a change, and on the sign-in page."""
    app.state[STATE_KEY] = (await service.get(app.state["database"])).name


async def load_name_at_startup(app: Litestar) -> None:
    """An unreachable database must not keep the server from starting; its health check reports it."""
    try:
        await load_name(app)
    except (DBAPIError, OSError) as error:
        log.warning("institution name not loaded", error=str(error))
