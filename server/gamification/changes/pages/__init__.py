"""Pages of administrators: XP values, achievements, calendar, and what a change of them would do."""

from litestar.types import ControllerRouterHandler

from server.gamification.changes.pages import achievements, calendar, change, values

ROUTES: list[ControllerRouterHandler] = [
    *values.ROUTES,
    *achievements.ROUTES,
    *calendar.ROUTES,
    *change.ROUTES,
]
