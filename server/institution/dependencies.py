"""The institution's name in the application's state, where every page finds it."""

import structlog
from litestar import Litestar
from sqlalchemy.exc import DBAPIError

from server.institution import service

log = structlog.get_logger()
STATE_KEY = "institution_name"  # read by `server.core.web.pages`


async def load_name(app: Litestar) -> None:
    """Read the name again: after a change, and where people sign in."""
    app.state[STATE_KEY] = (await service.get(app.state["database"])).name


async def load_name_at_startup(app: Litestar) -> None:
    """An unreachable database must not keep the server from starting: its health check tells of it."""
    try:
        await load_name(app)
    except (DBAPIError, OSError) as error:
        log.warning("institution's name could not be read", error=str(error))
