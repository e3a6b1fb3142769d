"""HTML pages of courses, mounted by `server.app`."""

from litestar.types import ControllerRouterHandler

from server.library.pages import course, lessons, people, teach

ROUTES: list[ControllerRouterHandler] = [
    *teach.ROUTES,
    *course.ROUTES,
    *lessons.ROUTES,
    *people.ROUTES,
]
